/** How tests look at manifests. */
import type { Manifest } from "./text/render.ts";

/** As JSON has it. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The objects of a file with one or several YAML documents. */
export function objectsIn(yaml: string): Manifest[] {
  return yaml
    .split(/^---$/m)
    .map((part) => Bun.YAML.parse(part) as Manifest | null)
    .filter((object) => object !== null);
}

/** What a rule's reason is not part of. */
export const rendered = (objects: readonly Manifest[]): Manifest[] =>
  JSON.parse(JSON.stringify(objects), (key, value: unknown) => (key === "why" ? undefined : value)) as Manifest[];

/** "ClusterRole sluice": what tells objects apart. */
export const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;
