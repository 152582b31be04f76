/**
 * What must hold of the traces of every world, whatever people do and wherever the controller crashes. A failure names the
 * seed of its world; PROPERTY_WORLDS=1000 checks more worlds than the few of a usual run.
 */
import { describe, expect, test } from "bun:test";
import type { Span } from "../../controller/tracing/spans/span.ts";
import { timestamp } from "../../kube/object/time.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { play, type Random, randomBlueGreen, randomCanary, randomOf, randomRouted } from "./random.ts";
import { followed } from "./traceStory.ts";

const WORLDS = Number(process.env["PROPERTY_WORLDS"] ?? 20);
const EDITS = 10;

interface Traced {
  readonly spans: readonly Span[];
  /** How each update ended, as the metrics of updates count it, by when it began. */
  readonly finished: ReadonlyMap<string, string>;
}

/** Plays a world to its end, at which the Rollout is deleted: so every span has ended. */
function traced(strategy: (random: Random) => Rollout, seed: number, crashes: boolean): Traced {
  const trace = followed();
  const finished = new Map<string, string>();
  const random = randomOf(seed);
  const world = play(strategy(randomOf(seed * 7919)), seed, EDITS, {
    ...(crashes ? { crashAfter: (d) => (random(4) === 0 ? random(d.actions.length + 1) : undefined) } : {}),
    onDecision(before, decision, now, after, routed) {
      trace.onDecision(before, decision, now, after, routed);
      const { status } = after.rollout;
      if (decision.finished === undefined || status === before.rollout.status) return;
      const ended = status?.duration?.finishedAt === undefined ? before.rollout.status : status;
      finished.set(ended?.duration?.rolloutStartedAt ?? "", decision.finished.status);
    },
  });
  trace.see(undefined, world.now);
  return { spans: trace.spans, finished };
}

const isRoot = ({ name }: Span): boolean => name.startsWith("release ");
const completion = ({ attributes }: Span): string => String(attributes["sluice.release.completion"]);

/** What is wrong with these spans. */
function faults({ spans, finished }: Traced): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const found = byId.size === spans.length ? [] : ["two spans have one id"];
  for (const span of spans) {
    const { traceId, spanId, parentSpanId, name, startMs, endMs } = span;
    if (!/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) found.push(`${name}: no ids`);
    if (endMs < startMs) found.push(`${name} ends before it begins`);
    const parent = byId.get(parentSpanId ?? "");
    if (isRoot(span)) {
      if (parentSpanId !== undefined) found.push(`${name} has a parent`);
      continue;
    }
    if (parent === undefined) found.push(`${name} has no parent that was sent`);
    else if (parent.traceId !== traceId) found.push(`${name} is in another trace than its parent`);
    // What is routed after the end belongs to the release, too.
    else if (!name.startsWith("traffic") && (startMs < parent.startMs || endMs > parent.endMs))
      found.push(`${name} is not within ${parent.name}: ${startMs} to ${endMs}, ${parent.startMs} to ${parent.endMs}`);
  }
  // Of several that begin within a second, which is as much as a status can tell, the last one counts. One that takes the
  // place of another and is complete in the same pass is the only one of the two in the metrics.
  const over = spans.filter((span) => isRoot(span) && completion(span) !== "Deleted");
  const roots = new Map(over.map((root) => [timestamp(root.startMs), completion(root)]));
  for (const [startedAt, how] of finished)
    if (roots.get(startedAt) !== how) found.push(`the update of ${startedAt} ends ${how}, not ${roots.get(startedAt)}`);
  for (const [startedAt, how] of roots)
    if (!finished.has(startedAt) && how !== "Superseded")
      found.push(`nobody has counted the update of ${startedAt}, which is ${how}`);
  return found;
}

describe.each([
  ["canaries", randomCanary],
  ["canaries with a router", randomRouted],
  ["blue-green", randomBlueGreen],
] as const)("the traces of %s", (_, strategy) => {
  test.each([
    ["that nobody disturbs", false],
    ["whose controller crashes", true],
  ] as const)("%s are whole, each release once, and end as the updates do", (__, crashes) => {
    const wrong = Array.from({ length: WORLDS }, (___, n) => n + 1).flatMap((seed) =>
      faults(traced(strategy, seed, crashes))
        .slice(0, 1)
        .map((what) => `seed ${seed}: ${what}`),
    );
    expect(wrong).toEqual([]);
  });
});
