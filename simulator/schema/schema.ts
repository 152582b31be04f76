/**
 * A structural schema: OpenAPI v3 as in a CustomResourceDefinition, or as the API server publishes it for its own
 * kinds. Schemas are immutable; what is derived from one is cached by its identity. They may refer to themselves.
 */
export interface Schema {
  readonly type?: string;
  /** "int32", "date-time", "byte", …; "quantity" for Kubernetes' quantities, which are texts or numbers. */
  readonly format?: string;
  readonly nullable?: boolean;
  /** For the API server's own kinds null means that an absent member is written as null. */
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  /** "merge", "replace", "merge,retainKeys", …: only the API server's own kinds have it. */
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  /** At the root of the API server's own kinds. */
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
  /** Of the API server's own kinds: a pointer in Go, whose zero value is written. */
  readonly "x-go-pointer"?: boolean;
  /** Of the API server's own kinds: "v1.PodSpec". */
  readonly "x-go-type"?: string;
  /** For the API server's own kinds: the default that, unlike `default`, is filled in only after decoding. */
  readonly "x-go-default"?: unknown;
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** One of the API server's own kinds: decoded into a Go type, not checked against its schema. */
export const isBuiltin = (schema: Schema): boolean => schema["x-kubernetes-group-version-kind"] !== undefined;

/** Of the members that `properties` does not name. */
export function schemaOfOthers(schema: Schema): Schema | undefined {
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}
