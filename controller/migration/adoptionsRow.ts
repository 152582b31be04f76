/**
 * Takeovers in mode adopt as a row (docs/migration.md#mode-adopt). Keys are "namespace/name" of the Deployment and of its
 * Rollout: those that are held are watched, so a takeover goes on when its Deployment is gone.
 */
import { INSTANCE_LABEL, ADOPTING } from "../../schema/labels.ts";
import { ROLLOUTS } from "../../kube/client/resources.ts";
import { createStore, keyOf } from "../../kube/runtime/cache.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import { type ControllerRow, keysIn, type Source, watch } from "../../kube/runtime/runController.ts";
import type { ObjectMeta } from "../../schema/kube.ts";
import type { AdoptionAction } from "./actions/adoption.ts";
import { carryOutAdoption, readAdoption } from "./adoptions.ts";
import { CANARY } from "./convert/profile.ts";
import { type AdoptionFacts, decideAdoption } from "./decide/adopt.ts";
import type { DeploymentFacts } from "./facts/caches.ts";
import { isOffLimits, profileFor, watchOptIn, wishOf } from "./facts/optIn.ts";
import type { MigrationPorts } from "./migrationsRow.ts";

interface Held {
  readonly metadata: ObjectMeta;
}

const SOON_MS = 1_000;
/** A held Rollout may wait for what is not watched: that ReplicaSets are let go of. */
const LATER_MS = 10_000;
/** No write is sent when the Lease may end before its answer. */
const TIMEOUT_MS = 5_000;

type Row = ControllerRow<AdoptionFacts, readonly AdoptionAction[]>;

export function adoptionsRow(ports: MigrationPorts, instance: string): Row {
  const { migrating, client, stores, validForMs } = ports;
  const held = createStore<Held, never, Held>({ transform: ({ metadata }) => ({ metadata }), indices: {} });
  const rollouts: Source<Held, Held> = {
    cache: held,
    resource: ROLLOUTS,
    labelSelector: `${INSTANCE_LABEL}=${ADOPTING}`,
  };
  return {
    kind: "Adoptions",
    noun: "takeover of Deployment",
    watches: [watch(rollouts, (queue, old, next) => queue.add(keyOf((next ?? old) as Held))), ...watchOptIn(ports)],
    keys: () => [...keysIn(migrating.deployments), ...keysIn(held)],
    async gather(key) {
      const [namespace = "", name = ""] = key.split("/");
      const deployment = migrating.deployments.get(key);
      const asks = asksFor(ports, namespace, deployment);
      if (!asks && held.get(key) === undefined) return undefined;
      const profile = profileFor(ports, namespace, deployment);
      // A profile that cannot be used begins nothing; what has begun does not need it any more.
      const usable = "problem" in profile ? { asks: false, profile: CANARY } : { asks, profile };
      return readAdoption(client, { namespace, name }, { ...usable, instance });
    },
    decide: decideAdoption,
    async apply({ key, decision }, queue) {
      if (decision.length === 0) {
        if (held.get(key) !== undefined) queue.addAfter(key, LATER_MS);
        return;
      }
      if (validForMs() <= TIMEOUT_MS)
        throw new NotLeaderError(`Not sent: taking over Deployment "${key}", because the leader Lease may run out`);
      await carryOutAdoption(client, decision, (replicaSet) => stores.replicaSets.upsert(replicaSet));
      queue.addAfter(key, SOON_MS);
    },
  };
}

const asksFor = (ports: MigrationPorts, namespace: string, deployment: DeploymentFacts | undefined): boolean =>
  deployment !== undefined && !isOffLimits(ports, namespace) && wishOf(ports, deployment)?.mode === "adopt";
