/** What must hold of Experiments at every instant. */
import { hasEnded } from "../../../controller/rollout/course/analysisKinds.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { HASH_LABEL, REVISION } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";

type Experiments = Iterable<Experiment>;

/** The version and the step that it is for, by its name: the index stands behind the revision. */
function purposeOf({ metadata }: Experiment): string {
  const hash = metadata.labels?.[HASH_LABEL] ?? "";
  const revision = metadata.annotations?.[REVISION] ?? "";
  const rest = metadata.name.slice(metadata.name.indexOf(`-${hash}-${revision}-`) + `-${hash}-${revision}-`.length);
  return `step ${Number.parseInt(rest, 10)} of ${hash}`;
}

/** A step of an update to this hash has one that succeeded. */
export const trialSucceeded = (experiments: Experiments, hash: string, index: number): boolean =>
  [...experiments].some(
    (each) => each.status?.phase === "Successful" && purposeOf(each) === `step ${index} of ${hash}`,
  );

/** Two for the same step: one of them is superfluous. */
export function doubledTrial(experiments: Experiments, rollout: Rollout | undefined): string | undefined {
  const seen = new Set<string>();
  for (const each of experiments) {
    const { metadata, spec, status } = each;
    const isOver = hasEnded({ phase: status?.phase ?? "" }) || spec.terminate === true;
    const isOurs = metadata.ownerReferences?.some(({ uid }) => uid === rollout?.metadata.uid) === true;
    if (isOver || !isOurs || metadata.deletionTimestamp !== undefined) continue;
    const purpose = purposeOf(each);
    if (seen.has(purpose)) return `by Experiments, ${purpose}`;
    seen.add(purpose);
  }
  return undefined;
}
