/** Whether a value that no API server has seen yet has the types that the schema asks for. */
import * as v from "valibot";

export interface ShapeProblem {
  /** From the value inwards. */
  readonly path: readonly (string | number)[];
  /** `expected Object but got 1` */
  readonly detail: string;
}

/** Empty for a value that the schema accepts. The value must not be a circle. */
export function shapeProblems(schema: v.GenericSchema, value: unknown): readonly ShapeProblem[] {
  const { issues = [] } = v.safeParse(schema, value);
  return issues.map(({ path = [], expected, received }) => ({
    path: path.map(({ key }) => (typeof key === "number" ? key : String(key))),
    detail: `expected ${expected ?? "another value"} but got ${received}`,
  }));
}
