/** Every place that an object of the five kinds may have, from the schemas in their CRDs. */
import { crds, type Structural } from "../../schema/crd.ts";
import type { AdmittedKind } from "../../controller/rules/admission/admissionFindings.ts";

/** "[]" stands for an item of a list, "{}" for a value of a map; others are names of members. */
export type Path = readonly string[];

export interface Spot {
  readonly kind: AdmittedKind;
  readonly path: Path;
  readonly node: Structural;
  /** Whether it is in a pod spec: that has hundreds of places, the same ones in every kind. */
  readonly inPods: boolean;
}

export const schemaOf: ReadonlyMap<string, Structural> = new Map(
  crds.flatMap(({ spec }) => spec.versions.map((version) => [spec.names.kind, version.schema.openAPIV3Schema])),
);

const kinds = [...schemaOf.keys()] as AdmittedKind[];

/** Metadata that untrusted users write and Sluice reads; the schemas leave metadata to the API server. */
const texts: Structural = { type: "object", additionalProperties: { type: "string" } };
const metadata: Structural = { type: "object", properties: { labels: texts, annotations: texts } };

function* walk(node: Structural, path: Path): Generator<readonly [Path, Structural]> {
  if (path.length > 0) yield [path, node];
  for (const [name, member] of Object.entries(node.properties ?? {})) yield* walk(member, [...path, name]);
  if (node.items !== undefined) yield* walk(node.items, [...path, "[]"]);
  const values = node.additionalProperties ?? (isAnything(node) ? intOrString : undefined);
  if (values !== undefined) yield* walk(values, [...path, "{}"]);
}

/** Where the API server accepts anything, there are mostly maps: of quantities, settings of plugins, JSON. */
const isAnything = (node: Structural): boolean =>
  node["x-kubernetes-preserve-unknown-fields"] === true && node.properties === undefined;
const intOrString: Structural = { "x-kubernetes-int-or-string": true };

const isInPods = (path: Path): boolean => path.some((name, at) => name === "spec" && path[at - 1] === "template");

function spotsOf(kind: AdmittedKind): readonly Spot[] {
  const { properties } = schemaOf.get(kind) ?? {};
  return [...walk({ ...(properties && { properties: { ...properties, metadata } }) }, [])].map(([path, node]) => ({
    kind,
    path,
    node,
    inPods: isInPods(path),
  }));
}

export const SPOTS: readonly Spot[] = kinds.flatMap(spotsOf);

/** `spec.strategy.canary.steps[].pause` */
export const pathText = (path: Path): string => path.join(".").replaceAll(/\.(\[\]|\{\})/g, "$1");
