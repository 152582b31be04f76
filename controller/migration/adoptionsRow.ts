/**
 * Takeovers in mode adopt as a row (docs/migration.md#mode-adopt). Keys are "namespace/name" of the Deployment and of its
 * Rollout: those that are held are watched, so a takeover goes on when its Deployment is gone.
 */
import { INSTANCE_LABEL, ADOPTING, MIGRATE, PROFILE } from "../../schema/labels.ts";
import { NAMESPACES, DEPLOYMENTS, ROLLOUTS } from "../../kube/client/resources.ts";
import { createStore, keyOf } from "../../kube/runtime/cache.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import { type ControllerRow, keysIn, type Source, watch } from "../../kube/runtime/runController.ts";
import type { ObjectMeta } from "../../schema/kube.ts";
import type { AdoptionAction } from "./actions/adoption.ts";
import { carryOutAdoption, readAdoption } from "./adoptions.ts";
import { CANARY } from "./convert/profile.ts";
import { type AdoptionFacts, decideAdoption } from "./decide/adopt.ts";
import type { DeploymentFacts, NamespaceFacts, RawDeployment, RawNamespace } from "./facts/caches.ts";
import { isOffLimits, type MigrationPorts } from "./migrationsRow.ts";

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
  const { migrating, client, validForMs } = ports;
  const held = createStore<Held, never, Held>({ transform: ({ metadata }) => ({ metadata }), indices: {} });
  const rollouts: Source<Held, Held> = {
    cache: held,
    resource: ROLLOUTS,
    labelSelector: `${INSTANCE_LABEL}=${ADOPTING}`,
  };
  const deployments: Source<DeploymentFacts, RawDeployment> = { cache: migrating.deployments, resource: DEPLOYMENTS };
  const namespaces: Source<NamespaceFacts, RawNamespace> = { cache: migrating.namespaces, resource: NAMESPACES };
  return {
    kind: "Adoptions",
    noun: "takeover of Deployment",
    watches: [
      watch(rollouts, (queue, old, next) => queue.add(keyOf((next ?? old) as Held))),
      watch(deployments, (queue, old, next) => queue.add(keyOf((next ?? old) as DeploymentFacts))),
      ...(ports.namespace === undefined
        ? [
            watch(namespaces, (queue, old, next) => {
              if (old?.mode === next?.mode) return;
              const name = (next ?? old)?.metadata.name ?? "";
              for (const each of migrating.deployments.by("namespace", name)) queue.add(keyOf(each));
            }),
          ]
        : []),
    ],
    keys: () => [...keysIn(migrating.deployments), ...keysIn(held)],
    async gather(key) {
      const [namespace = "", name = ""] = key.split("/");
      const deployment = migrating.deployments.get(key);
      const asks = asksFor(ports, namespace, deployment);
      if (!asks && held.get(key) === undefined) return undefined;
      const named = deployment?.marks[PROFILE] ?? migrating.namespaces.get(namespace)?.profile;
      const profile = (ports.findProfile ?? builtIn)(namespace, named);
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
      await carryOutAdoption(client, decision);
      queue.addAfter(key, SOON_MS);
    },
  };
}

const builtIn = (_: string, name: string | undefined) =>
  name === undefined || name === CANARY.name ? CANARY : { problem: `there is no profile "${name}"` };

function asksFor(ports: MigrationPorts, namespace: string, deployment: DeploymentFacts | undefined): boolean {
  if (deployment === undefined || isOffLimits(ports, namespace)) return false;
  return (deployment.marks[MIGRATE] ?? ports.migrating.namespaces.get(namespace)?.mode) === "adopt";
}
