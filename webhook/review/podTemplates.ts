/** The pod templates of an object, and the ReplicaSet that shows the API server one of them. */
import { record } from "./record.ts";

export interface PodTemplate {
  /** The path that corresponds to `spec` of a ReplicaSet: `spec` in a Rollout, `spec.templates[1]` in an Experiment. */
  readonly path: string;
  /** Identifies the template within its object. */
  readonly name: string;
  readonly template: unknown;
  readonly selector: unknown;
  readonly replicas: unknown;
}

/** The templates inside the object itself: with `workloadRef` it has none. */
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

/** Like the ReplicaSet that the loop would create, so that policies answer as they would then. */
export function replicaSetOf({ template, selector, replicas }: PodTemplate, namespace: string): object {
  const labels = record(record(record(template)?.["metadata"])?.["labels"]);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    // A new name each time: nothing is stored, so no name is taken.
    metadata: { generateName: "sluice-dry-run-", namespace, ...(labels === undefined ? {} : { labels }) },
    spec: { ...(isCount(replicas) ? { replicas } : {}), selector, template },
  };
}

/** The rules report other values; here such a value would only hide the mistakes in the template. */
const isCount = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
