/** Helpers to read manifests in tests. */
import type { Manifest } from "./text/render.ts";

/** As it is after a round trip through JSON. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The objects of a file with one or several YAML documents. */
export function objectsIn(yaml: string): Manifest[] {
  return yaml
    .split(/^---$/m)
    .map((part) => Bun.YAML.parse(part) as Manifest | null)
    .filter((object) => object !== null);
}

/** Without the `why` of rules, which is not part of the objects. */
export const rendered = (objects: readonly Manifest[]): Manifest[] =>
  JSON.parse(JSON.stringify(objects), (key, value: unknown) => (key === "why" ? undefined : value)) as Manifest[];

/** "ClusterRole sluice": distinguishes objects. */
export const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;
