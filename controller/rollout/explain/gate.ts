/** What keeps a Rollout from moving, and the words that all explanations share. */
import type { ConditionReason, GateReason, PauseReason, StepReason } from "../../../schema/reasons.ts";
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import { instant, timestamp } from "../../../kube/object/time.ts";
import { textOf } from "../../steps/stepTable.ts";
import type { Decision } from "../actions/action.ts";
import { type Pass, statusOf } from "../actions/pass.ts";
import { currentStepOf, stepIndexOf, stepsOf } from "../model/defaults.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { revisionOf, rolloutRevision } from "../model/replicaSets.ts";
import { findCondition } from "../model/rolloutConditions.ts";
import type { Evidence } from "./evidence.ts";

/** What the controller would do at this moment, and what it knows. */
export interface Scene {
  /** As the decision has left it: it is read only. */
  readonly p: Pass;
  readonly decision: Decision;
  readonly evidence: Evidence;
}

/**
 * `done`: nothing is left to do; `moving`: something is being done now; `waiting`: it goes on by itself, at a time or
 * when something else is ready; `stopped`: it does not go on unless somebody acts.
 */
export type Standing = "done" | "moving" | "waiting" | "stopped";

export interface Command {
  /** As it is typed: `sluice promote web -n shop`. */
  readonly command: string;
  /** What it does: a verb first. */
  readonly does: string;
}

export interface Gate {
  readonly standing: Standing;
  readonly reason: GateReason | StepReason | PauseReason | ConditionReason;
  /** Completes `Rollout "web" …`; without a full stop. */
  readonly why: string;
  /** ms since the epoch. */
  readonly since?: number | undefined;
  /** When time alone lets it go on. */
  readonly until?: number | undefined;
  /** What would let it go on, each a clause. */
  readonly change?: readonly string[];
  readonly commands?: readonly Command[];
}

/** Undefined: this is not what it waits for. */
export type Rule = (scene: Scene) => Gate | undefined;

/** @param flags with a blank before them */
export const command = ({ p }: Scene, verb: string, does: string, flags = ""): Command => {
  const { name, namespace } = p.world.rollout.metadata;
  return { command: `sluice ${verb} ${name} -n ${namespace}${flags}`, does };
};

/** `step 2/8 (pause: 10m)`; "its end" behind the last one. */
export function stepWords({ p }: Scene): string {
  const { rollout } = p.world;
  const step = currentStepOf(rollout);
  const index = stepIndexOf(rollout) ?? 0;
  const count = stepsOf(rollout).length;
  return step === undefined ? "its end" : `step ${index + 1}/${count} (${textOf(p.steps, step)})`;
}

/** `at step 2/8 (pause)`, or "" where there are no steps left. */
export const atStep = (scene: Scene): string =>
  currentStepOf(scene.p.world.rollout) === undefined ? "" : ` at ${stepWords(scene)}`;

export const revisionWords = (set: ReplicaSetFacts | undefined): string =>
  set === undefined ? "the new revision" : `revision ${revisionOf(set) ?? "?"}`;

export const currentRevision = ({ p }: Scene): string => `revision ${rolloutRevision(p.world.rollout)}`;

/** What an explanation in words needs of a scene. */
export interface Timed {
  readonly evidence: Pick<Evidence, "now">;
}

/** `2026-01-01T00:10:00Z (in 7m12s)`, `… (5m ago)`. */
export function when({ evidence: { now } }: Timed, at: number): string {
  const ms = at - now;
  return `${timestamp(at)} (${ms > 0 ? `in ${humanDuration(ms)}` : `${humanDuration(-ms)} ago`})`;
}

/** Since when a condition is as it is. */
export const conditionSince = ({ p }: Scene, type: string): number | undefined =>
  instant(findCondition(statusOf(p).conditions, type)?.lastTransitionTime);

/** When pods, a step or a Service moved last. */
export const lastProgress = ({ p }: Scene): number | undefined =>
  instant(findCondition(statusOf(p).conditions, "Progressing")?.lastUpdateTime);

/** A sentence as a clause: without its full stop. */
export const clause = (sentence: string): string => sentence.trim().replace(/\.$/, "");
