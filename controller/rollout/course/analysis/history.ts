/** What becomes of runs that are not current any more (docs/behaviour/rollout-analysis.md#runs-that-are-over). */
import { spend } from "../../../../kube/object/budget.ts";
import { HASH_LABEL } from "../../../../schema/labels.ts";
import { act, type Pass } from "../../actions/pass.ts";
import type { AnalysisRunFacts } from "../../model/model.ts";
import { hashOf } from "../../model/replicaSets.ts";
import { hasEnded } from "../analysisKinds.ts";

/** How many runs of each kind are kept where the Rollout does not say. */
const KEPT = 5;

export const terminate = (p: Pass, { name, uid }: AnalysisRunFacts): void =>
  act(p, { kind: "terminateAnalysisRun", name, uid });

export const remove = (p: Pass, { name, uid }: AnalysisRunFacts): void =>
  act(p, { kind: "deleteAnalysisRun", name, uid });

type Kept = Pick<AnalysisRunFacts, "name" | "uid" | "labels" | "createdAt" | "deleting" | "phase" | "terminated">;

export const isRunning = (run: Kept): boolean => !hasEnded(run) && !run.terminated && !run.deleting;

/** Ends the runs that are not current, and deletes those that are of no use. `current`: the names of those that are. */
export function letGo(p: Pass, current: ReadonlySet<string>): void {
  const { ended, removed } = fates(p, p.world.analysisRuns ?? [], current);
  for (const run of ended) terminate(p, run);
  for (const run of removed) remove(p, run);
}

interface Fates<T> {
  /** To be told to end. */
  readonly ended: readonly T[];
  /** To be deleted: those of versions that are gone, and the oldest beyond the limits. */
  readonly removed: readonly T[];
}

/** What becomes of AnalysisRuns or Experiments of the Rollout. `current`: the names of those that stay. */
export function fates<T extends Kept>(p: Pass, all: readonly T[], current: ReadonlySet<string>): Fates<T> {
  const ended: T[] = [];
  const removed: T[] = [];
  if (all.length === 0) return { ended, removed };
  spend(all.length, "looking through its AnalysisRuns");
  const { successfulRunHistoryLimit = KEPT, unsuccessfulRunHistoryLimit = KEPT } = p.world.rollout.spec.analysis ?? {};
  const versions = new Set(p.world.replicaSets.filter((rs) => !rs.deleting).map(hashOf));
  const left = { successful: successfulRunHistoryLimit, unsuccessful: unsuccessfulRunHistoryLimit };
  const others = all.filter(({ name, deleting }) => !current.has(name) && !deleting).toSorted(youngestFirst);
  for (const run of others) {
    if (!versions.has(run.labels[HASH_LABEL] ?? "")) removed.push(run);
    else if (!hasEnded(run)) {
      if (!run.terminated) ended.push(run);
    } else {
      const fate = run.phase === "Successful" ? "successful" : "unsuccessful";
      if (left[fate] > 0) left[fate] -= 1;
      else removed.push(run);
    }
  }
  return { ended, removed };
}

const youngestFirst = (a: Kept, b: Kept): number => b.createdAt - a.createdAt || (a.name < b.name ? 1 : -1);
