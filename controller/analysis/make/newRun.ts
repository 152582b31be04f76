/**
 * Makes an AnalysisRun of the templates that its owner names and the values that the owner gives
 * (docs/behaviour/analysis.md#templates-become-a-run). Pure: the owner resolves its own fields and hashes first.
 */
import { root, type Place } from "../../../kube/validation/place.ts";
import type {
  AnalysisRun,
  AnalysisTemplateRef,
  Argument,
  DryRun,
  MeasurementRetention,
  Metric,
} from "../../../schema/analysis.ts";
import type { ObjectMeta } from "../../../schema/kube.ts";
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
  rulesOf,
} from "../../rules/analysis/merging.ts";
import {
  type Collection,
  collectTemplates,
  type Missing,
  type Templates,
} from "../../rules/analysis/templateCollection.ts";
import { mergedWords } from "../../rules/analysis/words.ts";

export interface NewRunInput {
  /** In the order of the owner; templates of the cluster come after those of the namespace. */
  readonly refs: readonly AnalysisTemplateRef[];
  readonly templates: Templates;
  /** Values of the owner: `value`, or `valueFrom.secretKeyRef`. Those that no template knows are left out. */
  readonly args: readonly Argument[];
  readonly dryRun?: readonly DryRun[];
  readonly measurementRetention?: readonly MeasurementRetention[];
  readonly metadata: Pick<ObjectMeta, "name" | "namespace" | "labels" | "annotations" | "ownerReferences">;
}

export type NewRun =
  | { readonly kind: "run"; readonly run: AnalysisRun }
  /** Templates that are not there (yet). */
  | { readonly kind: "missing"; readonly message: string; readonly names: readonly Missing[] }
  /** No run can be made of these templates and values; the first reason, in the reference's words. */
  | { readonly kind: "invalid"; readonly message: string };

/** @throws {TooCostlyError} within a budget (kube/object/budget.ts) that it exceeds */
export function newRun(input: NewRunInput): NewRun {
  const collection = collectTemplates(root(input.refs), input.templates);
  const [circle] = collection.circles;
  if (circle !== undefined) return { kind: "invalid", message: circleText(circle) };
  if (collection.missing.length > 0) {
    const message = collection.missing.map(missingText).join("; ");
    return { kind: "missing", message, names: collection.missing };
  }
  const args = mergedWith(collection, input.args);
  const problem = firstProblem(input, collection, args);
  if (problem !== undefined) return { kind: "invalid", message: problem };
  return { kind: "run", run: runOf(input, collection, args) };
}

interface GivenArguments {
  readonly args: readonly Argument[];
  readonly conflicts: readonly string[];
}

/** A value of the owner replaces that of the templates; a secret that these name stays beside it, and is what is used. */
function mergedWith(collection: Collection, given: readonly Argument[]): GivenArguments {
  const { merged, hidden, conflicts } = mergeArguments(collection);
  const args = [...merged].map(([named, place]) => {
    // Of several values for one name the last one counts.
    const own = given.findLast(({ name }) => name === named);
    if (own === undefined) return (hidden.get(named) ?? place).value as Argument;
    return withValue(place.value as Argument, own);
  });
  return { args, conflicts };
}

function withValue(argument: Argument, { value, valueFrom }: Argument): Argument {
  if (value !== undefined) return { ...argument, value };
  return valueFrom === undefined ? argument : { ...argument, valueFrom };
}

function firstProblem(
  input: NewRunInput,
  collection: Collection,
  { args, conflicts }: GivenArguments,
): string | undefined {
  const own = root({ dryRun: input.dryRun, measurementRetention: input.measurementRetention });
  const unresolved = args.find((argument) => !isResolved(root(argument)));
  const [problem] = [
    ...repeatedMetrics(collection).map(repeatedMetric),
    ...repeatedRules(own, collection, "dryRun"),
    ...repeatedRules(own, collection, "measurementRetention"),
    ...conflicts,
    ...(unresolved === undefined ? [] : [notResolved(unresolved.name)]),
    ...(listed(collection, "metrics").length === 0 ? ["no metrics specified"] : []),
  ];
  return problem;
}

/** The API server has checked the elements of templates. */
const values = <T>(places: readonly Place[]): T[] => places.map(({ value }) => value as T);

/** What templates say about their metrics in annotations goes with these; the owner's own word counts more. */
function metadataOf({ metadata, templates }: NewRunInput, { found }: Collection): NewRunInput["metadata"] {
  const words = mergedWords(found.map((template) => templates.annotationsOf?.(template) ?? {}));
  if (Object.keys(words).length === 0) return metadata;
  return { ...metadata, annotations: { ...words, ...metadata.annotations } };
}

function runOf(input: NewRunInput, collection: Collection, { args }: GivenArguments): AnalysisRun {
  const own = root({ dryRun: input.dryRun, measurementRetention: input.measurementRetention });
  const dryRun = values<DryRun>(rulesOf(own, collection, "dryRun"));
  const measurementRetention = values<MeasurementRetention>(rulesOf(own, collection, "measurementRetention"));
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: metadataOf(input, collection),
    spec: {
      metrics: values<Metric>(listed(collection, "metrics")),
      ...(args.length === 0 ? {} : { args: [...args] }),
      ...(dryRun.length === 0 ? {} : { dryRun }),
      ...(measurementRetention.length === 0 ? {} : { measurementRetention }),
    },
  };
}
