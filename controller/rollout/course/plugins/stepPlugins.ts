/** The step plugins of a pass: which is asked now, and what follows from its answers (docs/plugins.md#step-plugins). */
import { instant } from "../../../../kube/object/time.ts";
import type { StepPluginStatus } from "../../../../schema/rollout.ts";
import { act, emit, isAborted, roles, statusOf, wake, type Pass } from "../../actions/pass.ts";
import type { CallStepPlugin } from "../../actions/callStepPlugin.ts";
import { canaryOf, blueGreenOf, currentStepOf, stepIndexOf, stepsOf } from "../../model/defaults.ts";
import { findCondition, hasReason, isCompleted } from "../../model/rolloutConditions.ts";
import type { StepPluginFault, StepPluginOutcome } from "../../model/stepPlugins.ts";
import { begun, callKey, dueAt, ended, entryOf, executed, isUnderWay, type Operation, skipped } from "./entries.ts";

export const stepPluginEntries = (p: Pass): readonly StepPluginStatus[] =>
  p.stepPlugins.kind === "asked" ? p.stepPlugins.entries : (statusOf(p).canary?.stepPluginStatuses ?? []);

/** What the plugin of the current step has last failed with. */
export function stepPluginTrouble(p: Pass): StepPluginFault | undefined {
  const run = entryOf(stepPluginEntries(p), stepIndexOf(p.world.rollout) ?? -1, "Run");
  return run?.phase === "Error" ? { message: `Step ${run.index + 1}: ${run.message ?? ""}` } : undefined;
}

/** Puts what has arrived into the status, before anything is decided on it. */
export function takeOutcomes(p: Pass): void {
  const { rollout } = p.world;
  if (canaryOf(rollout) === undefined || blueGreenOf(rollout) !== undefined) return;
  const stored = statusOf(p).canary?.stepPluginStatuses ?? [];
  const { outcomes = [] } = p.snapshot.stepPlugins ?? {};
  const before: readonly StepPluginStatus[] = isOfAnEarlierTry(p, stored) ? [] : stored;
  const entries = outcomes.reduce<readonly StepPluginStatus[]>((all, each) => withOutcome(p, all, each), before);
  if (entries === stored) return;
  const status = { ...statusOf(p), canary: { ...statusOf(p).canary, stepPluginStatuses: [...entries] } };
  p.world = { ...p.world, rollout: { ...rollout, status } };
}

/** An update that was aborted begins again: nothing that its plugins did before counts. */
function isOfAnEarlierTry(p: Pass, entries: readonly StepPluginStatus[]): boolean {
  const status = statusOf(p);
  if (entries.length === 0 || status.abort === true || stepIndexOf(p.world.rollout) !== 0) return false;
  if (hasReason(findCondition(status.conditions, "Progressing"), "RolloutAborted")) return true;
  return entries.some(({ index, operation, phase }) => index > 0 || operation === "Abort" || phase === "Failed");
}

const updateOf = (p: Pass): string => `${p.world.rollout.metadata.uid ?? ""}/${statusOf(p).currentPodHash ?? ""}`;

function withOutcome(
  p: Pass,
  entries: readonly StepPluginStatus[],
  outcome: StepPluginOutcome,
): readonly StepPluginStatus[] {
  for (const run of entries.filter(({ operation }) => operation === "Run")) {
    const answers = (operation: Operation): boolean => callKey(updateOf(p), run, operation) === outcome.key;
    if (answers("Run")) {
      const next = executed(run, outcome);
      // The end of a step has its own event.
      const isNews = (run.executions ?? 0) === 0 || run.phase !== next.phase;
      if (isNews && next.phase !== "Successful") report(p, next, `transitioned to ${next.phase}`);
      return entries.map((entry) => (entry === run ? next : entry));
    }
    for (const operation of ["Terminate", "Abort"] as const) {
      if (!answers(operation) || entryOf(entries, run.index, operation) !== undefined) continue;
      const next = ended(run, operation, outcome);
      report(p, next, `${operation === "Abort" ? "aborted" : "terminated"} (${next.phase})`);
      return [...entries, next];
    }
  }
  // Nobody waits for it any more.
  return entries;
}

function report(p: Pass, { name, index, phase }: StepPluginStatus, what: string): void {
  const type = phase === "Error" || phase === "Failed" ? "Warning" : "Normal";
  emit(p, "status", "StepPluginTransition", `Step plugin ${name} (step ${index + 1}) ${what}`, type);
}

/** Looks after the plugins of all steps. */
export function syncStepPlugins(p: Pass): void {
  const entries = stepPluginEntries(p);
  const status = statusOf(p);
  const settle = (next: readonly StepPluginStatus[], fault?: StepPluginFault): void => {
    p.stepPlugins = { kind: "asked", entries: next, fault };
  };
  if (isAborted(p)) return settle(entries, revert(p, entries));
  if (status.promoteFull === true || isCompleted(status)) {
    endLast(p, entries);
    return settle(entries);
  }
  // A first deployment takes no steps.
  if (roles(p).stableRS === undefined) return settle(entries);
  const step = currentStepOf(p.world.rollout)?.plugin;
  const index = stepIndexOf(p.world.rollout);
  if (step === undefined || index === undefined || status.phase !== "Progressing") return settle(entries);
  const run = entryOf(entries, index, "Run");
  if (run !== undefined && run.disabled !== true) {
    follow(p, run);
    return settle(entries);
  }
  const next = first(p, index, step.name);
  return "operation" in next ? settle([...entries.filter((each) => each !== run), next]) : settle(entries, next);
}

/** The entry of a step that is to begin. Its plugin is asked once that is stored. */
function first(p: Pass, index: number, name: string): StepPluginStatus | StepPluginFault {
  const found = p.snapshot.stepPlugins?.configured(name);
  if (found?.kind === "disabled") return skipped(index, name);
  return found?.kind === "ready" ? begun(index, name, beginning(p)) : faultOf(p, index, name);
}

/**
 * Later than all that an earlier try has begun: its keys must not be those of this one, though times are whole seconds
 * and a retry may be quicker than that.
 */
function beginning(p: Pass): number {
  const now = stepPluginEntries(p);
  const gone = (p.snapshot.rollout.status?.canary?.stepPluginStatuses ?? []).filter(
    ({ index, operation }) => !now.some((entry) => entry.index === index && entry.operation === operation),
  );
  const begunAt = ({ startedAt }: StepPluginStatus): number => instant(startedAt) ?? 0;
  return Math.max(p.now, ...now.map(begunAt), ...gone.map((entry) => begunAt(entry) + 1_000));
}

/** The configuration is looked at again then. */
const AGAIN_MS = 30_000;

function faultOf(p: Pass, index: number, name: string): StepPluginFault {
  const found = p.snapshot.stepPlugins?.configured(name);
  const problem = found?.kind === "unusable" ? found.problem : "it is not known";
  wake(p, p.now + AGAIN_MS);
  const why = `could not create step plugin at index ${index} : failed to get step plugin ${name}: ${problem}`;
  return { message: `Reconciliation failed with error: ${why}` };
}

function follow(p: Pass, run: StepPluginStatus): void {
  if (run.phase === "Failed") {
    const message = `Step Plugin ${run.index + 1} (${run.name}) failed: ${run.message ?? ""}`;
    p.pause = { ...p.pause, abort: p.pause.abort ?? message, removeAbort: false };
  }
  if (!isUnderWay(run) && run.phase !== "Error") return;
  const due = dueAt(run);
  if (due !== undefined && due > p.now) return wake(p, due);
  call(p, run, "Run");
}

const OPS: Readonly<Record<Operation, CallStepPlugin["op"]>> = { Run: "run", Terminate: "terminate", Abort: "abort" };

/** One call of a Rollout at a time: what a plugin is still doing is over before it is reverted. */
function call(p: Pass, run: StepPluginStatus, operation: Operation): void {
  if (p.world.stepPluginCall !== undefined) return;
  const { index, name: plugin, status } = run;
  const config = stepsOf(p.world.rollout)[index]?.plugin?.config;
  const key = callKey(updateOf(p), run, operation);
  act(p, { kind: "callStepPlugin", op: OPS[operation], index, plugin, key, config, status });
}

/** What the plugins have done is reverted one by one, the last first. */
function revert(p: Pass, entries: readonly StepPluginStatus[]): StepPluginFault | undefined {
  const run = entries.findLast(
    (entry) =>
      (isUnderWay(entry) || (entry.operation === "Run" && entry.phase === "Successful")) &&
      entryOf(entries, entry.index, "Abort") === undefined,
  );
  if (run === undefined) return undefined;
  if (p.snapshot.stepPlugins?.configured(run.name).kind === "unusable") return faultOf(p, run.index, run.name);
  call(p, run, "Abort");
  return undefined;
}

/** A step that a full promotion has overtaken still runs. */
function endLast(p: Pass, entries: readonly StepPluginStatus[]): void {
  const last = lastRunning(entries);
  if (last !== undefined && isReady(p, last)) call(p, last, "Terminate");
}

const isReady = (p: Pass, { name }: StepPluginStatus): boolean =>
  p.snapshot.stepPlugins?.configured(name).kind === "ready";

function lastRunning(entries: readonly StepPluginStatus[]): StepPluginStatus | undefined {
  const last = entries.findLast(isUnderWay);
  return last !== undefined && entryOf(entries, last.index, "Terminate") === undefined ? last : undefined;
}

/** A new version takes the place of one whose plugin still runs: it is told, and nobody waits for its answer. */
export function endSuperseded(p: Pass): void {
  const last = lastRunning(stepPluginEntries(p));
  if (last !== undefined && statusOf(p).abort !== true && isReady(p, last)) call(p, last, "Terminate");
}
