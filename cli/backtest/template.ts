/** The AnalysisRun that a backtest replays, from the templates of files. Pure. */
import { isObject, type Json } from "../../kube/object/json.ts";
import { at, items, root, text } from "../../kube/validation/place.ts";
import { textWithHelp } from "../../kube/validation/violation.ts";
import { newRun } from "../../controller/analysis/make/newRun.ts";
import { analysisTemplateViolations } from "../../controller/rules/analysis/analysis.ts";
import { isResolved, notResolved } from "../../controller/rules/analysis/merging.ts";
import type { Annotations } from "../../controller/rules/analysis/words.ts";
import type { AnalysisRun, Metric } from "../../schema/analysis.ts";

export interface Given {
  /** The objects of the files. */
  readonly objects: readonly unknown[];
  /** Which template, where there are several that no other includes. */
  readonly template: string | undefined;
  readonly args: ReadonlyMap<string, string>;
  /** In place of the addresses of the metrics. */
  readonly prometheus: string | undefined;
}

export type Subject =
  | {
      readonly kind: "run";
      readonly name: string;
      readonly run: AnalysisRun;
      /** Metrics that are left out. */
      readonly others: readonly string[];
    }
  /** A sentence. */
  | { readonly kind: "refused"; readonly problem: string };

interface Template extends Json {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Annotations };
}

const refused = (problem: string): Subject => ({ kind: "refused", problem });

const isTemplate = (object: unknown): object is Template =>
  isObject(object) &&
  (object["kind"] === "AnalysisTemplate" || object["kind"] === "ClusterAnalysisTemplate") &&
  isObject(object["metadata"]) &&
  typeof object["metadata"]["name"] === "string";

export function subjectOf({ objects, template, args, prometheus }: Given): Subject {
  const templates = objects.filter(isTemplate);
  const chosen = chosenOf(templates, template);
  if (typeof chosen === "string") return refused(chosen);
  const [violation] = analysisTemplateViolations(chosen);
  const { name } = chosen.metadata;
  if (violation !== undefined) return refused(`${chosen.kind} "${name}" is invalid: ${textWithHelp(violation)}`);
  const values = [...args].map(([arg, value]) => ({ name: arg, value }));
  const made = newRun({
    refs: [{ templateName: name, ...(chosen.kind === "ClusterAnalysisTemplate" && { clusterScope: true }) }],
    templates: {
      namespaced: specsOf(templates, "AnalysisTemplate"),
      cluster: specsOf(templates, "ClusterAnalysisTemplate"),
      annotationsOf: ({ cluster, name: which }) =>
        templates.find(({ kind, metadata }) => metadata.name === which && kind.startsWith("Cluster") === cluster)
          ?.metadata.annotations,
    },
    args: values,
    metadata: { name, namespace: "default" },
  });
  if (made.kind !== "run")
    return refused(`no AnalysisRun can be made of ${chosen.kind} "${name}": ${hinted(made.message)}`);
  return measurable(name, made.run, args, prometheus);
}

/** The value of an argument is given by a flag here. */
const hinted = (message: string): string => {
  const [, name] = /args\.(\S+) was not resolved/.exec(message) ?? [];
  return name === undefined ? message : `${message}: give --args ${name}=VALUE`;
};

function chosenOf(templates: readonly Template[], wanted: string | undefined): Template | string {
  const included = new Set(templates.flatMap(includedBy));
  const left = templates.filter(({ metadata: { name } }) =>
    wanted === undefined ? !included.has(name) : name === wanted,
  );
  const [first, ...others] = left;
  if (first === undefined)
    return wanted === undefined
      ? "no AnalysisTemplate is among what was given"
      : `no AnalysisTemplate "${wanted}" is among what was given`;
  const names = left.map(({ metadata }) => metadata.name).join(", ");
  return others.length > 0 ? `there are several AnalysisTemplates (${names}): say which by --template NAME` : first;
}

const includedBy = (template: Template): readonly string[] =>
  items(at(root(template), "spec", "templates")).map((each) => text(at(each, "templateName")));

const specsOf = (templates: readonly Template[], kind: string): ReadonlyMap<string, unknown> =>
  new Map(templates.filter((one) => one.kind === kind).map(({ metadata, spec }) => [metadata.name, spec]));

/** Only Prometheus can be asked how things were. */
function measurable(
  name: string,
  run: AnalysisRun,
  args: ReadonlyMap<string, string>,
  prometheus: string | undefined,
): Subject {
  const isAsked = (metric: Metric): boolean => metric.provider.prometheus !== undefined;
  const others = run.spec.metrics.filter((metric) => !isAsked(metric)).map((metric) => metric.name);
  const metrics = run.spec.metrics.filter(isAsked).map((metric) => addressed(metric, prometheus));
  if (metrics.length === 0)
    return refused(`template "${name}" has no metric of Prometheus: of other sources it cannot be known how they were`);
  // A value that was given replaces that of a Secret.
  const given = (run.spec.args ?? []).map((arg) => {
    const value = args.get(arg.name);
    return value === undefined ? arg : { name: arg.name, value };
  });
  const open = given.find((arg) => !isResolved(root(arg)) || arg.valueFrom !== undefined);
  if (open !== undefined) return refused(`${notResolved(open.name)}: give --args ${open.name}=VALUE`);
  return {
    kind: "run",
    name,
    run: { ...run, spec: { ...run.spec, metrics, ...(given.length > 0 && { args: given }) } },
    others,
  };
}

function addressed(metric: Metric, address: string | undefined): Metric {
  if (address === undefined) return metric;
  return { ...metric, provider: { ...metric.provider, prometheus: { ...metric.provider.prometheus, address } } };
}
