import { type GenericSchema, safeParse } from "valibot";

export interface TypeProblem {
  /** `spec.strategy.canary.steps[0]` */
  readonly path: string;
  /** What stands there. */
  readonly value: unknown;
  /** `expected Object but got 1` */
  readonly detail: string;
}

/**
 * What the API server would refuse of the value by its schema, where no API server has seen it. What is null counts as
 * left out. The value must not be a circle.
 * @param place the path of the value itself: `spec.strategy`
 */
export function typeProblems(schema: GenericSchema, value: unknown, place: string): readonly TypeProblem[] {
  const issues = safeParse(schema, value).issues ?? [];
  return issues
    .filter(({ input }) => input !== null)
    .map(({ path = [], input, expected, received }) => ({
      path: path.reduce((all, { key }) => `${all}${typeof key === "number" ? `[${key}]` : `.${String(key)}`}`, place),
      value: input,
      detail: `expected ${expected ?? "another value"} but got ${received}`,
    }));
}
