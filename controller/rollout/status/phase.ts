/**
 * status.phase and status.message: the first rule that holds
 * (docs/behaviour/conditions-and-phases.md#phase-and-message).
 */
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { hasEnded } from "../course/analysisKinds.ts";
import { hasReason, isCompleted } from "../model/rolloutConditions.ts";
import { blueGreenOf, canaryOf, desiredReplicas } from "../model/defaults.ts";
import { instant } from "../../../kube/object/time.ts";

export interface Phase {
  readonly phase: "Healthy" | "Progressing" | "Paused" | "Degraded";
  readonly message: string;
}

type Rule = (rollout: Rollout, status: RolloutStatus) => Phase | undefined;

const progressing = (message: string): Phase => ({ phase: "Progressing", message });

const degraded: Rule = (_, status) => {
  for (const c of status.conditions ?? []) {
    if (c.type === "InvalidSpec") return { phase: "Degraded", message: `InvalidSpec: ${c.message}` };
    if (hasReason(c, "RolloutAborted") || hasReason(c, "ProgressDeadlineExceeded")) {
      return { phase: "Degraded", message: `${c.reason}: ${c.message}` };
    }
  }
  return undefined;
};

const userPaused: Rule = (rollout) =>
  rollout.spec.paused === true ? { phase: "Paused", message: "manually paused" } : undefined;

const controllerPaused: Rule = (_, status) => {
  const first = status.pauseConditions?.[0];
  return first === undefined ? undefined : { phase: "Paused", message: first.reason };
};

const blocked: Rule = (_, status) => {
  const failure = ["TrafficRoutingFailure", "AnalysisFailure", "StepPluginFailure"]
    .map((type) => status.conditions?.find((condition) => condition.type === type))
    .find((condition) => condition !== undefined);
  return failure === undefined ? undefined : progressing(`${failure.reason}: ${failure.message}`);
};

const restarting: Rule = (rollout, status) => {
  const wanted = instant(rollout.spec.restartAt);
  return wanted !== undefined && wanted !== instant(status.restartedAt)
    ? progressing("rollout is restarting")
    : undefined;
};

const updating: Rule = (rollout, status) =>
  (status.updatedReplicas ?? 0) < desiredReplicas(rollout)
    ? progressing("more replicas need to be updated")
    : undefined;

const becomingAvailable: Rule = (_, status) =>
  (status.availableReplicas ?? 0) < (status.updatedReplicas ?? 0)
    ? progressing("updated replicas are still becoming available")
    : undefined;

const blueGreenCutover: Rule = (rollout, status) => {
  if (blueGreenOf(rollout) === undefined) return undefined;
  const active = status.blueGreen?.activeSelector ?? "";
  if (active === "" || active !== status.currentPodHash) return progressing("active service cutover pending");
  if (isCompleted(status)) return undefined;
  const run = status.blueGreen?.postPromotionAnalysisRunStatus;
  const isAnalysed =
    blueGreenOf(rollout)?.postPromotionAnalysis !== undefined && !hasEnded({ phase: run?.status ?? "" });
  return isAnalysed
    ? progressing("waiting for analysis to complete")
    : progressing("waiting for post-promotion verification to complete");
};

const canarySteps: Rule = (rollout, status) => {
  const canary = canaryOf(rollout);
  if (canary === undefined || blueGreenOf(rollout) !== undefined) return undefined;
  if (canary.trafficRouting === undefined && (status.replicas ?? 0) > (status.updatedReplicas ?? 0)) {
    return progressing("old replicas are pending termination");
  }
  return isCompleted(status) ? undefined : progressing("waiting for all steps to complete");
};

const rules: readonly Rule[] = [
  degraded,
  userPaused,
  controllerPaused,
  blocked,
  restarting,
  updating,
  becomingAvailable,
  blueGreenCutover,
  canarySteps,
];

/** Phase and message of a status whose other fields are final. */
export function phaseOf(rollout: Rollout, status: RolloutStatus): Phase {
  for (const rule of rules) {
    const phase = rule(rollout, status);
    if (phase !== undefined) return phase;
  }
  return { phase: "Healthy", message: "" };
}
