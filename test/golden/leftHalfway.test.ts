import { expect, test } from "bun:test";
import { decide } from "../../controller/rollout/decide/decide.ts";
import { createGatherer } from "../../controller/rollout/facts/gather.ts";
import { createStores } from "../../controller/rollout/facts/stores.ts";
import type { ReplicaSet, Service } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { readLeft } from "../cluster/harness/leftHalfway.ts";
import type { RolloutView } from "../cluster/harness/rolloutView.ts";

/**
 * Recorded from the reference's controller (test/cluster/moving.cluster.ts), each at rest in the middle of something.
 */
const left = await readLeft();

/** Versions are not recorded: nothing depends on them. */
const known = (object: { readonly metadata: object }): object => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: "1" },
});

/** The reference shows surge to autoscalers, too; correcting that is the only allowed write (docs/differences.md). */
function withoutSurge(rollout: RolloutView): RolloutView {
  const { spec, status } = rollout;
  const HPAReplicas = Math.min(status?.HPAReplicas ?? 0, spec.replicas ?? 1);
  return { ...rollout, status: { ...status, ...(HPAReplicas === 0 ? {} : { HPAReplicas }) } };
}

test.each(left)(
  "$title: nothing is written when Sluice takes it over",
  ({ recordedAt, rollout, replicaSets, services }) => {
    const stores = createStores();
    stores.rollouts.upsert(known(withoutSurge(rollout)) as Rollout);
    for (const set of replicaSets) stores.replicaSets.upsert(known(set) as ReplicaSet);
    for (const service of services) stores.services.upsert(known(service) as Service);
    const snapshot = createGatherer(stores).gather(`default/${rollout.metadata.name}`);
    if (snapshot === undefined) throw new Error("It is not in the cache");
    const { actions, status, events } = decide(snapshot, Date.parse(recordedAt));
    expect({ actions, status, events }).toEqual({ actions: [], status: undefined, events: [] });
  },
);
