/** What must hold of analyses at every instant. */
import { hasEnded } from "../../../controller/rollout/course/analysisKinds.ts";
import type { ReplicaSetFacts } from "../../../controller/rollout/model/model.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { HASH_LABEL, ROLLOUT_TYPE, STEP_INDEX } from "../../../schema/labels.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";

type Runs = Iterable<AnalysisRun>;

const succeeded = (runs: Runs, labels: Readonly<Record<string, string>>): boolean =>
  [...runs].some(
    ({ metadata, status }) =>
      status?.phase === "Successful" &&
      Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
  );

/** A step of an update to this hash has a run that succeeded. */
export const stepSucceeded = (runs: Runs, hash: string, index: number): boolean =>
  succeeded(runs, { [HASH_LABEL]: hash, [STEP_INDEX]: String(index) });

/** Two runs for the same: one of them is superfluous. */
export function doubled(runs: Runs, rollout: Rollout | undefined): string | undefined {
  const seen = new Set<string>();
  for (const { metadata, spec, status } of runs) {
    const isOver = hasEnded({ phase: status?.phase ?? "" }) || spec.terminate === true;
    const isOurs = metadata.ownerReferences?.some(({ uid }) => uid === rollout?.metadata.uid) === true;
    if (isOver || !isOurs || metadata.deletionTimestamp !== undefined) continue;
    const { [HASH_LABEL]: hash = "", [ROLLOUT_TYPE]: type = "", [STEP_INDEX]: index = "" } = metadata.labels ?? {};
    const key = `${type} ${index} of ${hash}`;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}

interface Promotion {
  readonly rollout: Rollout;
  readonly before: RolloutStatus;
  readonly after: RolloutStatus;
  readonly sets: Iterable<ReplicaSetFacts>;
  readonly runs: Runs;
}

/** A blue-green version becomes stable though an analysis that it needs has not succeeded; ways back need none. */
export function untestedProblem({ rollout, before, after, sets, runs }: Promotion): string | undefined {
  const { blueGreen } = rollout.spec.strategy ?? {};
  const hash = after.stableRS ?? "";
  if (blueGreen === undefined || hash === before.stableRS || before.promoteFull === true) return undefined;
  const all = [...sets];
  const [old, next] = [before.stableRS, hash].map((name) => all.find(({ labels }) => labels[HASH_LABEL] === name));
  if (old === undefined || next === undefined || next.createdAt <= old.createdAt) return undefined;
  // Without pods there was nothing to lose.
  if ((before.blueGreen?.activeSelector ?? "") === "") return undefined;
  const wanted = [
    ...(blueGreen.prePromotionAnalysis === undefined ? [] : ["PrePromotion"]),
    ...(blueGreen.postPromotionAnalysis === undefined ? [] : ["PostPromotion"]),
  ];
  const missing = wanted.find((type) => !succeeded(runs, { [HASH_LABEL]: hash, [ROLLOUT_TYPE]: type }));
  return missing === undefined ? undefined : `makes ${hash} stable though its ${missing} analysis has not succeeded`;
}
