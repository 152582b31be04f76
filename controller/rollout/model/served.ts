/**
 * The Services by which users' requests come, and the pods that they reach by them
 * (docs/behaviour/traffic.md#no-service-is-emptied).
 */
import { entrancesOf } from "../../../providers/traffic/routers.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { findCondition } from "./rolloutConditions.ts";
import { blueGreenOf, canaryOf, desiredReplicas, trafficRoutingOf } from "./defaults.ts";
import type { ReplicaSetFacts, ServiceFacts, World } from "./model.ts";
import { hashOf, lastingPods, sum, type Roles } from "./replicaSets.ts";

/** Where pods split the traffic instead of a router. */
export const isBasicCanary = (rollout: Rollout): boolean =>
  canaryOf(rollout) !== undefined && trafficRoutingOf(rollout) === undefined;

/**
 * Names of the Services that must not be emptied. A preview Service shows the new version and nothing else; and how many
 * pods a router's weights need is decided where weights are (sizes/).
 */
export function servicesOfUsers(rollout: Rollout): readonly string[] {
  const blueGreen = blueGreenOf(rollout);
  if (blueGreen !== undefined) return [blueGreen.activeService ?? ""];
  const { stableService = "", canaryService = "" } = canaryOf(rollout) ?? {};
  return isBasicCanary(rollout) ? [stableService, canaryService] : entrancesOf(rollout);
}

/** A Service without a revision in its selector selects the pods of all. */
export function reaches({ selector }: ServiceFacts, rs: ReplicaSetFacts): boolean {
  const hash = selector[HASH_LABEL];
  return hash === undefined || hash === hashOf(rs);
}

/** The ReplicaSet holds the only pods behind this Service. */
function holdsAll(world: World, service: ServiceFacts | undefined, rs: ReplicaSetFacts): boolean {
  if (service === undefined || !reaches(service, rs)) return false;
  return !world.replicaSets.some(
    (other) => other.name !== rs.name && reaches(service, other) && lastingPods(other) > 0,
  );
}

/**
 * Whether the pods of a ReplicaSet have to stay because users would find nobody behind one of these Services. Where pods
 * split the traffic, and no other pod serves, `maxUnavailable` decides.
 */
export function mustStay(world: World, services: World["services"], rs: ReplicaSetFacts): boolean {
  const { rollout, replicaSets } = world;
  if (desiredReplicas(rollout) === 0 || lastingPods(rs) === 0) return false;
  const others = replicaSets.some((other) => other.name !== rs.name && lastingPods(other) > 0);
  if (!others && isBasicCanary(rollout)) return false;
  return servicesOfUsers(rollout).some((name) => holdsAll(world, services.get(name), rs));
}

/**
 * True until a Rollout has been Healthy once: as long as old ReplicaSets are there, nothing tells which of them users
 * were meant to reach. Its status was lost, or it was created again over the pods of one that is gone.
 */
export function isStableUnknown({ status = {} }: Rollout, { newRS, stableRS }: Roles): boolean {
  return findCondition(status.conditions, "Healthy") === undefined && (stableRS === undefined || stableRS === newRS);
}

/**
 * Pods of all ReplicaSets but one, if this Service leads to any of them: each may get a part of the requests that the
 * one would get alone.
 */
export function podsToReplace({ replicaSets }: World, service: ServiceFacts, by: ReplicaSetFacts): number {
  const others = replicaSets.filter((rs) => rs.name !== by.name && lastingPods(rs) > 0);
  return others.some((rs) => reaches(service, rs)) ? sum(others, lastingPods) : 0;
}
