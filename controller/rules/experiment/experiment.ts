/**
 * What is wrong with an Experiment by itself (docs/behaviour/validation.md#experiments). Violations are what the
 * reference answers with InvalidSpec, in its words, and what the API server is certain to refuse when the ReplicaSet is
 * created.
 */
import { durationHelp } from "../../../kube/object/durationHelp.ts";
import { goDurationProblem } from "../../../kube/object/goDuration.ts";
import { progressDeadlineOf } from "../rollout/input.ts";
import { listed } from "../../../kube/validation/nearNames.ts";
import { at, items, type Place, present, repeated, root, text, whole } from "../../../kube/validation/place.ts";
import { podTemplateViolations } from "../../../kube/validation/podTemplate/template.ts";
import { printedSelector, selectorViolations, selectsEverything } from "../../../kube/validation/labelSelector.ts";
import { dnsSubdomain } from "../../../kube/validation/syntax.ts";
import { unresolvedTags } from "../analysis/tags.ts";
import {
  duplicate,
  forbidden,
  helped,
  invalid,
  invalidTexts,
  required,
  type Violation,
} from "../../../kube/validation/violation.ts";

interface TemplateInput {
  readonly experiment: string;
  readonly template: Place;
  readonly index: number;
  readonly deadlineSeconds: number;
  /** Whether an earlier template has the same name. */
  readonly repeated: boolean;
}

type Rule = (input: TemplateInput) => readonly Violation[];

const SELECTOR = "Write selector.matchLabels with labels that this template's pods have, such as {app: web}";

const selector: Rule = ({ template, index }) => {
  const place = at(template, "selector");
  if (!present(place)) {
    const detail = `Rollout has missing field '.Spec.Templates[${index}].Selector'`;
    return [helped(required("experiment-selector-required", place, detail), SELECTOR)];
  }
  if (!selectsEverything(place)) return selectorViolations(place);
  const detail = `This experiment is selecting all pods at index ${index}. A non-empty selector is required.`;
  return [helped(invalid("experiment-selector-empty", place, detail, printedSelector(place)), SELECTOR)];
};

const minReadySeconds: Rule = ({ template, index, deadlineSeconds }) => {
  const place = at(template, "minReadySeconds");
  const seconds = whole(place) ?? 0;
  if (seconds < 0) return [invalid("experiment-min-ready-seconds", place, "must be greater than or equal to 0")];
  if (seconds <= deadlineSeconds) return [];
  const detail = `MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index ${index}`;
  const help = `progressDeadlineSeconds is ${deadlineSeconds}: raise it, or lower minReadySeconds`;
  return [helped(invalid("experiment-min-ready-seconds", place, detail), help)];
};

/** The template's name is the end of the ReplicaSet's name. */
const name: Rule = ({ experiment, template, index, repeated: again }) => {
  const place = at(template, "name");
  if (text(place) === "") {
    const detail = `Experiment ${experiment} has empty template name at index ${index}`;
    return [helped(required("experiment-template-name", place, detail), "Give each template a name of its own")];
  }
  if (again) {
    const detail = `Experiment ${experiment} has repeated template name '${text(place)}' in templates`;
    return [helped(invalid("experiment-template-name", place, detail), "Give each template a name of its own")];
  }
  const messages = dnsSubdomain(`${experiment || "x"}-${text(place)}`);
  return invalidTexts("experiment-template-name", place, messages);
};

const replicas: Rule = ({ template }) => {
  const place = at(template, "replicas");
  return (whole(place) ?? 1) >= 0 ? [] : [invalid("experiment-replicas", place, "must be greater than or equal to 0")];
};

/** Rules that are stricter here than at today's API server, which decides in the end. */
const STRICTER = new Set(["env-name", "env-from", "dns-search"]);
const isStricter = ({ rule, type }: Violation): boolean => STRICTER.has(rule) && type === "Invalid";

/** Without a usable selector it is unknown whether it selects the template. */
function podTemplate({ template }: TemplateInput): readonly Violation[] {
  const place = at(template, "selector");
  if (!present(place) || selectsEverything(place) || selectorViolations(place).length > 0) return [];
  return podTemplateViolations({ selector: place, template: at(template, "template") });
}

const certain: Rule = (input) => podTemplate(input).filter((violation) => !isStricter(violation));
const uncertain: Rule = (input) => podTemplate(input).filter(isStricter);

const RULES: readonly Rule[] = [selector, minReadySeconds, name, replicas, certain];

function inputs(experiment: Place): readonly TemplateInput[] {
  const spec = at(experiment, "spec");
  const templates = items(at(spec, "templates")).map((template) => ({ template, name: at(template, "name") }));
  const again = new Set(repeated(templates.map((each) => each.name)));
  return templates.map((each, index) => ({
    experiment: text(at(experiment, "metadata", "name")),
    template: each.template,
    index,
    deadlineSeconds: progressDeadlineOf(spec),
    repeated: again.has(each.name),
  }));
}

/** Never throws, whatever it is given. Template by template, in the reference's order. */
export function experimentViolations(experiment: unknown): readonly Violation[] {
  return inputs(root(experiment)).flatMap((input) => RULES.flatMap((rule) => rule(input)));
}

/** The reference lets it run for ever. */
function duration(spec: Place): readonly Violation[] {
  const place = at(spec, "duration");
  const problem = text(place) === "" ? undefined : goDurationProblem(text(place));
  if (problem === undefined) return [];
  const found = invalid("experiment-duration", place, `never ends, because this is not a duration: ${problem}`);
  return [helped(found, durationHelp(place.value, "none"))];
}

/** Two analyses of one name share the name and the status of one AnalysisRun. */
const analysisNames = (spec: Place): readonly Violation[] =>
  repeated(items(at(spec, "analyses")).map((analysis) => at(analysis, "name"))).map((place) =>
    helped(duplicate("experiment-analysis-name", place), "Give each analysis a name of its own"),
  );

/** Only literal values reach the AnalysisRun; their tags may refer to the Experiment's own templates and times. */
function analysisArguments(spec: Place): readonly Violation[] {
  const names = new Set([
    "experiment.availableAt",
    ...(text(at(spec, "duration")) === "" ? [] : ["experiment.finishedAt"]),
    ...items(at(spec, "templates"))
      .map((template) => text(at(template, "name")))
      .flatMap((each) => [`templates.${each}.podTemplateHash`, `templates.${each}.replicaset.name`]),
  ]);
  return items(at(spec, "analyses"))
    .flatMap((analysis) => items(at(analysis, "args")))
    .flatMap((argument) => [
      ...(present(at(argument, "valueFrom"))
        ? [
            forbidden(
              "experiment-argument-source",
              at(argument, "valueFrom"),
              "is not read in an Experiment; give a value",
            ),
          ]
        : []),
      ...unresolvedTags(at(argument, "value"), names).map(({ place, tag, detail }) =>
        helped(invalid("experiment-argument-tag", place, detail, tag), `Here a tag may be ${listed(names, "or")}`),
      ),
    ]);
}

/** What the reference lets through, and what only an older API server refuses. */
export function experimentWarnings(experiment: unknown): readonly Violation[] {
  const place = root(experiment);
  const spec = at(place, "spec");
  return [...inputs(place).flatMap(uncertain), ...duration(spec), ...analysisNames(spec), ...analysisArguments(spec)];
}
