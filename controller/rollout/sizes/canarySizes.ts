import type { TrafficWeights } from "../../../schema/rollout.ts";
import { roles, type Pass } from "../actions/pass.ts";
import { trafficRoutingOf } from "../model/defaults.ts";
import { basicCanarySizes, type Split } from "./replicas.ts";
import { routedCanarySizes } from "./routedReplicas.ts";

/**
 * Sizes by the steps, and by the weights last asked of the routers, or without a router by the pods that serve
 * (docs/behaviour/canary.md#sizes-with-a-router).
 */
export function canarySizes(p: Pass, weights: TrafficWeights | undefined): Split {
  const { rollout } = p.world;
  const routed = trafficRoutingOf(rollout) !== undefined;
  return routed ? routedCanarySizes(rollout, roles(p), weights, p.steps) : basicCanarySizes(rollout, roles(p), p.steps);
}
