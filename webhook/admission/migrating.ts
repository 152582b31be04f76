/** The mutating webhook on the controller's caches: no review costs a request. */
import type { Clock } from "../../kube/clock/clock.ts";
import { pause } from "../../kube/clock/sleep.ts";
import type { Stores } from "../../controller/rollout/facts/stores.ts";
import { MIGRATED } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Migrations, NamespaceMode } from "../migration/migrations.ts";
import { reviewMigration } from "../migration/reviewMigration.ts";
import type { Answer, Review } from "../review/review.ts";
import type { DeploymentIndex } from "./deploymentIndex.ts";

export interface MigratingPorts {
  readonly stores: Pick<Stores, "rollouts">;
  readonly deployments: DeploymentIndex;
  /** The controller's own namespace. */
  readonly namespace: string;
  /** As ownUser.ts. */
  readonly user: () => string | undefined;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The API server gives up after a second. */
const LONGEST_WAIT_MS = 500;

/** Only the first reviews of a process wait, for the index of Deployments. */
export function migrating(ports: MigratingPorts): (review: Review, mode?: NamespaceMode) => Promise<Answer> {
  const { stores, deployments, namespace, user, instanceId, clock, signal } = ports;
  const migrations: Migrations = {
    rolloutOf: deployments.rolloutOf,
    originOf(space, name) {
      const rollout = stores.rollouts.get(`${space}/${name}`);
      return rollout === undefined || rollout.metadata.deletionTimestamp !== undefined ? undefined : originOf(rollout);
    },
  };
  return async (review, mode) => {
    // A review of a Deployment brings with it what the index would say.
    const waits = review.kind === "Deployment" ? undefined : deployments.soon();
    if (waits !== undefined) await Promise.race([waits, pause(clock, LONGEST_WAIT_MS, signal)]);
    return reviewMigration(review, migrations, { namespace, user: user(), instanceId }, mode);
  };
}

function originOf({ metadata }: Rollout): "reference" | "adopt" | "own" {
  const origin = metadata.annotations?.[MIGRATED];
  return origin === "reference" || origin === "adopt" ? origin : "own";
}
