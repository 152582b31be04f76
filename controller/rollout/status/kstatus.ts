/**
 * Conditions for tools that know no Rollouts: Flux, Helm and others wait by the rules of kstatus, which knows the types
 * Ready, Reconciling and Stalled, and fails on an `observedGeneration` that is a text (docs/behaviour/kstatus.md).
 */
import { KSTATUS } from "../../../schema/labels.ts";
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { Rollout, RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";
import { instant } from "../../../kube/object/time.ts";
import { type Pass, wake } from "../actions/pass.ts";
import { findCondition, hasReason, newCondition } from "../model/rolloutConditions.ts";
import { progressDeadlineSeconds } from "../model/defaults.ts";
import type { Snapshot } from "../model/model.ts";
import { type Phase, phaseOf } from "./phase.ts";

/** Whether they are asked for: by the Rollout itself, or for all that do not decline them. */
export function kstatusOf({ metadata }: Rollout, forAll: boolean): Pick<Snapshot, "kstatus"> {
  const told = metadata.annotations?.[KSTATUS];
  return (told === undefined ? forAll : told === "true") ? { kstatus: true } : {};
}

type Type = "Ready" | "Reconciling" | "Stalled";

const TYPES: readonly string[] = ["Ready", "Reconciling", "Stalled"] satisfies readonly Type[];

const isOurs = ({ type }: RolloutCondition): boolean => TYPES.includes(type);

/**
 * The reasons of an abort and of a deadline are not those of Progressing: by these the phase becomes Degraded, whatever
 * condition has them, also with Argo Rollouts.
 */
interface Verdict {
  /** Of the three, the one that is True. */
  readonly is: Type;
  readonly reason: ConditionReason;
  readonly message: string;
}

/** The status as generic tools are to read it, where that is asked for; otherwise as it is, without those conditions. */
export function forGenericTools(p: Pass, status: RolloutStatus): RolloutStatus {
  const conditions = status.conditions ?? [];
  if (p.snapshot.kstatus !== true)
    return conditions.some(isOurs) ? { ...status, conditions: conditions.filter((c) => !isOurs(c)) } : status;
  // A Rollout that nothing was decided about yet has no status to tell of.
  if (status.phase === undefined) return status;
  const { observedGeneration: _, ...rest } = status;
  const { rollout } = p.world;
  const verdict = verdictOf(p, status);
  const generation = rollout.metadata.generation ?? 0;
  const told = conditionsOf(verdict, p.now).map((next) =>
    since(next.type === "Ready" ? { ...next, observedGeneration: generation } : next, conditions),
  );
  return { ...rest, conditions: [...conditions.filter((c) => !isOurs(c)), ...told] };
}

/** Reconciling and Stalled are there only while they are True; one of the two always is unless it is ready. */
function conditionsOf({ is, reason, message }: Verdict, now: number): readonly RolloutCondition[] {
  const ready = newCondition("Ready", is === "Ready" ? "True" : "False", reason, message, now);
  return is === "Ready" ? [ready] : [ready, newCondition(is, "True", reason, message, now)];
}

/** With the times of the condition that says the same already; unlike for others, a new message is news. */
function since(next: RolloutCondition, before: readonly RolloutCondition[]): RolloutCondition {
  const old = findCondition(before, next.type);
  if (old?.status !== next.status) return next;
  const isSame =
    old.reason === next.reason && old.message === next.message && old.observedGeneration === next.observedGeneration;
  return isSame ? old : { ...next, lastTransitionTime: old.lastTransitionTime };
}

function verdictOf(p: Pass, status: RolloutStatus): Verdict {
  const { rollout } = p.world;
  const progressing = findCondition(status.conditions, "Progressing");
  const invalid = findCondition(status.conditions, "InvalidSpec");
  const { phase, message } = shownPhase(rollout, status);
  if (invalid !== undefined)
    return { is: mayPass(p, invalid) ? "Reconciling" : "Stalled", reason: "InvalidSpec", message };
  if (hasReason(progressing, "RolloutAborted")) return { is: "Stalled", reason: "UpdateAborted", message };
  if (hasReason(progressing, "ProgressDeadlineExceeded")) return { is: "Stalled", reason: "UpdateTimedOut", message };
  switch (phase) {
    case "Healthy":
      return { is: "Ready", reason: "RolloutHealthy", message: "Rollout is healthy" };
    case "Paused":
      return { is: "Reconciling", reason: "RolloutPaused", message };
    case "Progressing":
    case "Degraded":
      return { is: "Reconciling", reason: "RolloutProgressing", message };
    default:
      return phase satisfies never;
  }
}

/**
 * What people see, so that tools see the same: a pass that evicts pods leaves the phase as it is. Except that
 * `spec.paused` holds nothing up where nothing is under way.
 */
function shownPhase(rollout: Rollout, status: RolloutStatus): Phase {
  const shown = { phase: status.phase as Phase["phase"], message: status.message ?? "" };
  if (rollout.spec.paused !== true) return shown;
  const resumed = phaseOf({ ...rollout, spec: { ...rollout.spec, paused: false } }, status);
  return resumed.phase === "Healthy" ? resumed : shown;
}

/**
 * What another object is to blame for is not given up before the progress deadline: objects that are applied together
 * come in any order.
 */
function mayPass(p: Pass, invalid: RolloutCondition): boolean {
  const from = instant(invalid.lastTransitionTime);
  if (p.snapshot.invalidByOthers !== true || from === undefined) return false;
  const until = from + progressDeadlineSeconds(p.world.rollout) * 1000;
  wake(p, until);
  return p.now < until;
}
