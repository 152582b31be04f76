/**
 * What the reference's controller leaves behind in the middle of an update: recorded on a cluster, played on another.
 */
import { join } from "node:path";
import type { KubeObject, ObjectMeta } from "./api.ts";
import { name } from "./halfway.ts";
import type { ReplicaSetView, RolloutView, Scene, ServiceView } from "./rolloutView.ts";
import type { World } from "./clusterWorld.ts";

/**
 * One Rollout of halfway.ts with the objects that belong to it. Its ReplicaSets are in the order of their revisions.
 */
export interface Left {
  readonly title: string;
  /** When it was recorded (RFC 3339); the times in the objects are relative to it. */
  readonly recordedAt: string;
  readonly rollout: RolloutView;
  readonly replicaSets: readonly ReplicaSetView[];
  readonly services: readonly ServiceView[];
}

const path = join(import.meta.dir, "../golden/leftHalfway.jsonl");

export const readLeft = async (): Promise<readonly Left[]> =>
  (await Bun.file(path).text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Left);

export async function writeLeft(left: readonly Left[]): Promise<void> {
  await Bun.write(path, left.map((each) => `${JSON.stringify(each)}\n`).join(""));
}

/** Keeps only what a controller depends on, with uids named by role, so that a new recording has a small diff. */
const slimMetadata = ({ name, generation, creationTimestamp, labels, annotations, ownerReferences }: ObjectMeta) => {
  const owners = ownerReferences?.map((owner) => ({ ...owner, uid: `uid-of-${owner.name}` }));
  return {
    name,
    namespace: "default",
    uid: `uid-of-${name}`,
    generation,
    creationTimestamp,
    labels,
    annotations,
    ownerReferences: owners,
  } as ObjectMeta;
};

/** @param at when the scene was read */
export function slim(title: string, { rollout, replicaSets, services }: Scene, at: Date): Left {
  const slimmed = <T extends KubeObject>(object: T): T => ({ ...object, metadata: slimMetadata(object.metadata) });
  const left: Left = {
    title,
    recordedAt: at.toISOString(),
    rollout: slimmed(rollout),
    replicaSets: replicaSets.map(slimmed),
    services: services.map((each) => ({ ...slimmed(each), spec: portsAndSelector(each), status: undefined })),
  };
  // Leaves out undefined members.
  return JSON.parse(JSON.stringify(left)) as Left;
}

function portsAndSelector({ spec }: ServiceView): ServiceView["spec"] {
  const { ports, selector } = spec as { ports?: unknown; selector?: Readonly<Record<string, string>> };
  return { ports, ...(selector === undefined ? {} : { selector }) } as ServiceView["spec"];
}

/** As if it had been recorded just now: all times are moved by the same whole seconds. */
export function asOf(left: Left, now: number): Left {
  const byMs = Math.round((now - Date.parse(left.recordedAt)) / 1000) * 1000;
  const moved = JSON.stringify(left).replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) =>
    new Date(Date.parse(time) + byMs).toISOString().replace(/\.\d+Z$/, "Z"),
  );
  return JSON.parse(moved) as Left;
}

/** Creates it in a namespace and waits until its pods are as recorded. No Rollout controller may run meanwhile. */
export async function load(world: World, recorded: Left): Promise<void> {
  const { harness, namespace } = world;
  const left = asOf(recorded, Date.now());
  const rollouts = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  const fresh = ({ metadata: { name, labels, annotations } }: KubeObject) => ({ name, labels, annotations });
  for (const service of left.services) {
    const object = { ...service, apiVersion: "v1", kind: "Service", metadata: fresh(service) as ObjectMeta };
    await world.create(object);
  }
  const { status, ...rollout } = left.rollout;
  const made = await harness.api.create<RolloutView>(rollouts, { ...rollout, metadata: fresh(rollout) });
  const { uid = "", generation = 1 } = made.metadata;
  const wasObserved = status?.observedGeneration === String(rollout.metadata.generation);
  const observedGeneration = wasObserved ? String(generation) : "0";
  await harness.api.request("PUT", `${rollouts}/${name}/status`, {
    body: { ...made, status: { ...status, observedGeneration } },
  });
  for (const { status: _, ...set } of left.replicaSets) {
    const ownerReferences = set.metadata.ownerReferences?.map((owner) => ({ ...owner, uid }));
    await world.create({
      ...set,
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { ...fresh(set), ...(ownerReferences === undefined ? {} : { ownerReferences }) } as ObjectMeta,
    });
  }
  const sizes = (sets: readonly ReplicaSetView[]): string =>
    sets.map(({ status }) => `${status.replicas ?? 0}/${status.availableReplicas ?? 0}`).join(" ");
  await world.settle(
    name,
    "its pods are there",
    (_, { replicaSets }) => sizes(replicaSets) === sizes(left.replicaSets),
  );
}
