/** The Rollout's spec around its strategy (docs/behaviour/validation.md#the-spec), in the reference's order. */
import { blueGreenViolations } from "./blueGreen.ts";
import { canaryViolations } from "./canary.ts";
import { progressDeadlineOf, replicasOf, revisionHistoryLimitOf, type RolloutPlaces } from "./input.ts";
import { at, count, type Place, present, whole } from "../../../kube/validation/place.ts";
import { podTemplateViolations } from "../../../kube/validation/podTemplate/template.ts";
import { printedSelector, selectorViolations, selectsEverything } from "../../../kube/validation/selector.ts";
import { internalError, invalid, required, type Violation } from "../../../kube/validation/violation.ts";

export type SpecRule = (rollout: RolloutPlaces) => readonly Violation[];

const notNegative = (rule: string, place: Place, value: number): readonly Violation[] =>
  value >= 0 ? [] : [invalid(rule, place, "must be greater than or equal to 0", value)];

const usesWorkloadRef = ({ spec }: RolloutPlaces): boolean => present(at(spec, "workloadRef"));

const replicas: SpecRule = ({ spec }) => notNegative("replicas", at(spec, "replicas"), replicasOf(spec));

const selector: SpecRule = (rollout) => {
  const { spec } = rollout;
  const place = at(spec, "selector");
  if (usesWorkloadRef(rollout)) return [];
  if (!present(place)) return [required("selector-required", place, "Rollout has missing field '.spec.selector'")];
  if (!selectsEverything(place)) return selectorViolations(place);
  return [invalid("selector-empty", place, "empty selector is invalid for deployment", printedSelector(place))];
};

/** A template beside a reference: only one of them can be meant. Only labels and annotations are checked. */
const templateOrReference: SpecRule = (rollout) => {
  const template = at(rollout.spec, "template");
  const metadata = at(template, "metadata");
  const filled = count(at(metadata, "labels")) + count(at(metadata, "annotations")) > 0;
  if (!usesWorkloadRef(rollout) || rollout.resolved || !filled) return [];
  return [internalError("template-and-reference", template, "template must be empty for workload reference rollout")];
};

/** The template is not checked while the selector is unusable, nor before a reference is resolved. */
const template: SpecRule = (rollout) => {
  const place = rollout.selector;
  if (selectorViolations(place).length > 0) {
    return [invalid("selector-unusable", place, "invalid label selector", printedSelector(place))];
  }
  if (usesWorkloadRef(rollout) && !rollout.resolved) return [];
  return podTemplateViolations(rollout);
};

const minReadySeconds: SpecRule = ({ spec }) => {
  const place = at(spec, "minReadySeconds");
  return notNegative("min-ready-seconds", place, whole(place) ?? 0);
};

const revisionHistoryLimit: SpecRule = ({ spec }) =>
  notNegative("revision-history-limit", at(spec, "revisionHistoryLimit"), revisionHistoryLimitOf(spec));

const progressDeadline: SpecRule = ({ spec }) => {
  const place = at(spec, "progressDeadlineSeconds");
  const deadline = progressDeadlineOf(spec);
  const tooShort = deadline <= (whole(at(spec, "minReadySeconds")) ?? 0);
  return [
    ...notNegative("progress-deadline", place, deadline),
    ...(tooShort
      ? [invalid("progress-deadline-too-short", place, "must be greater than minReadySeconds", deadline)]
      : []),
  ];
};

const strategy: SpecRule = (rollout) => {
  const place = at(rollout.spec, "strategy", "strategy");
  const blueGreen = present(rollout.blueGreen);
  const canary = present(rollout.canary);
  if (blueGreen && canary) {
    const detail = "Multiple Strategies can not be listed";
    return [invalid("strategy-several", place, detail, "blueGreen: true canary: true")];
  }
  if (blueGreen) return blueGreenViolations(rollout);
  if (canary) return canaryViolations(rollout);
  const detail = "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'";
  return [required("strategy-required", place, detail)];
};

export const SPEC_RULES: readonly SpecRule[] = [
  replicas,
  selector,
  templateOrReference,
  template,
  minReadySeconds,
  revisionHistoryLimit,
  progressDeadline,
  strategy,
];
