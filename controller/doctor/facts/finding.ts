/** What the doctor says of a cluster (docs/cli/doctor.md). */

/** "unknown": it could not be looked at, and nothing is claimed. */
export const SEVERITIES = ["error", "warning", "info", "unknown"] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  readonly severity: Severity;
  /** What it is about: `Rollout shop/web`, `CustomResourceDefinition rollouts.argoproj.io`. */
  readonly about: string;
  /** What is the matter, in one sentence without a full stop. */
  readonly what: string;
  /** Why that matters, or how it is known, in one sentence without a full stop. */
  readonly why: string;
  /** The command that mends it, or that shows more; undefined: there is nothing to do. */
  readonly mend?: string;
}

/** What was read of the cluster, or why it was not. */
export type Read<T> =
  { readonly kind: "known"; readonly value: T } | { readonly kind: "unknown"; readonly why: string };

/** A list of what is known, or the one finding that it is not. */
export const ifKnown = <T>(
  read: Read<T>,
  of: { readonly about: string; readonly what: string; readonly mend?: string },
  then: (value: T) => readonly Finding[],
): readonly Finding[] =>
  read.kind === "known" ? then(read.value) : [{ severity: "unknown", ...of, why: withoutStop(read.why) }];

export const withoutStop = (text: string): string => text.replace(/\.$/, "");

const MOST_NAMED = 3;

/** `shop/web, shop/api, shop/cart and 2 more` */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
