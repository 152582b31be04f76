/**
 * The building blocks of the schemas: scalars of the Kubernetes API and ways to make objects, lists and maps of them.
 * Each is a valibot schema; marks for the CRD alone (formats, list types, …) are valibot metadata under their OpenAPI
 * names, where `crd.ts` finds them.
 */
import * as v from "valibot";

/** Marks for the CRD and for the rules (controller/rules/admission/ranges.ts); the parser ignores them. */
export type Marks = {
  readonly format?: "int32" | "int64" | "date-time";
  readonly default?: string | boolean;
  readonly pattern?: string;
  /** Of numbers, both inclusive. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** In characters (code points). */
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-map-type"?: "atomic";
  readonly "x-kubernetes-list-type"?: "map" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
  /** The shape that the API server checks where the parser lets an object through unread (see `opaque`). */
  readonly structure?: v.GenericSchema;
  /** The text is a Go duration; for the rules, not for the CRD. */
  readonly duration?: true;
};

/** The same schema with marks for the CRD. */
export function marked<S extends v.GenericSchema>(schema: S, marks: Marks): S {
  // A pipe of metadata alone changes neither input nor output, so the type stays the plain one (and error texts short).
  return v.pipe(schema, v.metadata(marks)) as unknown as S;
}

/** The marks of a valibot schema and of those that it was made from; the outer one wins. */
export const marksOf = (schema: unknown): Marks => v.getMetadata(schema as v.GenericSchema) as Marks;

export const string = v.string();
export const boolean = v.boolean();
export const int32 = marked(v.pipe(v.number(), v.integer(), v.minValue(-(2 ** 31)), v.maxValue(2 ** 31 - 1)), {
  format: "int32",
});
/** JavaScript holds it exactly up to 2^53; nothing in this API comes near. */
export const int64 = marked(v.pipe(v.number(), v.integer()), { format: "int64" });

/**
 * The same number, at least `minimum` and at most `maximum`: refused by the API server and by the rules, not by the
 * parser, since objects that are stored already must be readable. Not for numbers that a rule of the reference refuses
 * (`spec.replicas`, `setWeight`, …): the API server would refuse them first, in other words.
 */
export function within<S extends v.GenericSchema>(schema: S, minimum: number, maximum?: number): S {
  return marked(schema, maximum === undefined ? { minimum } : { minimum, maximum });
}

/** A count, a number of seconds, a limit: never negative. */
export const notNegative = within(int32, 0);
export const port = within(int32, 1, 65_535);
/** A share in percent. */
export const percentage = within(int32, 0, 100);

/**
 * How much the API server accepts in one place of a spec, so that it refuses absurd sizes before we see them. At least
 * ten times the size of any real object: where violations in parts that an update does not change are not forgiven
 * (before Kubernetes 1.30), an object that was stored without the limit could not be changed any more, not even its
 * status. For the same reason status has no limits, and neither have pod templates, which others judge.
 *
 * The parser ignores them: objects that are stored already must be readable.
 */
const MOST = { name: 1_000, line: 16_384, passage: 262_144, items: 1_000 } as const;

/** Names, words and durations: 1,000 characters. Kubernetes' own names have at most 253. */
export const name = marked(v.string(), { maxLength: MOST.name });
/** Expressions, values and URLs: 16,384 characters. */
export const line = marked(v.string(), { maxLength: MOST.line });
/** Queries, bodies and annotations: 262,144 characters, as many as Kubernetes allows in all annotations together. */
export const passage = marked(v.string(), { maxLength: MOST.passage });

/** A point in time: RFC 3339, UTC, whole seconds when we write it. */
export const Time = marked(v.string(), { format: "date-time" });
export type Time = v.InferOutput<typeof Time>;

/** A Go duration: "10s", "1h30m". Parsed where it is used, since templates may hold "{{args.x}}" here. */
export const GoDuration = marked(v.string(), { maxLength: MOST.name, duration: true });
export type GoDuration = v.InferOutput<typeof GoDuration>;

export const IntOrString = marked(v.union([v.number(), v.string()]), { "x-kubernetes-int-or-string": true });
export type IntOrString = v.InferOutput<typeof IntOrString>;

/** As `IntOrString`, with a text of at most 1,000 characters. */
export const Amount = marked(IntOrString, { maxLength: MOST.name });

/** A number of pods, or a share of them: 1, "1", "25%". Never negative. */
export const CountOrPercentage = within(marked(Amount, { pattern: "^[0-9]+%?$" }), 0);

/** An amount with a unit: 1, "500m", "1Gi". */
export const Quantity = marked(IntOrString, {
  pattern:
    "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
});

/** Any value; the API server keeps it unchanged. */
export const anything = marked(v.unknown(), { "x-kubernetes-preserve-unknown-fields": true });

type Optional<E extends v.ObjectEntries> = { [K in keyof E]: v.OptionalSchema<E[K], undefined> };

/** Members that may be absent, to be spread into `object({ … })`. */
export function optional<E extends v.ObjectEntries>(entries: E): Optional<E> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, v.optional(entry)]),
  ) as unknown as Optional<E>;
}

/**
 * An object whose unknown members the parser keeps, since we never drop members that we do not know. Its type names
 * only the known ones, so that a misspelt member is a type error; the CRD prunes the unknown, as the reference's does.
 */
export function object<E extends v.ObjectEntries>(entries: E): v.ObjectSchema<E, undefined> {
  return v.looseObject(entries) as unknown as v.ObjectSchema<E, undefined>;
}

/**
 * As `object`, but the API server keeps unknown members too: pod templates of a newer Kubernetes pass through whole,
 * and unknown routers are seen.
 */
export function openObject<E extends v.ObjectEntries>(entries: E): v.ObjectSchema<E, undefined> {
  return marked(object(entries), { "x-kubernetes-preserve-unknown-fields": true });
}

/** Replaced as a whole by server-side apply. */
export function atomic<S extends v.GenericSchema>(schema: S): S {
  return marked(schema, { "x-kubernetes-map-type": "atomic" });
}

/** A list that server-side apply replaces as a whole. */
export function list<S extends v.GenericSchema>(item: S): v.ArraySchema<S, undefined> {
  return v.array(item);
}

/** As `list`, with at most `most` items, by default 1,000. */
export function few<S extends v.GenericSchema>(item: S, most: number = MOST.items): v.ArraySchema<S, undefined> {
  return marked(list(item), { maxItems: most });
}

/** A list that server-side apply merges item by item; `keys` identify an item. */
export function keyedList<S extends v.GenericSchema>(keys: readonly string[], item: S): v.ArraySchema<S, undefined> {
  return marked(v.array(item), { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys });
}

/** Names to values of one type. */
export function map<S extends v.GenericSchema>(value: S) {
  return v.record(v.string(), value);
}

/** As `map`, with at most 1,000 members. */
export function fewNamed<S extends v.GenericSchema>(value: S) {
  return marked(map(value), { maxProperties: MOST.items });
}

/**
 * An object that the parser passes on by reference, unread and uncopied. With a structure the API server checks that
 * shape; without one it keeps whatever comes.
 */
export function opaque(structure?: v.GenericSchema) {
  const schema = v.custom<Readonly<Record<string, unknown>>>(
    (input) => typeof input === "object" && input !== null && !Array.isArray(input),
  );
  return marked(schema, structure === undefined ? { "x-kubernetes-preserve-unknown-fields": true } : { structure });
}
