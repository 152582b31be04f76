/** The values that an Experiment gives its analyses (docs/behaviour/experiments.md#values). */
import { root } from "../../../kube/validation/place.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { Argument } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import { expansionOf, unresolvedTags } from "../../rules/analysis/tags.ts";
import type { ReplicaSetFacts } from "../../rollout/model/model.ts";
import { endOf } from "./draft.ts";

export type Resolved =
  | { readonly kind: "resolved"; readonly args: readonly Argument[] }
  | { readonly kind: "unresolved"; readonly why: string };

function valuesOf(experiment: Experiment, replicaSets: ReadonlyMap<string, ReplicaSetFacts>): Map<string, string> {
  const values = new Map<string, string>();
  const { availableAt } = experiment.status ?? {};
  if (availableAt !== undefined) values.set("experiment.availableAt", availableAt);
  const end = endOf(experiment);
  if (end !== undefined) values.set("experiment.finishedAt", timestamp(end));
  for (const [template, { name, labels }] of replicaSets) {
    values.set(`templates.${template}.podTemplateHash`, labels[HASH_LABEL] ?? "");
    values.set(`templates.${template}.replicaset.name`, name);
  }
  return values;
}

/** Only literal values are passed on, with their tags replaced. */
export function resolveArguments(
  args: readonly Argument[],
  experiment: Experiment,
  replicaSets: ReadonlyMap<string, ReplicaSetFacts>,
): Resolved {
  const values = valuesOf(experiment, replicaSets);
  const resolved: Argument[] = [];
  for (const { name, value } of args) {
    if (value === undefined) {
      resolved.push({ name });
      continue;
    }
    const [problem] = unresolvedTags(root(value), new Set(values.keys()));
    if (problem !== undefined) return { kind: "unresolved", why: problem.detail };
    resolved.push({ name, value: expansionOf(value, (tag) => values.get(tag)).text() });
  }
  return { kind: "resolved", args: resolved };
}
