/** The Rollout's spec around its strategy (docs/behaviour/validation.md#the-spec), in the reference's order. */
import { blueGreenViolations } from "./blueGreen.ts";
import { canaryViolations } from "./canary.ts";
import { progressDeadlineOf, replicasOf, revisionHistoryLimitOf, type RolloutPlaces } from "./input.ts";
import { at, count, type Place, present, root, whole } from "../../../kube/validation/place.ts";
import { shownJson } from "../../../kube/object/shownJson.ts";
import { podTemplateViolations } from "../../../kube/validation/podTemplate/template.ts";
import { printedSelector, selectorViolations, selectsEverything } from "../../../kube/validation/labelSelector.ts";
import {
  violationText,
  helped,
  internalError,
  invalid,
  required,
  type Violation,
} from "../../../kube/validation/violation.ts";

export type SpecRule = (rollout: RolloutPlaces) => readonly Violation[];

const notNegative = (rule: string, place: Place, value: number): readonly Violation[] =>
  value >= 0 ? [] : [invalid(rule, place, "must be greater than or equal to 0", value)];

const usesWorkloadRef = ({ spec }: RolloutPlaces): boolean => present(at(spec, "workloadRef"));

const replicas: SpecRule = ({ spec }) => notNegative("replicas", at(spec, "replicas"), replicasOf(spec));

const selector: SpecRule = (rollout) => {
  const { spec } = rollout;
  const place = at(spec, "selector");
  if (usesWorkloadRef(rollout)) return [];
  if (!present(place)) {
    const found = required("selector-required", place, "Rollout has missing field '.spec.selector'");
    return [helped(found, selectorHelp(rollout))];
  }
  if (!selectsEverything(place)) return selectorViolations(place);
  const found = invalid("selector-empty", place, "empty selector is invalid for deployment", printedSelector(place));
  return [helped(found, `It would select every pod of the namespace. ${selectorHelp(rollout)}`)];
};

function selectorHelp({ template: { value } }: RolloutPlaces): string {
  const labels = at(root(value), "metadata", "labels");
  const given = count(labels) > 0 ? shownJson(labels.value, 100) : "such as {app: web}, also in the template's labels";
  return `Write selector.matchLabels with labels that the pod template has: ${given}`;
}

/** A template beside a reference: only one of them can be meant. Only labels and annotations are checked. */
const templateOrReference: SpecRule = (rollout) => {
  const template = at(rollout.spec, "template");
  const metadata = at(template, "metadata");
  const filled = count(at(metadata, "labels")) + count(at(metadata, "annotations")) > 0;
  if (!usesWorkloadRef(rollout) || rollout.resolved || !filled) return [];
  const found = internalError(
    "template-and-reference",
    template,
    "template must be empty for workload reference rollout",
  );
  return [helped(found, "Remove spec.template, or spec.workloadRef: only one of them can give the pods")];
};

/** The template is not checked while the selector is unusable, nor before a reference is resolved. */
const template: SpecRule = (rollout) => {
  const place = rollout.selector;
  const [first] = selectorViolations(place);
  if (first !== undefined) {
    const found = invalid("selector-unusable", place, "invalid label selector", printedSelector(place));
    // Only a selector of the Rollout's own has been judged by itself.
    const help = usesWorkloadRef(rollout)
      ? `The selector of the workload is not valid: ${violationText(first)}`
      : "The pod template is judged once the selector is right";
    return [helped(found, help)];
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
  const ready = whole(at(spec, "minReadySeconds")) ?? 0;
  const negative = notNegative("progress-deadline", place, deadline);
  if (deadline > ready) return negative;
  const found = invalid("progress-deadline-too-short", place, "must be greater than minReadySeconds", deadline);
  const help =
    `minReadySeconds is ${ready}, so no pod could count as available before the deadline` +
    `${present(place) ? "" : ", which is 600 s by default"}: raise progressDeadlineSeconds or lower minReadySeconds`;
  return [...negative, helped(found, help)];
};

const STRATEGIES =
  "Write spec.strategy.canary, with steps such as setWeight: 20, or spec.strategy.blueGreen with activeService; " +
  "canary: {} alone updates as a Deployment does";

const strategy: SpecRule = (rollout) => {
  const place = at(rollout.spec, "strategy", "strategy");
  const blueGreen = present(rollout.blueGreen);
  const canary = present(rollout.canary);
  if (blueGreen && canary) {
    const detail = "Multiple Strategies can not be listed";
    const found = invalid("strategy-several", place, detail, "blueGreen: true canary: true");
    return [helped(found, "Keep one of spec.strategy.blueGreen and spec.strategy.canary, and remove the other")];
  }
  if (blueGreen) return blueGreenViolations(rollout);
  if (canary) return canaryViolations(rollout);
  const detail = "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'";
  return [helped(required("strategy-required", place, detail), STRATEGIES)];
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
