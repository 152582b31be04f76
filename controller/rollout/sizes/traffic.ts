/** What the routers are asked for (docs/behaviour/traffic.md). */
import type { Traffic, Verification } from "../../../providers/traffic/router.ts";
import type { TrafficWeights } from "../../../schema/rollout.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { RoutingState } from "../model/model.ts";
import { askBalancer, emitOnce } from "../balancers/inquiries.ts";
import { emit, isAborted, roles, setTraffic, statusOf, wake, type Pass } from "../actions/pass.ts";
import { isCompleted } from "../model/rolloutConditions.ts";
import { experimentTraffic } from "../model/experiments.ts";
import { stableCarries, wantedTraffic, weightsOf, weightsText, routesMeanwhile } from "./weights.ts";

/** A router that cannot follow is asked again after this, and when one of its objects changes. */
const ROUTER_RETRY_MS = 10_000;

/** Routers that can be reached are written all the same: an abort has to reach as much as it can. */
function emitFault(p: Pass, wanted: Traffic, { message, open, events }: Fault): false {
  if (open) setTraffic(p, wanted);
  p.routers = { kind: "fault", traffic: wanted, message };
  for (const { reason, message: text, type } of events) emit(p, "action", reason, text, type);
  emit(p, "action", "TrafficRoutingError", message, "Warning");
  wake(p, p.now + ROUTER_RETRY_MS);
  return false;
}

/** Nothing that rests on the traffic goes on until each router that is asked has confirmed it. */
function awaitAnswer(p: Pass, wanted: Traffic, { message, open, dueAt }: Pending): false {
  if (open) setTraffic(p, wanted);
  p.routers = { kind: "pending", traffic: wanted, message };
  wake(p, dueAt);
  return false;
}

/** An earlier pass of this decision has found it out, and asked for what can be done. */
const isHeldUp = ({ routers }: Pass, wanted: Traffic): boolean =>
  (routers.kind === "fault" || routers.kind === "pending") && equal(routers.traffic, wanted);

type Pending = Extract<RoutingState, { kind: "pending" }>;
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
  const experiment = experimentTraffic(p.world, roles(p).newRS);
  const wanted = wantedTraffic(rollout, roles(p), isAborted(p), p.steps, experiment);
  if (!stableCarries(rollout, roles(p), wanted)) return changeRoutes(p, routing, wanted);
  if (isHeldUp(p, wanted)) return false;
  let verification: Verification | undefined;
  if (!equal(p.world.traffic, wanted)) {
    const state = routing(wanted, rollout.status);
    if (state.kind === "fault") return emitFault(p, wanted, state);
    if (state.kind === "pending") return awaitAnswer(p, wanted, state);
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

/** Weights stay as they are; managed routes come and go all the same. */
function changeRoutes(p: Pass, routing: (traffic: Traffic) => RoutingState, wanted: Traffic): boolean {
  const kept = routesMeanwhile(p.world.rollout, wanted);
  if (kept === undefined || equal(p.world.traffic, kept)) return true;
  if (isHeldUp(p, kept)) return false;
  const state = routing(kept);
  if (state.kind === "fault") return emitFault(p, kept, state);
  if (state.kind === "pending") return awaitAnswer(p, kept, state);
  if (state.kind === "open" || p.world.traffic !== undefined) setTraffic(p, kept);
  p.routers = { kind: "follow" };
  return true;
}

/** Weights that are not verified block the step (docs/behaviour/traffic.md#verified-weights), until they are. */
function recordVerification(p: Pass, weights: TrafficWeights, verification: Verification): void {
  const { kind, asks = [], events = [], balancers } = verification;
  p.weights = kind === "unneeded" ? weights : { ...weights, verified: kind === "verified" };
  if (balancers !== undefined) p.balancers = balancers;
  for (const { reason, message, type } of events) emitOnce(p, reason, message, type);
  // Between two updates it holds nothing.
  if (kind === "failed" && !isCompleted(statusOf(p))) {
    p.routers = { kind: "follow", unverified: verification.reason };
    emitOnce(p, "TrafficRoutingError", verification.reason, "Warning");
  }
  if (kind === "verified" || (kind === "unneeded" && balancers !== undefined)) return;
  for (const inquiry of asks) askBalancer(p, inquiry);
  if (kind !== "unneeded") wake(p, p.now + ROUTER_RETRY_MS);
}
