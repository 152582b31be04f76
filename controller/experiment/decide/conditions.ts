/** The conditions of an Experiment (docs/behaviour/experiments.md#conditions). */
import type { Condition } from "../../../schema/kube.ts";
import type { Experiment, ExperimentStatus } from "../../../schema/experiment.ts";
import type { ConditionReason } from "../../../schema/reasons.ts";
import { findCondition, newCondition, withCondition, withoutCondition } from "../../rollout/model/rolloutConditions.ts";
import { isPastEnd, named } from "./draft.ts";

/** A template is new, or a count of its pods has moved. */
function hasMoved({ templateStatuses: before = [] }: ExperimentStatus, { templateStatuses = [] }: ExperimentStatus) {
  if (before.length < templateStatuses.length) return true;
  return templateStatuses.some((next) => {
    const old = named(before, next.name);
    return (
      old !== undefined &&
      (old.replicas !== next.replicas ||
        old.updatedReplicas !== next.updatedReplicas ||
        old.readyReplicas !== next.readyReplicas ||
        old.availableReplicas !== next.availableReplicas)
    );
  });
}

/** Those of the next status, which has all else. */
export function conditionsOf(experiment: Experiment, next: ExperimentStatus, now: number): Condition[] {
  const { status: before = {}, metadata } = experiment;
  const conditions = withoutCondition(next.conditions ?? [], "InvalidSpec");
  const progressing = (status: "True" | "False", reason: ConditionReason, words: string): Condition =>
    newCondition("Progressing", status, reason, `Experiment "${metadata.name}" ${words}.`, now);
  if (next.phase === "Successful")
    return withCondition(conditions, progressing("False", "ExperimentCompleted", "has successfully ran and completed"));
  if (hasMoved(before, next)) {
    const fresh = progressing("True", "ReplicaSetUpdated", "is progressing");
    const current = findCondition(before.conditions, "Progressing");
    const kept = current?.status === "True" ? { ...fresh, lastTransitionTime: current.lastTransitionTime } : fresh;
    return [...withoutCondition(conditions, "Progressing"), kept];
  }
  if (before.availableAt !== undefined && !isPastEnd(experiment, now))
    return withCondition(conditions, progressing("True", "NewReplicaSetAvailable", "is running"));
  return conditions;
}

/** Of an Experiment that is not driven. */
export function invalidConditions({ status }: Experiment, message: string, now: number): readonly Condition[] {
  const conditions = status?.conditions ?? [];
  if (findCondition(conditions, "InvalidSpec")?.message === message) return conditions;
  return [
    ...withoutCondition(conditions, "InvalidSpec"),
    newCondition("InvalidSpec", "True", "InvalidSpec", message, now),
  ];
}
