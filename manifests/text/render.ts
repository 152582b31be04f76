/** From objects to YAML that `bun fmt` leaves alone. */
import { Document, isMap, isSeq } from "yaml";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export const header = "# Made from schema/ and manifests/*.ts by `bun run generate`; do not edit.\n";

/** One object; a rule's `why` becomes a comment. No anchors, no folding. */
export function yaml(object: unknown): string {
  const document = new Document(object, { aliasDuplicateObjects: false });
  const rules = document.get("rules");
  for (const rule of isSeq(rules) ? rules.items : []) {
    if (!isMap(rule)) continue;
    const why = rule.get("why");
    if (typeof why !== "string") continue;
    rule.delete("why");
    rule.commentBefore = ` ${why}`;
  }
  return document.toString({ lineWidth: 0 });
}

/** Several objects in one file. A CRD's schema, which is in full in crds/, is on one line: a third of the bytes. */
export const stream = (objects: readonly Manifest[]): string => header + objects.map(compact).join("---\n");

export function compact(object: Manifest): string {
  if (object.kind !== "CustomResourceDefinition") return yaml(object);
  const schemas: string[] = [];
  const text = yaml(
    JSON.parse(JSON.stringify(object), (key, value: unknown) =>
      key === "openAPIV3Schema" ? `schema-${schemas.push(JSON.stringify(value)) - 1}` : value,
    ),
  );
  return text.replace(/schema-(\d+)$/gm, (_, index: string) => schemas[Number(index)] ?? "");
}
