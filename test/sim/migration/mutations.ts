/** Migrations broken on purpose, each by a wrapper: proof that the judge notices it. */
import { objectPath } from "../../../kube/client/path.ts";
import { DEPLOYMENTS } from "../../../kube/client/resources.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import { isObject, type Json } from "../../../kube/object/json.ts";
import { objectAt } from "../../../controller/migration/convert/objects.ts";
import { INSTANCE_LABEL, MANAGED_BY_ROLLOUT, REPLICAS_CARRIED, RESTORE_WORKLOAD } from "../../../schema/labels.ts";
import type { Notice } from "../play/notice.ts";
import { type Breakage, sound } from "../world/process.ts";
import { playMigration } from "./seed.ts";

interface Mutation {
  readonly name: string;
  readonly breakage: Breakage;
}

type Change = (request: KubeRequest & { readonly body: Json }) => KubeRequest | undefined;

/** `change` undefined: it is not sent, and answered as if it had been. */
const writing = (name: string, method: string, plural: string, change: Change): Mutation => ({
  name,
  breakage: {
    ...sound,
    client: (real: KubeClient) => ({
      ...real,
      async request<T>(request: KubeRequest) {
        const { body } = request;
        const isMeant = request.method === method && request.path.includes(`/${plural}`);
        const changed = isMeant && isObject(body) ? change({ ...request, body }) : request;
        return changed === undefined
          ? real.request<T>({ method: "GET", path: request.path })
          : real.request<T>(changed);
      },
    }),
  },
});

/** Another request follows at once, whatever comes of it. */
const also = (
  name: string,
  method: string,
  plural: string,
  next: (request: KubeRequest & { readonly body: Json }) => KubeRequest,
): Mutation => ({
  name,
  breakage: {
    ...sound,
    client: (real) => ({
      ...real,
      async request<T>(request: KubeRequest) {
        const answer = await real.request<T>(request);
        const { body } = request;
        const isMeant = request.method === method && request.path.includes(`/${plural}`);
        if (isMeant && isObject(body)) await real.request(next({ ...request, body })).catch(() => {});
        return answer;
      },
    }),
  },
});

const MERGE = "application/merge-patch+json";

const without = (object: Json, ...keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

const withMetadata = ({ body }: { readonly body: Json }, change: (metadata: Json) => Json): Json => ({
  ...body,
  metadata: change(objectAt(body, "metadata")),
});

const marks = (body: Json, mark: string): boolean => mark in objectAt(body, "metadata", "annotations");

const mutations: readonly Mutation[] = [
  also("the Deployment goes down when its Rollout is made", "POST", "rollouts", (request) => ({
    method: "PATCH",
    path: objectPath(DEPLOYMENTS, { namespace: "default", name: "web" }),
    contentType: MERGE,
    body: "workloadRef" in objectAt(request.body, "spec") ? { spec: { replicas: 0 } } : {},
  })),
  writing("the Deployment is deleted with its pods", "DELETE", "deployments/", (request) => ({
    ...request,
    body: { ...request.body, propagationPolicy: "Background" },
  })),
  writing("the Rollout that adopts is not held", "POST", "rollouts", (request) => ({
    ...request,
    body: withMetadata(request, (metadata) => ({
      ...metadata,
      labels: without(objectAt(metadata, "labels"), INSTANCE_LABEL),
    })),
  })),
  writing("the Rollout that migrated has no finalizer", "POST", "rollouts", (request) => ({
    ...request,
    body: withMetadata(request, (metadata) => ({
      ...without(metadata, "finalizers"),
      annotations: without(objectAt(metadata, "annotations"), RESTORE_WORKLOAD),
    })),
  })),
  writing("the size that the owner wants is noted, and not carried", "PATCH", "rollouts/", (request) =>
    marks(request.body, REPLICAS_CARRIED) ? { ...request, body: without(request.body, "spec") } : request,
  ),
  writing("a ReplicaSet is labelled, and stays without an owner", "PATCH", "replicasets/", (request) => ({
    ...request,
    body: withMetadata(request, (metadata) => without(metadata, "ownerReferences")),
  })),
  writing("pods are not labelled", "PATCH", "pods/", () => undefined),
  writing("the Deployment stays stamped", "PATCH", "deployments/", (request) =>
    objectAt(request.body, "metadata", "annotations")[MANAGED_BY_ROLLOUT] === null ? undefined : request,
  ),
  also("the Rollout goes before the Deployment has its pods", "DELETE", "rollouts/", ({ path }) => ({
    method: "PATCH",
    path,
    contentType: MERGE,
    body: { metadata: { finalizers: [] } },
  })),
];

/** A share of the broken rules, `seeds` at most for each. */
export function playMigrationMutations(
  share: number,
  of: number,
  seeds: number,
  report: (notice: Notice) => void,
): void {
  for (const [index, { name, breakage }] of mutations.entries()) {
    if (index % of !== share) continue;
    const noticed = { name };
    for (let seed = 1; seed <= seeds; seed += 1) {
      const { violation } = playMigration(seed, { breakage });
      if (violation === undefined) continue;
      Object.assign(noticed, { seed, ...violation });
      break;
    }
    report(noticed);
  }
}
