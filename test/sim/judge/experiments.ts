/** What must hold of Experiments at every instant. */
import { hasEnded } from "../../../controller/rollout/course/analysisKinds.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { HASH_LABEL, REVISION } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { waysOf } from "../planes/planes.ts";
import type { Truth } from "../world/truth.ts";

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

type Seen = Pick<Truth, "services" | "experiments">;

/** The Experiment that a Service has been made for; undefined: for none. */
function trialOf({ services, experiments }: Seen, service: string): Experiment | "gone" | undefined {
  const uid = services.get(service)?.experiment?.uid;
  return uid === undefined ? undefined : ([...experiments].find(({ metadata }) => metadata.uid === uid) ?? "gone");
}

/** The largest weight of each Service in any route, by the routers that the Rollout names. */
export type Weights = ReadonlyMap<string, number>;

export function weightsNow({ seen, rollout }: Pick<Truth, "seen" | "rollout">): Weights {
  const found = new Map<string, number>();
  for (const { to, weight } of rollout === undefined ? [] : waysOf(seen, rollout))
    found.set(to.name, Math.max(weight, found.get(to.name) ?? 0));
  return found;
}

/** A write that gives requests to an Experiment whose pods have never been available together, or that is gone. */
export function hastyTraffic(truth: Truth, before: Weights): string | undefined {
  for (const [service, weight] of weightsNow(truth)) {
    if (weight <= (before.get(service) ?? 0)) continue;
    const trial = trialOf(truth, service);
    if (trial === undefined) continue;
    if (trial === "gone") return `sends ${weight} % of the requests to ${service}, whose Experiment is gone`;
    if (trial.status?.availableAt === undefined)
      return `sends ${weight} % of the requests to ${service} before Experiment ${trial.metadata.name} has its pods`;
  }
  return undefined;
}

/** Requests that still go to an Experiment at rest. */
export const trialTraffic = (truth: Truth): string | undefined =>
  [...weightsNow(truth)]
    .filter(([service, weight]) => weight > 0 && trialOf(truth, service) !== undefined)
    .map(([service, weight]) => `${weight} % of the requests go to ${service} of an Experiment`)[0];
