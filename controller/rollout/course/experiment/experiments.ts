/**
 * The Experiments of a pass: the step's own begins and ends, and what it has found pauses or aborts the update
 * (docs/behaviour/experiments.md#what-a-result-does).
 */
import { equal } from "../../../../kube/object/equality.ts";
import type { RolloutExperiment, RolloutStatus } from "../../../../schema/rollout.ts";
import { act, emit, isAborted, roles, statusOf, type Pass } from "../../actions/pass.ts";
import { outlineOf } from "../../actions/createExperiment.ts";
import { currentExperiment, experimentStepOf } from "../../model/experiments.ts";
import type { AnalysisFault, ExperimentFacts } from "../../model/model.ts";
import { isCompleted } from "../../model/rolloutConditions.ts";
import { fates, isRunning } from "../analysis/history.ts";
import { hasEnded } from "../analysisKinds.ts";
import { addPause, pauseCondition } from "../pauseConditions.ts";
import { isFastRollback } from "../rollback.ts";
import { manifestOf, stepPath } from "./manifest.ts";

/** The step whose Experiment is to run; undefined: none is, or no update goes on. */
function wantedStep(p: Pass): RolloutExperiment | undefined {
  const status = statusOf(p);
  const isPointless =
    isCompleted(status) ||
    isAborted(p) ||
    status.promoteFull === true ||
    (status.currentPodHash ?? "") === "" ||
    roles(p).stableRS === undefined ||
    isFastRollback(p);
  return isPointless ? undefined : experimentStepOf(p.world.rollout);
}

/** While one of these pauses holds, a person decides: none begins, and what the current one finds is looked at later. */
const isHeld = (p: Pass): boolean =>
  (["InconclusiveAnalysisRun", "InconclusiveExperiment"] as const).some(
    (reason) => pauseCondition(statusOf(p), reason) !== undefined,
  );

/** Looks after all of them. True where one has just paused or aborted the update: nothing else may follow. */
export function syncExperiments(p: Pass): boolean {
  const { experiments = [] } = p.world;
  const step = wantedStep(p);
  if (step === undefined && experiments.length === 0) {
    p.experiment = { name: undefined, fault: undefined };
    return false;
  }
  const { current, fault } = step === undefined ? NONE : settle(p, step);
  letGo(p, current?.name);
  const isKept = current !== undefined && (!hasEnded(current) || current.phase === "Successful");
  p.experiment = { name: isKept ? current.name : undefined, fault };
  return p.pause.abort !== undefined || p.pause.add.includes("InconclusiveExperiment");
}

interface Settled {
  readonly current: ExperimentFacts | undefined;
  readonly fault?: AnalysisFault;
}

const NONE: Settled = { current: undefined };

function settle(p: Pass, step: RolloutExperiment): Settled {
  const current = currentExperiment(p.world, roles(p).newRS);
  if (isHeld(p)) return { current };
  if (current === undefined) return begin(p, step);
  if (current.phase === "Inconclusive") addPause(p, "InconclusiveExperiment");
  if (current.phase === "Failed" || current.phase === "Error") {
    const failure = "Experiment analysis phase is error/failed";
    const abort = current.message === "" ? failure : `${failure}: ${current.message}`;
    p.pause = { ...p.pause, abort: p.pause.abort ?? abort, removeAbort: false };
  }
  return { current };
}

/**
 * Creates it, or takes the one that an earlier decision has created before its status could be stored. A name that
 * another one has gets a number, as in Argo Rollouts; one that was told to end is none to wait for.
 */
function begin(p: Pass, step: RolloutExperiment): Settled {
  const made = manifestOf(p, step);
  if (made.kind === "fault") return { current: undefined, fault: made.fault };
  const { manifest, sources } = made;
  const base = manifest.metadata.name;
  const { experimentNamesTaken = [], experimentFailure: failure } = p.snapshot;
  const outline = outlineOf(manifest.spec);
  // Whatever its number: earlier ones may have been deleted meanwhile, and their names are free again.
  const begun = p.world.experiments?.find(
    (each) => isNamedAfter(base, each.name) && isRunning(each) && equal(each.outline, outline),
  );
  if (begun !== undefined) return { current: begun };
  for (let number = 0; ; number += 1) {
    const name = number === 0 ? base : `${base}-${number}`;
    if (experimentNamesTaken.includes(name) || p.world.experiments?.some((each) => each.name === name)) continue;
    if (failure?.name === name) {
      const message = `${stepPath(p)}: Failed to create Experiment "${name}": ${failure.message}`;
      return { current: undefined, fault: { reason: "ExperimentCreateError", message } };
    }
    act(p, {
      kind: "createExperiment",
      name,
      manifest: { ...manifest, metadata: { ...manifest.metadata, name } },
      sources,
    });
    emit(p, "action", "ExperimentCreated", `Created Experiment '${name}'`);
    return { current: p.world.experiments?.find((experiment) => experiment.name === name) };
  }
}

const isNamedAfter = (base: string, name: string): boolean =>
  name === base || (name.startsWith(`${base}-`) && /^\d+$/.test(name.slice(base.length + 1)));

/** Ends those that are not current, and deletes those of versions that are gone and the oldest beyond the limits. */
function letGo(p: Pass, current: string | undefined): void {
  const kept = new Set(current === undefined ? [] : [current]);
  const { ended, removed } = fates(p, p.world.experiments ?? [], kept);
  for (const { name, uid } of ended) act(p, { kind: "terminateExperiment", name, uid });
  for (const { name, uid } of removed) act(p, { kind: "deleteExperiment", name, uid });
}

/** For the status: as it was where the pass did not come so far. */
export const experimentRecord = (p: Pass): RolloutStatus["canary"] => ({
  currentExperiment: p.experiment === undefined ? statusOf(p).canary?.currentExperiment : p.experiment.name,
});
