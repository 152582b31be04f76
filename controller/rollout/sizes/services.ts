/** Which pods the Services of a canary select (docs/behaviour/traffic.md#which-services). */
import { HASH_LABEL, MANAGED_BY } from "../../../schema/labels.ts";
import { isAborted, roles, statusOf, switchService, type Pass } from "../actions/pass.ts";
import { isCompleted } from "../model/rolloutConditions.ts";
import { canaryOf, desiredReplicas, isStablePing, trafficRoutingOf } from "../model/defaults.ts";
import type { ReplicaSetFacts, ServiceFacts } from "../model/model.ts";
import { byRevisionDescending, hashOf, isFullyAvailable, lastingPods } from "../model/replicaSets.ts";
import { isBasicCanary, isStableUnknown, podsToReplace, servicesOfUsers } from "../model/served.ts";
import { canarySizes } from "./canarySizes.ts";
import { canaryThresholdMet } from "./replicas.ts";
import { canTakeOver, hashLeftBehind, wantedTraffic } from "./weights.ts";

/**
 * Of a ping-pong's Services, one is stable's. The other selects the new ReplicaSet from the start, or, while the
 * routers still send it traffic for an earlier canary, once that traffic has moved away.
 */
export function pointPingPong(p: Pass): void {
  const { rollout } = p.world;
  const { pingService, pongService } = canaryOf(rollout)?.pingPong ?? {};
  const [stable, canary] = isStablePing(rollout) ? [pingService, pongService] : [pongService, pingService];
  pointService(p, stable, roles(p).stableRS, false);
  if (isCompleted(statusOf(p)) || !canTakeOver(rollout, roles(p))) return;
  pointService(p, canary, roles(p).newRS, true);
}

/** Points the stable and the canary Service at their ReplicaSets. */
export function pointServices(p: Pass): void {
  const canary = canaryOf(p.world.rollout);
  const { newRS, stableRS } = roles(p);
  pointService(p, canary?.stableService, withPods(p, canary?.stableService, stableRS, newRS), false);
  if (isAborted(p)) return pointAborted(p, canary?.canaryService);
  // The Service stays where it is until stable has grown enough to take its traffic back.
  if (hashLeftBehind(p.world.rollout, roles(p)) !== undefined) return;
  if (!canTakeOver(p.world.rollout, roles(p))) return;
  pointService(p, canary?.canaryService, withPods(p, canary?.canaryService, newRS, stableRS), false);
}

/**
 * The ReplicaSet that a Service is meant for, or, where that is about to have no pods or has none, the other of new and
 * stable (docs/behaviour/traffic.md#no-service-is-emptied).
 */
function withPods(
  p: Pass,
  name: string | undefined,
  own: ReplicaSetFacts | undefined,
  other: ReplicaSetFacts | undefined,
): ReplicaSetFacts | undefined {
  const { rollout } = p.world;
  if (own === undefined || other === undefined || own.name === other.name || lastingPods(other) === 0) return own;
  // While a user pauses the Rollout, sizes stay as they are.
  if (desiredReplicas(rollout) === 0 || rollout.spec.paused === true) return own;
  if (!servicesOfUsers(rollout).includes(name ?? "")) return own;
  const { canary, stable } = canarySizes(p, statusOf(p).canary?.weights);
  return (own.name === roles(p).newRS?.name ? canary : stable) === 0 ? other : own;
}

/**
 * The canary Service of an aborted update selects stable: at once where stable kept its pods, with dynamicStableScale
 * as soon as the canary no longer gets traffic. Without routers under `trafficRouting` it stays, as in the reference.
 */
function pointAborted(p: Pass, name: string | undefined): void {
  const { rollout } = p.world;
  const { newRS, stableRS } = roles(p);
  if (trafficRoutingOf(rollout) === undefined) return pointService(p, name, stableRS, false);
  const left = wantedTraffic(rollout, roles(p), true, p.steps).canaryWeight > 0;
  if (p.snapshot.routing === undefined || left) return pointService(p, name, newRS, false);
  pointService(p, name, stableRS, true);
}

/**
 * A Service moves only to a ReplicaSet that can serve: with a pod available, on adoption with all of them. `atOnce`:
 * even to one that has no pods yet.
 */
function pointService(p: Pass, name: string | undefined, rs: ReplicaSetFacts | undefined, atOnce: boolean): void {
  const service = p.world.services.get(name ?? "");
  if (service === undefined || rs === undefined || service.selector[HASH_LABEL] === hashOf(rs)) return;
  const target = mayMove(p, service, rs, atOnce) ? rs : instead(p, service, rs);
  if (target !== undefined) switchService(p, service, hashOf(target));
}

function mayMove(p: Pass, service: ServiceFacts, rs: ReplicaSetFacts, atOnce: boolean): boolean {
  if (!takesOver(p, service, rs)) return false;
  if (atOnce) return true;
  if (service.annotations[MANAGED_BY] === undefined && !isFullyAvailable(rs)) return false;
  return rs.status.availableReplicas > 0;
}

/**
 * While no stable version is known, users reach old pods that may be all there are: they are left for a ReplicaSet that
 * has all the pods that the Rollout needs, or where pods split the traffic and make room for each other, as many
 * (docs/behaviour/traffic.md#no-stable-version-is-known).
 */
function takesOver(p: Pass, service: ServiceFacts, rs: ReplicaSetFacts): boolean {
  const { rollout } = p.world;
  if (!isStableUnknown(rollout, roles(p))) return true;
  const wanted = desiredReplicas(rollout);
  const old = podsToReplace(p.world, service, rs);
  if (old === 0 || canaryThresholdMet(rollout, rs, wanted)) return true;
  return lastingPods(rs) >= (isBasicCanary(rollout) ? Math.min(old, wanted) : wanted);
}

/**
 * Where a Service of a basic canary leads while its own ReplicaSet, `rs`, cannot serve, if those pods that it selects
 * are gone or belong to a version that is being removed.
 */
function instead(p: Pass, service: ServiceFacts, rs: ReplicaSetFacts): ReplicaSetFacts | undefined {
  const { rollout, replicaSets } = p.world;
  const hash = service.selector[HASH_LABEL];
  if (hash === undefined || !isBasicCanary(rollout) || desiredReplicas(rollout) === 0) return undefined;
  const { newRS, stableRS, others } = roles(p);
  const selected = replicaSets.find((set) => hashOf(set) === hash);
  const stays = selected?.name === newRS?.name || selected?.name === stableRS?.name;
  if (selected !== undefined && stays && selected.replicas > 0) return undefined;
  // Old ones are removed from the highest revision down.
  const candidates = [stableRS, newRS, ...others.toSorted(byRevisionDescending).toReversed()];
  const found = candidates.find((set) => set !== undefined && set.name !== rs.name && lastingPods(set) > 0);
  return found?.name === selected?.name ? undefined : found;
}
