/** A schema made ready for walking objects: maps instead of records, limits compiled, references to itself resolved. */
import { equal } from "../../kube/object/equality.ts";
import {
  type Constraint,
  enumConstraint,
  formatConstraint,
  numberConstraints,
  sizeConstraints,
  textConstraints,
} from "./constraints.ts";
import { type Schema, schemaOfOthers } from "./schema.ts";

export interface Shape {
  readonly schema: Schema;
  readonly members: ReadonlyMap<string, Shape>;
  /** Of the members that are not named. */
  readonly others: Shape | undefined;
  /** Whether members that are not named are allowed at all. */
  readonly open: boolean;
  readonly items: Shape | undefined;
  /** Members that have defaults. */
  readonly defaults: readonly (readonly [name: string, value: unknown])[];
  /** Members that the API server fills in after it has decoded one of its own kinds. */
  readonly goDefaults: readonly (readonly [name: string, value: unknown])[];
  /** The types that the value may have; an empty list means any. */
  readonly types: readonly string[];
  readonly limits: readonly Constraint[];
  /** Whether it has allOf, anyOf, oneOf or not. */
  readonly combines: boolean;
}

type Draft = { -readonly [K in keyof Shape]: Shape[K] };

const shapes = new WeakMap<Schema, Shape>();

/** The same one for the same schema. */
export function shapeOf(schema: Schema): Shape {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const properties = Object.entries(schema.properties ?? {});
  const shape: Draft = {
    schema,
    members: new Map(),
    others: undefined,
    open: schema["x-kubernetes-preserve-unknown-fields"] === true,
    items: undefined,
    defaults: defaultsIn(properties, "default"),
    goDefaults: defaultsIn(properties, "x-go-default"),
    types: typesOf(schema),
    limits: limitsOf(schema),
    combines: [schema.allOf, schema.anyOf, schema.oneOf, schema.not].some((one) => one !== undefined),
  };
  shapes.set(schema, shape);
  // Registered before its members, for a schema that refers to itself.
  shape.members = new Map(properties.map(([name, member]) => [name, shapeOf(member)]));
  const others = schemaOfOthers(schema);
  if (others !== undefined) shape.others = shapeOf(others);
  if (schema.items !== undefined) shape.items = shapeOf(schema.items);
  return shape;
}

function defaultsIn(properties: readonly (readonly [string, Schema])[], kind: "default" | "x-go-default") {
  return properties.flatMap(([name, member]) => (member[kind] === undefined ? [] : [[name, member[kind]] as const]));
}

function typesOf(schema: Schema): readonly string[] {
  if (schema.format === "quantity") return ["string", "number"];
  if (schema["x-kubernetes-int-or-string"] === true) return ["integer", "string"];
  return schema.type === undefined ? [] : [schema.type];
}

function limitsOf(schema: Schema): readonly Constraint[] {
  const format = schema.format === undefined ? undefined : formatConstraint(schema.format);
  return [
    ...textConstraints(schema),
    ...(format === undefined ? [] : [format]),
    ...numberConstraints(schema),
    ...sizeConstraints(schema),
    ...(schema.enum === undefined ? [] : [enumConstraint(schema.enum, equal)]),
  ];
}

/** Whether `has` holds for a shape or one below it; cached. */
export function anywhere(has: (schema: Schema) => boolean): (shape: Shape) => boolean {
  const known = new WeakMap<Shape, boolean>();
  const find = (shape: Shape): boolean => {
    const answer = known.get(shape);
    if (answer !== undefined) return answer;
    // Ends the recursion of a shape that contains itself. Inside of such a cycle the result may be true without need.
    known.set(shape, true);
    const below = [...shape.members.values(), shape.others, shape.items].filter((one) => one !== undefined);
    const found = has(shape.schema) || below.some(find);
    known.set(shape, found);
    return found;
  };
  return find;
}
