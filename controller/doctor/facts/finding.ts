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

export const known = <T>(value: T): Read<T> => ({ kind: "known", value });

/** What was read, as something else. */
export const mapRead = <T, R>(read: Read<T>, to: (value: T) => R): Read<R> =>
  read.kind === "known" ? known(to(read.value)) : read;

/** What was not read has nothing in it. */
export const listOf = <T>(read: Read<readonly T[]>): readonly T[] => (read.kind === "known" ? read.value : []);

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

/** `Rollouts shop/web and shop/api` */
export const rolloutsNamed = (names: readonly string[]): string =>
  `Rollout${names.length === 1 ? "" : "s"} ${named(names)}`;

/** `Rollout shop/web`, and `ClusterAnalysisTemplate latency` without a namespace. */
export const objectNamed = (kind: string, namespace: string, name: string): string =>
  `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`;

/** The command that mends what is missing of an installation. */
export const INSTALL = "kubectl apply -f manifests/install.yaml";
