/**
 * `status.canary.stepPluginStatuses`: an entry for each operation of a step's plugin, and what an answer makes of it
 * (docs/plugins.md#the-status). The first run of a step is entered before the plugin is asked: so that whoever asks
 * again after a crash asks for the same.
 */
import { instant, timestamp } from "../../../../kube/object/time.ts";
import { goDurationMs } from "../../../../kube/object/goDuration.ts";
import type { StepPluginStatus } from "../../../../schema/rollout.ts";
import type { StepPluginAnswer, StepPluginOutcome } from "../../model/stepPlugins.ts";

export type Operation = "Run" | "Terminate" | "Abort";

/** A plugin that still runs and does not say when to ask again, and one that has failed to answer. */
const BACKOFF_MS = 30_000;
/** What a plugin wants sooner than this is not granted. */
const SHORTEST_MS = 10_000;
/** A year. Plugins say any time, and Go, which reads the backoff too, has no durations of three centuries. */
const LONGEST_MS = 31_536_000_000;

export const entryOf = (
  entries: readonly StepPluginStatus[],
  index: number,
  operation: Operation,
): StepPluginStatus | undefined => entries.find((entry) => entry.index === index && entry.operation === operation);

/** It has no phase before the plugin has answered: whoever waits for one to be Running waits for its word. */
export const begun = (index: number, name: string, now: number): StepPluginStatus => ({
  index,
  name,
  operation: "Run",
  startedAt: timestamp(now),
});

export const skipped = (index: number, name: string): StepPluginStatus => ({
  index,
  name,
  operation: "Run",
  disabled: true,
});

/**
 * The key of the next call for a step, from what is stored: the same one as long as its answer is not.
 * @param update uid and revision of the Rollout
 */
export const callKey = (update: string, run: StepPluginStatus, operation: Operation): string =>
  [update, run.index, operation, run.startedAt ?? "", run.executions ?? 0].join("/");

/** A run that has not ended, as far as it is known. */
export const isUnderWay = ({ operation, phase = "Running", disabled }: StepPluginStatus): boolean =>
  operation === "Run" && phase === "Running" && disabled !== true;

/** When a plugin that runs, or has failed to answer, is asked again; undefined: at once. */
export function dueAt({ updatedAt, backoff = "", executions = 0 }: StepPluginStatus): number | undefined {
  const last = instant(updatedAt);
  if (executions === 0 || last === undefined) return undefined;
  return last + (goDurationMs(backoff) ?? BACKOFF_MS);
}

const PHASES: readonly string[] = ["Running", "Successful", "Failed", "Error"];

type Read = Omit<Extract<StepPluginAnswer, { readonly kind: "answered" }>, "kind">;

/** An answer without a phase leaves it as it was. */
function read(answer: StepPluginAnswer, before: string): Read {
  if (answer.kind === "failed") return { phase: "Error", message: answer.message };
  const { phase, ...rest } = answer;
  if (phase !== "" && !PHASES.includes(phase)) return { phase: "Error", message: `phase '${phase}' is not valid` };
  return { ...rest, phase: phase === "" ? before : phase };
}

const withMessage = (message: string): { readonly message?: string } => (message === "" ? {} : { message });

/** The entry of a run after an answer. */
export function executed(run: StepPluginStatus, { arrivedAt, answer }: StepPluginOutcome): StepPluginStatus {
  const { index, name, operation, startedAt, executions = 0, status: stateBefore } = run;
  const { phase, message, status: state, resumeMs = 0 } = read(answer, run.phase ?? "Running");
  const at = timestamp(arrivedAt);
  // What a plugin says of its state together with an error is not to be built on.
  const kept = phase === "Error" ? stateBefore : state;
  const backoffMs = phase === "Running" && resumeMs > SHORTEST_MS ? Math.min(resumeMs, LONGEST_MS) : BACKOFF_MS;
  return {
    index,
    name,
    operation,
    phase,
    ...withMessage(message),
    ...(startedAt !== undefined && { startedAt }),
    updatedAt: at,
    ...((phase === "Successful" || phase === "Failed") && { finishedAt: at }),
    ...((phase === "Running" || phase === "Error") && { backoff: durationText(backoffMs) }),
    executions: executions + 1,
    ...(kept !== undefined && { status: kept }),
  };
}

/** As Go writes a duration of whole seconds: "17s", "1m30s", "1h0m0s". */
function durationText(ms: number): string {
  const all = Math.ceil(ms / 1_000);
  const [hours, minutes, seconds] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

/** The entry of an operation that ends or reverts a run. It is asked for once: one that would go on has failed. */
export function ended(
  run: StepPluginStatus,
  operation: "Terminate" | "Abort",
  { startedAt, arrivedAt, answer }: StepPluginOutcome,
): StepPluginStatus {
  const { phase, message } = read(answer, "Successful");
  return {
    index: run.index,
    name: run.name,
    operation,
    phase: phase === "Running" ? "Failed" : phase,
    ...withMessage(message),
    startedAt: timestamp(startedAt),
    finishedAt: timestamp(arrivedAt),
  };
}
