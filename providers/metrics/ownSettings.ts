/**
 * Settings of the providers that stand under `plugin` by names of ours, which no CRD knows
 * (docs/adr/0010-own-providers-are-plugins.md). A number may be written as a text, for arguments; a tag stands for any.
 */
import * as v from "valibot";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

export const amount = v.pipe(
  v.union([
    v.number(),
    v.pipe(
      v.string(),
      v.check((text) => NUMBER.test(text) || text.includes("{{"), "is no number"),
    ),
  ]),
  v.transform(Number),
  // A tag, at admission.
  v.check((value) => Number.isNaN(value) || (value >= 0 && value <= 1e15), "is negative or too large"),
);

export const line = v.pipe(v.string(), v.maxLength(1_000));

/** Which pods; those of the Rollout that the run belongs to by default. */
export const revisionMembers = {
  rollout: v.optional(line),
  canary: v.optional(line),
  stable: v.optional(line),
};

/** Without a settings object, as in `sluice.dev/pods:`. */
export const orEmpty = (value: unknown): unknown => (value === null || value === undefined ? {} : value);

/** Why settings are not of the schema; undefined: they are. */
export function problemWith(schema: v.GenericSchema, settings: unknown): string | undefined {
  const read = v.safeParse(schema, settings);
  if (read.success) return undefined;
  const [issue] = read.issues;
  const path = v.getDotPath(issue);
  if (issue.type === "strict_object" && issue.expected === "never") return `there is no ${path ?? "such member"}`;
  const why = issue.type === "check" ? issue.message : `is not ${issue.expected ?? "what it should be"}`;
  return `${path ?? "it"} ${why}`;
}
