/**
 * What a Rollout will do that its author hardly meant, as far as its spec alone says
 * (docs/behaviour/admission.md#what-will-happen). Few, and each certain: what is done on purpose as often as by mistake
 * is not warned of. What only the cluster can tell is left to the audit.
 */
import { nearestSplit } from "../../rollout/sizes/replicas.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import { flatMap } from "../../../kube/object/flatMap.ts";
import { at, isTrue, items, type Place, present, root, text, whole } from "../../../kube/validation/place.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (spec: Place) => readonly Violation[];

const canaryIn = (spec: Place): Place => at(spec, "strategy", "canary");
const stepsIn = (spec: Place): readonly Place[] => items(at(canaryIn(spec), "steps"));

/** A share of the pods that is further off than this, in percent, is not what was asked for. */
const TOLERANCE = 4;
const FULL_WEIGHT = 100;

/** Undefined where an autoscaler or a workload says how many there are: then the member is left out. */
const replicasIn = (spec: Place): number | undefined => whole(at(spec, "replicas"));

/** Only whether there is any counts for the split; percentages are rounded up, and the default is 25 %. */
function hasSurge(spec: Place): boolean {
  const surge = at(canaryIn(spec), "maxSurge");
  return !present(surge) || (surge.value !== 0 && !/^0+%?$/.test(text(surge)));
}

/** Without a router the weight is a number of pods. The first weight that is far off; the others are counted. */
const weightOfPods: Rule = (spec) => {
  const replicas = replicasIn(spec);
  if (replicas === undefined || replicas < 1 || present(at(canaryIn(spec), "trafficRouting"))) return [];
  const surge = hasSurge(spec) ? 1 : 0;
  const off = stepsIn(spec).flatMap((step) => {
    const place = at(step, "setWeight");
    const weight = whole(place);
    if (weight === undefined || weight <= 0 || weight >= FULL_WEIGHT) return [];
    const { canary, stable } = nearestSplit(replicas, weight, surge);
    const share = (canary / (canary + stable)) * FULL_WEIGHT;
    return Math.abs(share - weight) > TOLERANCE ? [{ place, canary, all: canary + stable, share }] : [];
  });
  const [first] = off;
  if (first === undefined) return [];
  const { place, canary, all, share } = first;
  const more = off.length === 1 ? "" : ` (${off.length - 1} more weights are as far off)`;
  const advice = "name a router in trafficRouting for exact weights, or more replicas";
  const detail = `without a router that is ${canary} of ${all} pods, ${Math.round(share)} %${more}; ${advice}`;
  return [invalid("weight-of-pods", place, detail)];
};

/** Steps that wait for a verdict, a time or a person. */
const WAITING: ReadonlySet<string> = new Set([
  ...STEPS.kinds.filter(({ isEndless }) => isEndless === true).map(({ member }) => member),
  "plugin",
]);

/** Nothing looks at the new version: each step ends as soon as its pods are ready. */
const nobodyLooks: Rule = (spec) => {
  const steps = stepsIn(spec);
  const analysis = at(canaryIn(spec), "analysis");
  const from = whole(at(analysis, "startingStep")) ?? 0;
  // Beyond the last step there is a warning of its own.
  if (steps.length === 0 || (present(analysis) && from > 0)) return [];
  if (steps.some((step) => [...WAITING].some((member) => present(at(step, member))))) return [];
  const place = at(canaryIn(spec), "steps");
  const detail = present(analysis)
    ? "no step takes time, so the background analysis ends as soon as the pods are ready, perhaps before it has measured; add a pause"
    : "no step pauses or analyses, so each weight lasts only until its pods are ready; add a pause or an analysis";
  return [invalid("steps-without-a-look", place, detail, steps.length)];
};

/** The deadline is not counted at a pause, however long it lasts. */
const endlessPause: Rule = (spec) => {
  if (!isTrue(at(spec, "progressDeadlineAbort"))) return [];
  const pause = stepsIn(spec)
    .map((step) => at(step, "pause"))
    .find((place) => present(place) && !present(at(place, "duration")));
  if (pause === undefined) return [];
  const detail =
    "has no duration, and progressDeadlineAbort does not end it: a pause does not count towards the deadline; give it a duration, or promote by hand";
  return [invalid("pause-under-deadline", pause, detail)];
};

const RULES: readonly Rule[] = [weightOfPods, nobodyLooks, endlessPause];

/** Warnings, at most one of each kind. Never throws, whatever it is given. */
export function rolloutPredictions(rollout: unknown): readonly Violation[] {
  const spec = at(root(rollout), "spec");
  return flatMap(RULES, (rule) => rule(spec));
}
