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

export const isRunning = (run: AnalysisRunFacts): boolean => !hasEnded(run) && !run.terminated && !run.deleting;

/**
 * Ends the runs that are not current, and deletes those of versions that are gone and the oldest beyond the limits.
 * `current`: the names of those that are.
 */
export function letGo(p: Pass, current: ReadonlySet<string>): void {
  const runs = p.world.analysisRuns ?? [];
  if (runs.length === 0) return;
  spend(runs.length, "looking through its AnalysisRuns");
  const { successfulRunHistoryLimit = KEPT, unsuccessfulRunHistoryLimit = KEPT } = p.world.rollout.spec.analysis ?? {};
  const versions = new Set(p.world.replicaSets.filter((rs) => !rs.deleting).map(hashOf));
  const left = { successful: successfulRunHistoryLimit, unsuccessful: unsuccessfulRunHistoryLimit };
  const others = runs.filter(({ name, deleting }) => !current.has(name) && !deleting).toSorted(youngestFirst);
  for (const run of others) {
    if (!versions.has(run.labels[HASH_LABEL] ?? "")) remove(p, run);
    else if (!hasEnded(run)) {
      if (!run.terminated) terminate(p, run);
    } else {
      const fate = run.phase === "Successful" ? "successful" : "unsuccessful";
      if (left[fate] > 0) left[fate] -= 1;
      else remove(p, run);
    }
  }
}

const youngestFirst = (a: AnalysisRunFacts, b: AnalysisRunFacts): number =>
  b.createdAt - a.createdAt || (a.name < b.name ? 1 : -1);
