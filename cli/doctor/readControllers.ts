/** Which controllers are installed, which Leases there are, and what the controllers may do. */
import type { ControllerLease, InstalledController, NeededRight } from "../../controller/doctor/facts/facts.ts";
import { mapRead, type Read } from "../../controller/doctor/facts/finding.ts";
import { lockNamed } from "../../schema/locks.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { DEPLOYMENTS, LEASES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Json } from "../../kube/object/json.ts";
import { instant } from "../../kube/object/time.ts";
import { at, items, type Place, root, text, whole } from "../../kube/validation/place.ts";
import { parseControllerOptions } from "../controller/options.ts";
import {
  edgeLeaseRules,
  leaseRules,
  loopRules,
  migrationRules,
  type Rule,
  webhookRoleRules,
  webhookRules,
} from "../controller/rights.ts";
import { inBatches } from "../batches.ts";
import { listAnywhere, tried } from "./reading.ts";

/** A controller with what its rights depend on. */
interface Found extends InstalledController {
  readonly account: string;
  readonly migrates: boolean;
}

const PROGRAMS = { sluice: "Sluice", "argo-rollouts": "Argo Rollouts" } as const;
const NAME = "app.kubernetes.io/name";

export async function readControllers(client: KubeClient, otherwise: string): Promise<Read<readonly Found[]>> {
  const labelSelector = `${NAME} in (${Object.keys(PROGRAMS).join(",")})`;
  const found = await listAnywhere(client, ["Deployment", DEPLOYMENTS], otherwise, { labelSelector });
  return mapRead(found, (deployments) => deployments.flatMap(controllerIn));
}

function controllerIn(deployment: Json): readonly Found[] {
  const place = root(deployment);
  const metadata = at(place, "metadata");
  const program = (PROGRAMS as Readonly<Record<string, InstalledController["program"]>>)[
    text(at(metadata, "labels", NAME))
  ];
  const pod = at(place, "spec", "template", "spec");
  const container = items(at(pod, "containers"))[0];
  if (program === undefined || container === undefined) return [];
  const namespace = text(at(metadata, "namespace"));
  const account = text(at(pod, "serviceAccountName")) || "default";
  return [
    {
      program,
      namespace,
      name: text(at(metadata, "name")),
      account: `system:serviceaccount:${namespace}:${account}`,
      wanted: whole(at(place, "spec", "replicas")) ?? 1,
      ready: whole(at(place, "status", "readyReplicas")) ?? 0,
      ...optionsIn(container, program, namespace),
    },
  ];
}

/** What is the matter with its flags its own log says. */
const UNREADABLE: FromFlags = {
  instanceId: "",
  watches: undefined,
  electsLeader: true,
  servesWebhook: false,
  rewritesDeployments: false,
  migrates: false,
  isEdge: false,
};

type FromFlags = Pick<
  Found,
  "instanceId" | "watches" | "electsLeader" | "servesWebhook" | "rewritesDeployments" | "migrates" | "isEdge"
>;

function optionsIn(container: Place, program: InstalledController["program"], namespace: string): FromFlags {
  const words = ["command", "args"].flatMap((member) => items(at(container, member)).map(text));
  const flags = words.slice(words.findIndex((word) => word.startsWith("-")));
  const parsed = parseControllerOptions(words.some((word) => word.startsWith("-")) ? flags : [], {});
  if (parsed.kind !== "run") return UNREADABLE;
  const { options } = parsed;
  return {
    instanceId: options.instanceId,
    watches: options.namespaced ? (options.namespace ?? namespace) : undefined,
    electsLeader: options.leaderElect,
    isEdge: options.profile === "edge",
    servesWebhook: program === "Sluice" && options.webhook !== undefined,
    rewritesDeployments: program === "Sluice" && options.webhook?.migrates === true,
    migrates: options.migrateDeployments,
  };
}

export async function readLeases(client: KubeClient, otherwise: string): Promise<Read<readonly ControllerLease[]>> {
  return mapRead(await listAnywhere(client, ["Lease", LEASES], otherwise), (leases) => leases.flatMap(leaseIn));
}

function leaseIn(object: Json): readonly ControllerLease[] {
  const place = root(object);
  const name = text(at(place, "metadata", "name"));
  const lock = lockNamed(name);
  if (lock === undefined) return [];
  return [
    {
      namespace: text(at(place, "metadata", "namespace")),
      name,
      ...lock,
      holder: text(at(place, "spec", "holderIdentity")),
      renewedMs: instant(text(at(place, "spec", "renewTime"))),
      durationMs: (whole(at(place, "spec", "leaseDurationSeconds")) ?? 15) * 1_000,
    },
  ];
}

/** Reviews in flight. */
const AT_ONCE = 8;

type Needed = Omit<NeededRight, "isGranted">;

/** Asks for each right of each Sluice; those of Argo Rollouts are its own business. */
export async function readRights(
  client: KubeClient,
  controllers: Read<readonly Found[]>,
): Promise<Read<readonly NeededRight[]>> {
  if (controllers.kind === "unknown") return controllers;
  const needed = controllers.value.filter(({ program }) => program === "Sluice").flatMap(neededBy);
  return tried(inBatches(needed, AT_ONCE, async (right) => ({ ...right, isGranted: await isGranted(client, right) })));
}

function neededBy(controller: Found): readonly Needed[] {
  const { namespace, watches, servesWebhook, migrates, instanceId, isEdge } = controller;
  const of = (rules: readonly Rule[], where: string | undefined): readonly Needed[] =>
    rules.flatMap((rule) => expanded(rule, controller, where));
  return [
    ...of(loopRules(), watches),
    ...of(isEdge ? edgeLeaseRules(instanceId) : leaseRules(instanceId), namespace),
    ...(servesWebhook
      ? [...of(webhookRules(namespace, instanceId), undefined), ...of(webhookRoleRules(instanceId), namespace)]
      : []),
    ...(migrates ? of(migrationRules(watches === undefined ? "cluster" : "namespace", instanceId), watches) : []),
  ];
}

const expanded = (rule: Rule, { namespace, name, account }: Found, where: string | undefined): readonly Needed[] =>
  rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        (rule.resourceNames ?? [undefined]).map((named) => ({
          controller: `${namespace}/${name}`,
          account,
          group,
          resource,
          verb,
          name: named,
          namespace: where,
          why: rule.why,
        })),
      ),
    ),
  );

const REVIEWS = { group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews" };

async function isGranted(client: KubeClient, right: Needed): Promise<boolean> {
  const { account, group, verb, name, namespace } = right;
  const [resource, subresource] = right.resource.split("/");
  const { status } = await client.request<{ readonly status?: { readonly allowed?: boolean } }>({
    method: "POST",
    path: collectionPath(REVIEWS),
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: account,
        groups: ["system:serviceaccounts", `system:serviceaccounts:${account.split(":")[2]}`, "system:authenticated"],
        resourceAttributes: { group, resource, subresource, verb, name, namespace },
      },
    },
  });
  return status?.allowed === true;
}
