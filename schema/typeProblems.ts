import { type GenericSchema, getDotPath, safeParse } from "valibot";

/**
 * What the API server would refuse of the value by its schema, where no API server has seen it. What is null counts as
 * left out.
 * @param place the path of the value itself: `spec.strategy`
 * @returns texts such as `spec.strategy.canary: Invalid type: Expected Object but received "yes"`
 */
export function typeProblems(schema: GenericSchema, value: unknown, place: string): readonly string[] {
  const issues = safeParse(schema, value).issues ?? [];
  return issues
    .filter(({ input }) => input !== null)
    .map((issue) => `${[place, getDotPath(issue) ?? []].flat().join(".")}: ${issue.message}`);
}
