/** Rules of Deployments, ReplicaSets and Jobs (k8s.io/kubernetes v1.36.3 pkg/apis/apps and batch, validation). */
import { at, type Place, present, text, textMap, whole } from "../../../kube/validation/place.ts";
import { podTemplateViolations } from "../../../kube/validation/podTemplate/template.ts";
import { podSpecViolations } from "../../../kube/validation/podTemplate/podSpec.ts";
import {
  printedMap,
  printedSelector,
  selects,
  selectorViolations,
  selectsEverything,
} from "../../../kube/validation/labelSelector.ts";
import { forbidden, type Violation } from "../../../kube/validation/violation.ts";
import { equal } from "../../../kube/object/equality.ts";
import { type Check, immutable, members, missing, notBelow, type Rule, unsupported, wrong } from "./rule.ts";
import { relaxed } from "./relaxed.ts";

function selector(spec: Place, what: string): readonly Violation[] {
  const place = at(spec, "selector");
  if (!present(place)) return [missing(place)];
  const violations = selectorViolations(place);
  if (violations.length > 0) return [...violations, wrong(place, "invalid label selector", printedSelector(place))];
  return selectsEverything(place) ? [wrong(place, `empty selector is invalid for ${what}`)] : [];
}

/** Not checked again when neither selector nor template differs from the stored one. */
function template(spec: Place, old: Place | undefined): readonly Violation[] {
  const unchanged =
    old !== undefined && ["selector", "template"].every((name) => equal(at(spec, name).value, at(old, name).value));
  if (unchanged) return [];
  const violations = podTemplateViolations({ selector: at(spec, "selector"), template: at(spec, "template") });
  // An invalid selector cannot be compared with the labels of the template.
  const unreadable = present(at(spec, "selector")) && selectorViolations(at(spec, "selector")).length > 0;
  return relaxed(unreadable ? violations.filter((one) => one.rule !== "template-selected") : violations);
}

const percentRule =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** A count, or a part such as "25%". */
export const countOrPart: Check = (place) => {
  if (typeof place.value === "string") return /^[0-9]+%$/.test(place.value) ? [] : [wrong(place, percentRule)];
  return notBelow(0)(place);
};

export const atMostAll: Check = (place) => {
  const part = /^(\d+)%$/.exec(text(place))?.[1];
  return part !== undefined && Number(part) > 100 ? [wrong(place, "must not be greater than 100%")] : [];
};

const isNothing = (place: Place): boolean => place.value === 0 || /^0+%$/.test(text(place));

const strategy: Check = (place) => {
  const rolling = at(place, "rollingUpdate");
  switch (text(at(place, "type"))) {
    case "Recreate": {
      if (!present(rolling)) return [];
      return [forbidden("api", rolling, "may not be specified when strategy `type` is 'Recreate'")];
    }
    case "RollingUpdate": {
      const [unavailable, surge] = [at(rolling, "maxUnavailable"), at(rolling, "maxSurge")];
      const both = isNothing(unavailable) && isNothing(surge);
      return [
        ...countOrPart(unavailable),
        ...countOrPart(surge),
        ...(both ? [wrong(unavailable, "may not be 0 when `maxSurge` is 0")] : []),
        ...atMostAll(unavailable),
      ];
    }
    default: {
      const written = { Type: text(at(place, "type")), RollingUpdate: rolling.value ?? null };
      return [unsupported(place, ["Recreate", "RollingUpdate"], written)];
    }
  }
};

function deadline(spec: Place): readonly Violation[] {
  const place = at(spec, "progressDeadlineSeconds");
  const seconds = whole(place);
  if (seconds === undefined) return [];
  const ready = whole(at(spec, "minReadySeconds")) ?? 0;
  return [...notBelow(0)(place), ...(seconds > ready ? [] : [wrong(place, "must be greater than minReadySeconds")])];
}

export const deployment: Rule = (object, before) => {
  const spec = at(object, "spec");
  const old = before === undefined ? undefined : at(before, "spec");
  return [
    ...notBelow(0)(at(spec, "replicas")),
    ...selector(spec, "deployment"),
    ...template(spec, old),
    ...strategy(at(spec, "strategy")),
    ...members({ minReadySeconds: notBelow(0), revisionHistoryLimit: notBelow(0) })(spec),
    ...deadline(spec),
    ...immutable(object, before, "spec", "selector"),
  ];
};

export const replicaSet: Rule = (object, before) => {
  const spec = at(object, "spec");
  const old = before === undefined ? undefined : at(before, "spec");
  return [
    ...members({ replicas: notBelow(0), minReadySeconds: notBelow(0) })(spec),
    ...selector(spec, "deployment"),
    ...template(spec, old),
    ...immutable(object, before, "spec", "selector"),
  ];
};

const jobNumbers = members(
  Object.fromEntries(
    ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"].map((name) => [
      name,
      notBelow(0),
    ]),
  ),
);

/** A Job may have a selector of its own only with manualSelector. */
function jobSelector(object: Place): readonly Violation[] {
  const place = at(object, "spec", "selector");
  if (!present(place)) return [missing(place)];
  const labels = at(object, "spec", "template", "metadata", "labels");
  const uid = at(object, "metadata", "uid").value;
  const generated = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  const isManual = at(object, "spec", "manualSelector").value === true;
  const selected = selects(place, textMap(labels));
  return [
    ...(isManual || equal(place.value, generated)
      ? []
      : [wrong(place, "`selector` not auto-generated", printedSelector(place))]),
    ...(selected ? [] : [wrong(labels, "`selector` does not match template `labels`", printedMap(labels))]),
  ];
}

function jobRestart(spec: Place): readonly Violation[] {
  const place = at(spec, "template", "spec", "restartPolicy");
  if (text(place) === "Always" || text(place) === "") return [missing(place, 'valid values: "OnFailure", "Never"')];
  return ["OnFailure", "Never"].includes(text(place)) ? [] : [unsupported(place, ["OnFailure", "Never"])];
}

function jobCompletions(spec: Place): readonly Violation[] {
  const place = at(spec, "completions");
  const isIndexed = text(at(spec, "completionMode")) === "Indexed";
  return isIndexed && !present(place) ? [missing(place, "when completion mode is Indexed")] : [];
}

/** A running Job keeps its template; the completions of an indexed one may change, together with its parallelism. */
const jobImmutable: Rule = (object, old) => {
  if (old === undefined) return [];
  const isIndexed = text(at(object, "spec", "completionMode")) === "Indexed";
  const names = ["selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex"];
  const mayChange = at(old, "spec", "suspend").value === true && !present(at(old, "status", "startTime"));
  return [
    ...(isIndexed ? [] : immutable(object, old, "spec", "completions")),
    ...(mayChange ? [] : immutable(object, old, "spec", "template")),
    ...names.flatMap((name) => immutable(object, old, "spec", name)),
  ];
};

export const job: Rule = (object, old) => {
  const spec = at(object, "spec");
  const pod = at(spec, "template", "spec");
  const unchanged = old !== undefined && equal(pod.value, at(old, "spec", "template", "spec").value);
  return [
    ...jobNumbers(spec),
    ...jobCompletions(spec),
    ...(old === undefined ? jobSelector(object) : []),
    ...(unchanged ? [] : [...relaxed(podSpecViolations(pod)), ...jobRestart(spec)]),
    ...jobImmutable(object, old),
  ];
};
