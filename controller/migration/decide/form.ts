/**
 * What a Deployment at 0 replicas is to say while a Rollout has its pods, so that tools which only read the Deployment do
 * not call a failing canary a success (docs/migration.md#what-other-tools-say).
 */
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import type { FormCondition } from "../actions/action.ts";
import { hasReason } from "../../rollout/model/rolloutConditions.ts";

export interface DeploymentForm {
  /** Written before the conditions: the Deployment controller leaves a passed deadline alone only in a paused one. */
  readonly paused: boolean;
  /** Of the types Reconciling and Stalled these alone; Progressing is the Deployment controller's where it is not here. */
  readonly conditions: readonly FormCondition[];
}

/** Of a Deployment: where it stands now. */
export interface FormFacts {
  readonly generation: number;
  readonly replicas: number;
}

/**
 * Undefined: it stays as it is. That is so while the Deployment has pods of its own, which its own controller tells of;
 * before the Rollout has a phase; and while a Healthy Rollout has not seen the Deployment's last change, since its health
 * is then about the version before.
 */
export function deploymentForm({ status }: Pick<Rollout, "status">, deployment: FormFacts): DeploymentForm | undefined {
  if (deployment.replicas > 0 || status?.phase === undefined) return undefined;
  const message = status.message ?? "";
  switch (status.phase) {
    case "Healthy":
      return status.workloadObservedGeneration === String(deployment.generation)
        ? { paused: false, conditions: [] }
        : undefined;
    case "Degraded":
      return failed(whyFailed(status), message);
    case "Paused":
      return waiting("RolloutPaused", message);
    default:
      return waiting("RolloutProgressing", message);
  }
}

/** Not paused: Helm 4 waits for no Deployment that is paused when it writes it. */
const waiting = (reason: ConditionReason, message: string): DeploymentForm => ({
  paused: false,
  conditions: [{ type: "Reconciling", status: "True", reason, message }],
});

function whyFailed({ conditions = [] }: RolloutStatus): ConditionReason {
  if (conditions.some(({ type }) => type === "InvalidSpec")) return "InvalidSpec";
  return conditions.some((c) => hasReason(c, "RolloutAborted")) ? "UpdateAborted" : "UpdateTimedOut";
}

/** The reason of Progressing is the one that `kubectl rollout status` fails on. */
const failed = (reason: ConditionReason, message: string): DeploymentForm => ({
  paused: true,
  conditions: [
    { type: "Stalled", status: "True", reason, message },
    { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message },
  ],
});
