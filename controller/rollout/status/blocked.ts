/**
 * Conditions that are present only while something keeps the update from going on, each with the latest reason; as they
 * were where the pass did not come so far.
 */
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { RolloutCondition } from "../../../schema/rollout.ts";
import { emit, isAborted, type Pass, type RouterAnswer } from "../actions/pass.ts";
import { stepPluginTrouble } from "../course/plugins/stepPlugins.ts";
import type { AnalysisFault } from "../model/model.ts";
import { findCondition, newCondition, shortened, withoutCondition } from "../model/rolloutConditions.ts";

interface Fault {
  readonly reason: ConditionReason;
  readonly message: string;
}

/** Why an analysis or an Experiment that is wanted cannot begin. */
export const analysisFault = ({ analyses, experiment }: Pass): AnalysisFault | undefined =>
  (analyses.kind === "asked" ? analyses.fault : undefined) ?? experiment?.fault;

/** The first of all that keeps the update from going on, for the message of one that takes too long. */
export function blockingFault(p: Pass): { readonly message: string } | undefined {
  const { routers, stepPlugins } = p;
  const routing = routingFault(routers);
  if (routing !== undefined) return { message: routing };
  if (routers.kind === "pending") return routers;
  const unasked = stepPlugins.kind === "asked" ? stepPlugins.fault : undefined;
  return analysisFault(p) ?? unasked ?? stepPluginTrouble(p);
}

export function blockedConditions(p: Pass, conditions: RolloutCondition[]): RolloutCondition[] {
  const routed = routingCondition(p, conditions);
  return pluginCondition(p, analysisCondition(p, routed));
}

function routingFault(routers: RouterAnswer): string | undefined {
  if (routers.kind === "fault") return routers.message;
  return routers.kind === "follow" ? routers.unverified : undefined;
}

/** docs/behaviour/traffic.md#a-router-that-cannot-follow, docs/behaviour/traffic.md#verified-weights */
function routingCondition(p: Pass, conditions: RolloutCondition[]): RolloutCondition[] {
  const { routers } = p;
  // What a router was told to do before may have failed: it has not said yet that it can do this.
  if (routers.kind === "unasked" || routers.kind === "pending") return conditions;
  const message = routingFault(routers);
  const fault: Fault | undefined = message === undefined ? undefined : { reason: "TrafficRoutingError", message };
  return withFault(p, conditions, "TrafficRoutingFailure", fault);
}

/** docs/behaviour/rollout-analysis.md#an-analysis-that-cannot-begin */
function analysisCondition(p: Pass, conditions: RolloutCondition[]): RolloutCondition[] {
  if (p.analyses.kind === "unasked") return conditions;
  return withFault(p, conditions, "AnalysisFailure", isAborted(p) ? undefined : analysisFault(p));
}

/** docs/plugins.md#a-plugin-that-cannot-be-asked */
function pluginCondition(p: Pass, conditions: RolloutCondition[]): RolloutCondition[] {
  if (p.stepPlugins.kind === "unasked") return conditions;
  const { fault } = p.stepPlugins;
  const next = withFault(p, conditions, "StepPluginFailure", fault && { ...fault, reason: "ReconciliationError" });
  if (fault !== undefined && next !== conditions)
    emit(p, "status", "ReconciliationError", shortened(fault.message), "Warning");
  return next;
}

function withFault(
  p: Pass,
  conditions: RolloutCondition[],
  type: string,
  fault: Fault | undefined,
): RolloutCondition[] {
  const old = findCondition(conditions, type);
  const others = withoutCondition(conditions, type);
  if (fault === undefined) return old === undefined ? conditions : others;
  const message = shortened(fault.message);
  if (old?.message === message && old.reason === fault.reason) return conditions;
  const next = newCondition(type, "True", fault.reason, message, p.now);
  return [...others, old === undefined ? next : { ...next, lastTransitionTime: old.lastTransitionTime }];
}
