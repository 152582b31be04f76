/** A canary in the simulator's API server, for tests of what is shown of it. */
import type { ManualClock } from "../../kube/clock/clock.ts";
import type { ApiObject, Draft } from "../../simulator/model/model.ts";
import { type TestApi, testApi } from "../../test/apiServer.ts";
import { type TestPorts, testPorts } from "../testing.ts";
import type { CliPorts } from "../ports.ts";

const HASH = "rollouts-pod-template-hash";

export interface Shop {
  readonly api: TestApi;
  readonly clock: ManualClock;
  /** Ports on a cluster that people work in at namespace `shop`. */
  readonly ports: (more?: Partial<CliPorts>) => TestPorts;
  readonly make: (resource: string, draft: Draft, status?: object) => ApiObject;
  /** Of a Rollout. */
  readonly setStatus: (name: string, status: object) => void;
  /** Makes a Rollout in the middle of its canary, with a pod of each revision. */
  readonly canary: (name: string, metadata?: { readonly namespace?: string; readonly labels?: object }) => ApiObject;
}

export const PAUSED = {
  phase: "Paused",
  message: "CanaryPauseStep",
  currentPodHash: "new",
  stableRS: "old",
  currentStepIndex: 1,
  replicas: 2,
  updatedReplicas: 1,
  readyReplicas: 2,
  availableReplicas: 2,
};

const owners = ({ kind, apiVersion, metadata }: ApiObject) => [
  { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true },
];

export function shop(): Shop {
  const api = testApi({ namespaces: ["shop", "other"], installed: true });
  const { core, clock, client } = api;
  const setStatusOf = (resource: string, object: ApiObject, status: object): void => {
    const { namespace, name } = object.metadata;
    core.modify({ resource, namespace, name }, (before) => ({ ...before, status: { ...status } }), {
      subresource: "status",
    });
  };
  const make: Shop["make"] = (resource, draft, status) => {
    const made = core.create(resource, { ...draft, metadata: { namespace: "shop", ...draft.metadata } });
    if (status !== undefined) setStatusOf(resource, made, status);
    return made;
  };
  const revision = (of: ApiObject, hash: string, n: number): void => {
    const { namespace = "" } = of.metadata;
    const labels = { app: of.metadata.name, [HASH]: hash };
    const containers = [{ name: "c", image: `reg/${of.metadata.name}:${n}` }];
    const template = { metadata: { labels }, spec: { containers } };
    const annotations = { "rollout.argoproj.io/revision": String(n) };
    const name = `${of.metadata.name}-${hash}`;
    const rs = make(
      "replicasets.apps",
      {
        metadata: { name, namespace, labels, annotations, ownerReferences: owners(of) },
        spec: { replicas: 1, selector: { matchLabels: labels }, template },
      },
      { replicas: 1, availableReplicas: 1, observedGeneration: 1 },
    );
    make(
      "pods",
      { metadata: { name: `${name}-x`, namespace, labels, ownerReferences: owners(rs) }, spec: { containers } },
      {
        phase: "Running",
        containerStatuses: [
          { name: "c", image: "i", imageID: "", ready: true, restartCount: 0, state: { running: {} } },
        ],
      },
    );
  };
  return {
    api,
    clock,
    make,
    ports: (more) =>
      testPorts({ clock, connect: async ({ namespace = "shop" }) => ({ client, namespace, source: "test" }), ...more }),
    setStatus: (name, status) =>
      void core.modify(
        { resource: "rollouts.argoproj.io", namespace: "shop", name },
        (before) => ({ ...before, status }),
        { subresource: "status" },
      ),
    canary(name, metadata = {}) {
      const labels = { app: name };
      const made = make(
        "rollouts.argoproj.io",
        {
          metadata: { name, ...metadata },
          spec: {
            replicas: 2,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: "c", image: `reg/${name}:2` }] } },
            strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } },
          },
        } as Draft,
        PAUSED,
      );
      revision(made, "old", 1);
      revision(made, "new", 2);
      return made;
    },
  };
}
