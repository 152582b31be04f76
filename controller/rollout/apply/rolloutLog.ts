/**
 * What is logged about Rollouts: a line for each thing that happens to one, and no line for what changes all the time
 * (sizes, counters, weights). Made by comparing what was logged last with the status that has just been written, so
 * that a write that is tried again, or a decision that is made twice, logs nothing twice; a new process goes on from
 * the stored status.
 */
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import type { Log, LogFields } from "../../process/log.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import { textOf } from "../../steps/stepTable.ts";
import { findCondition, hasReason } from "../model/rolloutConditions.ts";
import { stepsOf } from "../model/defaults.ts";
import type { RolloutEvent } from "../model/model.ts";
import { REVISION } from "../../../schema/labels.ts";

interface StoryLine {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly fields?: LogFields;
}

/** The state of a Rollout, as far as its changes are logged. */
interface Standing {
  readonly hash: string;
  readonly stable: string;
  /** The revision that users reach by the active Service; "" without one. */
  readonly active: string;
  readonly step: number | undefined;
  /** Why it is paused, "" when it is not. */
  readonly pause: string;
  readonly aborted: boolean;
  readonly isPromotedFully: boolean;
  readonly invalid: string;
  /** The progress deadline has passed. */
  readonly isStuck: boolean;
  readonly restartedAt: string;
  readonly isHealthy: boolean;
}

export function standingOf({ spec }: Rollout, status: RolloutStatus): Standing {
  const progressing = findCondition(status.conditions, "Progressing");
  return {
    hash: status.currentPodHash ?? "",
    stable: status.stableRS ?? "",
    active: status.blueGreen?.activeSelector ?? "",
    step: status.currentStepIndex ?? undefined,
    pause: status.pauseConditions?.[0]?.reason ?? (spec.paused === true ? "user" : ""),
    // The reason, too: `abort` alone is what a user asks for, before a pass has done it.
    aborted: status.abort === true && hasReason(progressing, "RolloutAborted"),
    isPromotedFully: status.promoteFull === true,
    invalid: findCondition(status.conditions, "InvalidSpec")?.message ?? "",
    isStuck: hasReason(progressing, "ProgressDeadlineExceeded"),
    restartedAt: status.restartedAt ?? "",
    isHealthy: status.phase === "Healthy",
  };
}

const info = (message: string, fields: LogFields = {}): StoryLine => ({ level: "info", message, fields });
const warn = (message: string, why: string): StoryLine => ({ level: "warn", message, fields: { why } });

const PAUSED = "Rollout paused";
const RESUMED = "Rollout resumed";
const HOLDS: ReadonlySet<string> = new Set([PAUSED, RESUMED]);

/** More steps than this in one write are logged in one line. */
const MOST_STEPS = 10;

function stepLines(rollout: Rollout, from: number, to: number, isPromotedFully: boolean): StoryLine[] {
  const steps = stepsOf(rollout);
  const at = (done: number): string => `${done}/${steps.length}`;
  if (isPromotedFully) return [info("Rollout skips its steps: it is promoted in full", { step: at(to) })];
  if (to - from > MOST_STEPS) return [info("Rollout steps completed", { step: at(to), steps: to - from })];
  return steps
    .slice(from, to)
    .map((step, index) => info("Rollout step completed", { step: at(from + index + 1), did: textOf(STEPS, step) }));
}

function startLine(before: Standing, after: Standing): StoryLine {
  if (before.hash === "") return info("Rollout started");
  const from = { from: before.hash };
  return after.hash === after.stable
    ? info("Rollout goes back to the stable version", from)
    : info("Rollout update started", from);
}

/** The cause, without the rest of the condition's message. */
const whyAborted = (message: string): string => {
  const at = message.indexOf(": ");
  return at < 0 ? "it was asked for" : message.slice(at + 2);
};

const whyCompleted = (events: readonly RolloutEvent[]): LogFields => {
  const message = events.findLast(({ reason }) => reason === "RolloutCompleted")?.message ?? "";
  const at = message.indexOf("): ");
  return at < 0 ? {} : { why: message.slice(at + 3) };
};

/** What has happened between two standings, in that order. `events`: of the decision that led to the later one. */
export function storyOf(
  rollout: Rollout,
  status: RolloutStatus,
  before: Standing,
  events: readonly RolloutEvent[] = [],
): StoryLine[] {
  const after = standingOf(rollout, status);
  const isUpdate = after.hash !== before.hash;
  const progress = findCondition(status.conditions, "Progressing")?.message ?? "";
  const full = before.isPromotedFully || after.isPromotedFully;
  const stepAt = (standing: Standing): string => `${standing.pause}@${standing.step ?? 0}`;
  const lines: StoryLine[] = [];
  if (after.invalid !== "" && after.invalid !== before.invalid) lines.push(warn("Rollout is invalid", after.invalid));
  if (after.invalid === "" && before.invalid !== "") lines.push(info("Rollout is valid again"));
  if (isUpdate && after.hash !== "") lines.push(startLine(before, after));
  if (!isUpdate && before.aborted && !after.aborted) lines.push(info("Rollout retried"));
  if (!isUpdate && before.pause !== "" && after.pause === "" && !after.aborted) lines.push(info(RESUMED));
  if (!isUpdate && !after.aborted && (after.step ?? 0) > (before.step ?? 0))
    lines.push(...stepLines(rollout, before.step ?? 0, after.step ?? 0, full));
  if (after.active !== before.active && before.active !== "")
    lines.push(info("Rollout promoted: its active Service leads to another version", { from: before.active }));
  if (after.pause !== "" && (before.pause === "" || stepAt(before) !== stepAt(after)))
    lines.push(info(PAUSED, { reason: after.pause }));
  if (after.aborted && (!before.aborted || isUpdate)) lines.push(warn("Rollout aborted", whyAborted(progress)));
  if (after.isStuck && (!before.isStuck || isUpdate)) lines.push(warn("Rollout degraded", progress));
  if (!after.isStuck && before.isStuck && !isUpdate && !after.aborted) lines.push(info("Rollout progresses again"));
  if (after.stable !== before.stable && after.stable === after.hash)
    lines.push(info("Rollout completed", whyCompleted(events)));
  if (after.restartedAt !== before.restartedAt && after.restartedAt !== "")
    lines.push(info("Rollout restarted", { at: after.restartedAt }));
  return lines;
}

/** What was last logged about a Rollout. */
export interface StoryMemory {
  logged: { readonly standing: Standing; readonly isUnsettled: boolean } | undefined;
}

/** A pass that has ended, and whose status is stored. */
export interface PassEnd {
  /** The Rollout as it is now. */
  readonly rollout: Rollout;
  /** The status that the pass began with. */
  readonly seen: RolloutStatus;
  readonly status: RolloutStatus;
  readonly events: readonly RolloutEvent[];
}

/** Logs what has happened since the last time. */
export function logStory(log: Log, memory: StoryMemory, { rollout, seen, status, events }: PassEnd): void {
  const before = memory.logged ?? { standing: standingOf(rollout, seen), isUnsettled: false };
  const lines = storyOf(rollout, status, before.standing, events);
  const standing = standingOf(rollout, status);
  // Neither scaling nor its end is logged; a pause of a healthy Rollout leaves it healthy.
  const isUnsettled = before.isUnsettled || lines.some(({ message }) => !HOLDS.has(message));
  if (isUnsettled && standing.isHealthy) lines.push(info("Rollout healthy"));
  memory.logged = { standing, isUnsettled: isUnsettled && !standing.isHealthy };
  for (const { level, message, fields } of lines) log[level](message, { ...whoIs(rollout, standing), ...fields });
}

function whoIs(rollout: Rollout, { step, hash }: Standing): LogFields {
  const { namespace, name, annotations } = rollout.metadata;
  const steps = stepsOf(rollout).length;
  return {
    namespace,
    rollout: name,
    ...(step === undefined || steps === 0 ? {} : { step: `${step}/${steps}` }),
    revision: annotations?.[REVISION],
    ...(hash === "" ? {} : { hash }),
  };
}
