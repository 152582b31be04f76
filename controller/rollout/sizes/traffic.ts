/** Who gets a canary's requests: its Services, and what the routers are asked for (docs/behaviour/traffic.md). */
import { HASH_LABEL, MANAGED_BY } from "../../../schema/labels.ts";
import type { Traffic, Verification } from "../../../providers/traffic/router.ts";
import type { TrafficWeights } from "../../../schema/rollout.ts";
import { canaryOf, isStablePing, trafficRoutingOf } from "../model/defaults.ts";
import { equal } from "../../../kube/object/equality.ts";
import { isCompleted } from "../model/conditions.ts";
import type { ReplicaSetFacts, RoutingState } from "../model/model.ts";
import { emit, isAborted, roles, setTraffic, statusOf, switchService, wake, type Pass } from "../actions/pass.ts";
import { hashOf, isFullyAvailable } from "../model/replicaSets.ts";
import { canTakeOver, hashLeftBehind, stableCarries, wantedTraffic, weightsOf, weightsText } from "./weights.ts";

/** A router that cannot follow is asked again after this, and when one of its objects changes. */
const ROUTER_RETRY_MS = 10_000;

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
  pointService(p, canary?.stableService, stableRS, false);
  if (isAborted(p)) return pointAborted(p, canary?.canaryService);
  // The Service stays where it is until stable has grown enough to take its traffic back.
  if (hashLeftBehind(p.world.rollout, roles(p)) !== undefined) return;
  if (canTakeOver(p.world.rollout, roles(p))) pointService(p, canary?.canaryService, newRS, false);
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
  if (!atOnce && service.annotations[MANAGED_BY] === undefined && !isFullyAvailable(rs)) return;
  if (atOnce || rs.status.availableReplicas > 0) switchService(p, service, hashOf(rs));
}

/** Routers that can be reached are written all the same: an abort has to reach as much as it can. */
function tellFault(p: Pass, wanted: Traffic, { message, open, events }: Fault): false {
  if (open) setTraffic(p, wanted);
  p.routers = { kind: "fault", traffic: wanted, message };
  for (const { reason, message: told, type } of events) emit(p, "action", reason, told, type);
  emit(p, "action", "TrafficRoutingError", message, "Warning");
  wake(p, p.now + ROUTER_RETRY_MS);
  return false;
}

type Fault = Extract<RoutingState, { kind: "fault" }>;

/** Without routers there are no weights, and no fault of theirs. */
export function routeNothing(p: Pass): true {
  p.weights = undefined;
  p.routers = { kind: "follow" };
  return true;
}

/**
 * Asks the routers to split the traffic as wanted now, and records the weights. False when a router cannot: then
 * nothing that depends on the traffic may go on.
 */
export function routeTraffic(p: Pass): boolean {
  const { routing } = p.snapshot;
  if (routing === undefined) return routeNothing(p);
  const { rollout } = p.world;
  const wanted = wantedTraffic(rollout, roles(p), isAborted(p), p.steps);
  if (!stableCarries(rollout, roles(p), wanted)) return true;
  // An earlier pass of this decision has told it, and asked for what can be written.
  if (p.routers.kind === "fault" && equal(p.routers.traffic, wanted)) return false;
  let verification: Verification | undefined;
  if (!equal(p.world.traffic, wanted)) {
    const state = routing(wanted);
    if (state.kind === "fault") return tellFault(p, wanted, state);
    verification = state.verification;
    if (state.kind === "open" || p.world.traffic !== undefined) setTraffic(p, wanted);
  }
  p.routers = { kind: "follow" };
  const before = statusOf(p).canary?.weights;
  const after = weightsOf(rollout, wanted);
  const { verified: _, ...recorded } = before ?? {};
  const changed = !equal(recorded, after);
  if (changed) {
    emit(p, "status", "TrafficWeightUpdated", weightsText(before, after));
    p.weights = after;
  }
  if (verification !== undefined) recordVerification(p, after, verification);
  return true;
}

/** Weights that are not verified block the step (docs/behaviour/traffic.md#verified-weights), until they are. */
function recordVerification(p: Pass, weights: TrafficWeights, verification: Verification): void {
  p.weights = { ...weights, verified: verification.kind === "verified" };
  if (verification.kind === "verified") return;
  const { kind } = verification;
  // A decision takes several passes, but emits the event once.
  const said = kind === "failed" && p.events.some(({ message }) => message === verification.reason);
  if (kind === "failed" && !said) emit(p, "action", "TrafficRoutingError", verification.reason, "Warning");
  wake(p, p.now + ROUTER_RETRY_MS);
}
