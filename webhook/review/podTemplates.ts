/** The pod templates of an object, and the ReplicaSet that shows the API server one of them. */
import { record } from "./record.ts";

export interface PodTemplate {
  /** What stands for `spec` of a ReplicaSet: `spec` in a Rollout, `spec.templates[1]` in an Experiment. */
  readonly path: string;
  /** Tells the templates of one object apart. */
  readonly name: string;
  readonly template: unknown;
  readonly selector: unknown;
  readonly replicas: unknown;
}

/** Those that the object itself holds: with `workloadRef` there is none. */
export function podTemplatesOf(kind: string, object: unknown): PodTemplate[] {
  const spec = record(record(object)?.["spec"]);
  if (spec === undefined) return [];
  if (kind === "Rollout") return spec["workloadRef"] === undefined ? templateAt("spec", "", spec) : [];
  if (kind !== "Experiment" || !Array.isArray(spec["templates"])) return [];
  return spec["templates"].flatMap((each: unknown, index) => {
    const holder = record(each) ?? {};
    return templateAt(`spec.templates[${index}]`, String(holder["name"]), holder);
  });
}

function templateAt(path: string, name: string, holder: Readonly<Record<string, unknown>>): PodTemplate[] {
  const { template, selector, replicas } = holder;
  return record(template) === undefined ? [] : [{ path, name, template, selector, replicas }];
}

/** Looks like the ReplicaSet that the loop would make, so that policies say what they would say then. */
export function replicaSetOf({ template, selector, replicas }: PodTemplate, namespace: string): object {
  const labels = record(record(record(template)?.["metadata"])?.["labels"]);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    // A name of its own each time: nothing is stored, so nothing is in its way.
    metadata: { generateName: "sluice-dry-run-", namespace, ...(labels === undefined ? {} : { labels }) },
    spec: { ...(isCount(replicas) ? { replicas } : {}), selector, template },
  };
}

/** The rules say what is wrong with other values; here they would only hide what is wrong with the template. */
const isCount = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
