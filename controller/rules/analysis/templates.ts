/**
 * The analysis templates that a Rollout uses, as the cluster holds them now
 * (docs/behaviour/validation.md#analysis-templates-of-a-rollout). A missing template may be on its way and warns; a
 * contradiction refuses, since applying the Rollout again succeeds once it is repaired.
 *
 * Two checks of the reference are left out, because they refuse what works: the dry-run list of one step is not checked
 * against the templates of another, and a background argument may get its value from another template.
 */
import { argumentNames, hasTwoSources } from "./arguments.ts";
import { goQuoted } from "../../../kube/object/goQuoted.ts";
import { once } from "../../../kube/object/budget.ts";
import type { Findings } from "../../../kube/validation/findings.ts";
import {
  circleText,
  isResolved,
  listed,
  mergeArguments,
  missingText,
  notResolved,
  repeatedMetric,
  repeatedMetrics,
  repeatedRules,
} from "./merging.ts";
import { limitOf } from "./metric.ts";
import { at, items, pathOf, type Place, placed, present, root, text } from "../../../kube/validation/place.ts";
import { isTemplated, tagHelp, unresolvedTags } from "./tags.ts";
import { type Collection, collector, collectTemplates, type Missing, type Templates } from "./templateCollection.ts";
import { didYouMean, nearest } from "../../../kube/validation/nearNames.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";

/** An analysis of a Rollout, and whether a step or a promotion waits for its end. */
interface Use {
  readonly analysis: Place;
  readonly isWaitedFor: boolean;
}

export function analysesOf(rollout: unknown): readonly Use[] {
  const strategy = at(root(rollout), "spec", "strategy");
  const inline = [
    at(strategy, "blueGreen", "prePromotionAnalysis"),
    at(strategy, "blueGreen", "postPromotionAnalysis"),
    ...items(at(strategy, "canary", "steps")).map((step) => at(step, "analysis")),
  ];
  return [
    ...inline.map((analysis) => ({ analysis, isWaitedFor: true })),
    { analysis: at(strategy, "canary", "analysis"), isWaitedFor: false },
  ].filter(({ analysis }) => present(analysis));
}

interface Detail {
  readonly detail: string;
  readonly help: string;
}

/** What the templates of one analysis have to agree on; the value lists them all, as the reference's does. */
function together({ analysis }: Use, collection: Collection): readonly Violation[] {
  const value = `templateNames: [${collection.found.map(({ name }) => name).join(" ")}]`;
  const details: readonly Detail[] = [
    ...repeatedMetrics(collection).map((name) => ({
      detail: repeatedMetric(name),
      help: "The metrics of all these templates come into one AnalysisRun: rename one, or use the templates in two analyses",
    })),
    ...(["dryRun", "measurementRetention"] as const).flatMap((member) =>
      repeatedRules(analysis, collection, member).map((detail) => ({
        detail,
        help: "Keep one of them, here or in one of the templates",
      })),
    ),
    ...argumentDetails(analysis, collection),
  ];
  return details.map(({ detail, help }) =>
    helped(invalid("templates-disagree", at(analysis, "templates"), detail, value), help),
  );
}

/**
 * Arguments merged: the first one of a name with a value counts, and the Rollout's own values override all. A template
 * that is missing could still bring a value, so no argument is unresolved before all templates are there.
 */
function argumentDetails(analysis: Place, collection: Collection): readonly Detail[] {
  const { merged, hidden, conflicts } = mergeArguments(collection);
  const details = conflicts.map((detail) => ({
    detail,
    help: "Templates that are used together need one value: leave one of the two out",
  }));
  if (collection.missing.length > 0) return details;
  const given = new Set(items(at(analysis, "args")).map((argument) => text(at(argument, "name"))));
  const unresolved = [...merged].filter(
    ([name, argument]) => !given.has(name) && !hidden.has(name) && !isResolved(argument),
  );
  return [
    ...details,
    ...unresolved.map(([name]) => ({
      detail: notResolved(name),
      help: `The templates have no value for it: write {name: ${name}, value: …} in args, beside templates${misspelt(name, given)}`,
    })),
  ];
}

function misspelt(name: string, given: ReadonlySet<string>): string {
  const near = nearest(name, given);
  return near === undefined ? "" : `; ${goQuoted(near)} is there`;
}

/** What each template must be by itself if a step waits for it: complete, and finite. */
function waitedFor({ analysis }: Use, { found }: Collection): readonly Violation[] {
  return found.flatMap(({ name, spec }) =>
    once("a template that is waited for", spec.value, () => [...incomplete(spec), ...endless(spec)]).map((detail) =>
      helped(
        invalid("template-waited-for", at(analysis, "templates"), `AnalysisTemplate ${name}${detail}`, name),
        detail.includes("runs indefinitely")
          ? "A step or a promotion waits for the end: give the metric a count, or use the template in the background (canary.analysis)"
          : "A template that is waited for is complete by itself: mend it before it is used here",
      ),
    ),
  );
}

function incomplete(spec: Place): readonly string[] {
  const several = items(at(spec, "args")).filter(hasTwoSources);
  return [
    ...several.map((argument) => `: arg '${text(at(argument, "name"))}' has both Value and ValueFrom fields`),
    ...unresolvedTags(at(spec, "metrics"), argumentNames(spec)).map(({ detail }) => `: ${detail}`),
  ];
}

/** An interval without a count. A count with a tag is not known yet; the reference takes it for a missing one. */
function endless(spec: Place): readonly string[] {
  return items(at(spec, "metrics"))
    .map((metric) => ({ metric, count: at(metric, "count") }))
    .filter(({ metric, count }) => text(at(metric, "interval")) !== "" && !isTemplated(count) && limitOf(count) === 0)
    .map(({ metric, count }) => {
      const shown = present(count) ? JSON.stringify(count.value) : "<nil>";
      return ` has metric ${text(at(metric, "name"))} which runs indefinitely. Invalid value for count: ${shown}`;
    });
}

/** In the background templates give each other arguments; one that none of them declares ends the run in Error. */
function undeclared({ analysis }: Use, collection: Collection): readonly Violation[] {
  if (collection.missing.length > 0) return [];
  const names = new Set(listed(collection, "args").map((argument) => `args.${text(at(argument, "name"))}`));
  return collection.found.flatMap(({ name, title, spec }) =>
    unresolvedTags(at(spec, "metrics"), names).map(({ detail, name: tag }) =>
      helped(invalid("template-tag", at(analysis, "templates"), `${title}: ${detail}`, name), tagHelp(tag, names)),
    ),
  );
}

function missingTemplate(place: Place, missing: Missing, templates: Templates): Violation {
  const { name, heldBack, cluster } = missing;
  const detail = missingText(missing);
  if (heldBack !== undefined) return invalid("template-missing", place, detail, name);
  const [store, other] = cluster
    ? [templates.cluster, templates.namespaced]
    : [templates.namespaced, templates.cluster];
  const elsewhere = cluster
    ? "There is an AnalysisTemplate of this name: leave clusterScope out to use it"
    : "There is a ClusterAnalysisTemplate of this name: set clusterScope: true to use it";
  const help = other.has(name) ? `${elsewhere}.` : didYouMean(name, store.keys?.() ?? []);
  const todo = "Create it, or correct the name; a Rollout waits for it";
  return helped(invalid("template-missing", place, detail, name), help === undefined ? todo : `${help} ${todo}`);
}

function findingsOf(use: Use, collect: (references: Place) => Collection, templates: Templates): Findings {
  const place = at(use.analysis, "templates");
  const collection = collect(place);
  const circles = collection.circles.map((titles) =>
    helped(
      invalid("template-cycle", place, circleText(titles)),
      "Take one of these out of the templates of the one before it",
    ),
  );
  return {
    refuse: [...circles, ...together(use, collection), ...(use.isWaitedFor ? waitedFor(use, collection) : [])],
    warn: [
      ...collection.missing.map((missing) => missingTemplate(place, missing, templates)),
      ...(use.isWaitedFor ? [] : undeclared(use, collection)),
    ],
  };
}

/** In the order of the reference: promotions or steps, then the background. Never throws, whatever it is given. */
export function templateReferenceViolations(rollout: unknown, templates: Templates): Findings {
  const collect = collector(templates);
  const findings = analysesOf(rollout).map((use) => findingsOf(use, collect, templates));
  return { refuse: findings.flatMap(({ refuse }) => refuse), warn: findings.flatMap(({ warn }) => warn) };
}

/** Templates that an Experiment names and that do not exist; those that they would include are left out. */
export function experimentTemplateWarnings(experiment: unknown, templates: Templates): readonly Violation[] {
  return items(at(root(experiment), "spec", "analyses")).flatMap((analysis) => {
    const list = placed([analysis.value], pathOf(analysis));
    return collectTemplates(list, templates)
      .missing.filter(({ includedBy }) => includedBy === undefined)
      .map((missing) => missingTemplate(at(analysis, "templateName"), missing, templates));
  });
}
