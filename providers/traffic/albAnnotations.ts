/** What the annotations of an AWS load balancer's Ingress hold: actions, and the list of those that are managed. */

/** `{"rollout":["alb.ingress.kubernetes.io/actions.shop"]}`: which annotations are written for which Rollout. */
export const MANAGED = "rollouts.argoproj.io/managed-alb-annotations";
/** What the reference wrote before that. */
export const LEGACY_MANAGED = "rollouts.argoproj.io/managed-alb-actions";

export const ACTIONS = "/actions.";
export const CONDITIONS = "/conditions.";

/** The port that stands for an annotation instead of a Service. */
export const NO_PORT = "use-annotation";

/** In the words of AWS' API. Weights are relative to each other, 0 to 999. */
export interface TargetGroup {
  readonly ServiceName: string;
  readonly ServicePort: string;
  readonly Weight: number;
}

export interface Stickiness {
  readonly Enabled: boolean;
  readonly DurationSeconds: number;
}

/** A forward action, byte for byte as the reference writes it. */
export function forwardText(groups: readonly TargetGroup[], stickiness: Stickiness | undefined): string {
  const TargetGroups = groups.map(({ ServiceName, ServicePort, Weight }) => ({ ServiceName, ServicePort, Weight }));
  const sticky =
    stickiness === undefined
      ? {}
      : {
          TargetGroupStickinessConfig: {
            Enabled: stickiness.Enabled,
            DurationSeconds: stickiness.DurationSeconds,
          },
        };
  return JSON.stringify({ Type: "forward", ForwardConfig: { TargetGroups, ...sticky } });
}

export interface Forward {
  readonly groups: readonly TargetGroup[];
  readonly stickiness: Stickiness | undefined;
}

/** Reads what `forwardText` has written; undefined for anything else, which others have written since. */
export function readForward(text: string | undefined): Forward | undefined {
  const config = member(parsed(text), "ForwardConfig");
  const groups = member(config, "TargetGroups");
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every(isTargetGroup)) return undefined;
  const sticky = member(config, "TargetGroupStickinessConfig");
  if (sticky === undefined) return { groups, stickiness: undefined };
  const Enabled = member(sticky, "Enabled");
  const DurationSeconds = member(sticky, "DurationSeconds");
  if (typeof Enabled !== "boolean" || typeof DurationSeconds !== "number") return undefined;
  return { groups, stickiness: { Enabled, DurationSeconds } };
}

const isTargetGroup = (value: unknown): value is TargetGroup =>
  typeof member(value, "ServiceName") === "string" && typeof member(value, "ServicePort") === "string";

/** Annotations by Rollout; undefined when the text cannot be parsed. */
export function readManaged(text: string | undefined): ReadonlyMap<string, readonly string[]> | undefined {
  if (text === undefined || text === "") return new Map();
  const value = parsed(text);
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  const entries = Object.entries(value ?? {}).map(([name, keys]: [string, unknown]) => [name, keys ?? []] as const);
  return entries.every(hasTexts) ? new Map(entries) : undefined;
}

const hasTexts = (entry: readonly [string, unknown]): entry is readonly [string, string[]] =>
  Array.isArray(entry[1]) && entry[1].every((key) => typeof key === "string");

/** In the order of names, which a JavaScript object does not keep for names that are numbers. */
export function managedText(managed: ReadonlyMap<string, readonly string[]>): string {
  const members = [...managed]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, keys]) => `${JSON.stringify(name)}:${JSON.stringify(keys)}`);
  return `{${members.join(",")}}`;
}

/** Undefined for a text that is not JSON. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name] ?? undefined;
}
