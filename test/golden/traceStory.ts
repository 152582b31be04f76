/** The traces of a golden world, as a person reads them: a line a span, below its parent. */
import { createHash } from "node:crypto";
import { type Context, followRollout, type Memory } from "../../controller/tracing/spans/release.ts";
import type { Span } from "../../controller/tracing/spans/span.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { START } from "./goldenCluster.ts";
import type { WorldOptions } from "./goldenWorld.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Follows every decision of a world. */
export function followed() {
  const spans: Span[] = [];
  /** What was seen last, and as the world has it. */
  const state: { memory?: Memory | undefined; seen?: Rollout | undefined; raw?: Rollout | undefined } = {};
  let version = 0;
  const versions = new WeakMap<Rollout, string>();
  const see = (rollout: Rollout | undefined, now: number, sinceMs = START): void => {
    const next = rollout && { ...rollout, metadata: { ...rollout.metadata, resourceVersion: versionOf(rollout) } };
    const context: Context = { digest: sha256, now, sinceMs };
    const { memory, spans: made } = followRollout(state.seen, next, state.memory, context);
    Object.assign(state, { memory, seen: next, raw: rollout });
    spans.push(...made);
  };
  const versionOf = (rollout: Rollout): string => {
    const known = versions.get(rollout) ?? String((version += 1));
    versions.set(rollout, known);
    return known;
  };
  const onDecision: NonNullable<WorldOptions["onDecision"]> = (before, _, now, after) => {
    if (before.rollout !== state.raw) see(before.rollout, now);
    see(after.rollout, now);
  };
  /** Another process goes on: it knows nothing but what the Rollout says. */
  const restart = (rollout: Rollout, now: number): void => {
    Object.assign(state, { memory: undefined, seen: undefined, raw: undefined });
    see(rollout, now, now - 30_000);
  };
  return { spans, onDecision, see, restart };
}

const seconds = (ms: number): string => `+${Math.round((ms - START) / 100) / 10}s`;

/** Those without a parent among the spans come first; spans of one parent in the order of their beginning. */
export function traceText(spans: readonly Span[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) => (parent === undefined ? !ids.has(parentSpanId ?? "") : parentSpanId === parent))
      .toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
      .flatMap((span) => [...lineOf(span, depth), ...below(span.spanId, depth + 1)]);
  return `${below(undefined, 0).join("\n")}\n`;
}

const SHORT = /^(sluice|cicd|k8s)\./;

function lineOf({ name, startMs, endMs, attributes, error, traceId, spanId, links }: Span, depth: number): string[] {
  const indent = "  ".repeat(depth);
  const told = Object.entries(attributes)
    .filter(([key, value]) => value !== undefined && SHORT.test(key))
    .map(([key, value]) => `${key.replace(SHORT, "")}=${String(value)}`);
  const ids = depth === 0 ? [`${indent}  trace ${traceId} span ${spanId}`] : [];
  const linked = (links ?? []).map((link) => `${indent}  after ${link.traceId}`);
  return [
    `${indent}${name}  ${seconds(startMs)} to ${seconds(endMs)}${error === undefined ? "" : `  ERROR ${error}`}`,
    ...ids,
    ...linked,
    `${indent}  ${told.join(" ")}`,
  ];
}
