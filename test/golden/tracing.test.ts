/** Traces of releases: what a person reads in them (docs/tracing.md#what-a-trace-shows). */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { blueGreen, canary, image, pause, promote, promoteFull, retry, abort, rolloutOf, setWeight } from "./edits.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import { expectGolden } from "./timeline.ts";
import { followed, traceText } from "./traceStory.ts";

const SERVICES = ["stable", "canary", "active", "preview"];
const steps = [setWeight(20), pause(), setWeight(60), pause(10)];
const routed = canary(steps, {
  stableService: "stable",
  canaryService: "canary",
  trafficRouting: { nginx: { stableIngress: "web" } },
});

const told = (name: string, spans: Parameters<typeof traceText>[0]): void =>
  expectGolden(join(import.meta.dir, "timelines", `trace-${name}.txt`), traceText(spans));

/** `web:1` serves, and `web:2` waits at the first pause. */
function atFirstPause(strategy = routed) {
  const trace = followed();
  const world = createWorld(rolloutOf({ strategy }), { services: SERVICES, onDecision: trace.onDecision });
  world.pass(5_000);
  trace.spans.length = 0;
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return { world, trace };
}

const on = (world: World, what: string, edit: Parameters<World["edit"]>[1], ms = 60_000): void => {
  world.edit(what, edit);
  world.pass(ms);
};

describe("a release's trace", () => {
  test("of a first deployment has nothing but its beginning and its end", () => {
    const trace = followed();
    const world = createWorld(rolloutOf({ strategy: routed }), { services: SERVICES, onDecision: trace.onDecision });
    world.pass(5_000);
    told("first", trace.spans);
  });

  test("shows steps, pauses and weights up to its completion", () => {
    const { world, trace } = atFirstPause();
    on(world, "promote", promote);
    told("completed", trace.spans);
  });

  test("ends with an error when it is aborted, and a retry is a trace of its own that points at it", () => {
    const { world, trace } = atFirstPause();
    on(world, "abort", abort);
    on(world, "retry", retry, 5_000);
    on(world, "promote", promote);
    told("aborted", trace.spans);
  });

  test("ends when the next update takes its place", () => {
    const { world, trace } = atFirstPause();
    on(world, "image web:3", image("web:3"), 5_000);
    on(world, "promote --full", promoteFull);
    told("superseded", trace.spans);
  });

  test("goes on through a rollback, which ends it", () => {
    const { world, trace } = atFirstPause();
    on(world, "image web:1", image("web:1"));
    told("rolled-back", trace.spans);
  });

  test("of blue-green shows the wait and the switch", () => {
    const { world, trace } = atFirstPause(blueGreen({ autoPromotionEnabled: false }));
    on(world, "promote", promote);
    told("blue-green", trace.spans);
  });

  test("shows for how long somebody has paused it", () => {
    const { world, trace } = atFirstPause(canary([setWeight(20), pause(30)]));
    on(world, "pause", (rollout) => ({ ...rollout, spec: { ...rollout.spec, paused: true } }), 60_000);
    on(world, "resume", (rollout) => ({ ...rollout, spec: { ...rollout.spec, paused: false } }), 60_000);
    told("paused-by-user", trace.spans);
  });
});

describe("another process", () => {
  test("goes on with the same trace, and sends nothing of what was sent", () => {
    const alone = atFirstPause();
    on(alone.world, "promote", promote);
    const { world, trace } = atFirstPause();
    const before = [...trace.spans];
    trace.restart(world.rollout, world.now);
    on(world, "promote", promote);
    const after = trace.spans.slice(before.length);
    const ids = (spans: typeof before): string[] =>
      spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`).toSorted();
    expect(new Set(ids(trace.spans)).size).toBe(trace.spans.length);
    expect(ids([...before, ...after])).toEqual(ids(alone.trace.spans));
    // Only which release came before is not said by the Rollout any more.
    const told = (spans: typeof before): string =>
      traceText(
        spans.map((span) => ({ ...span, links: undefined })).toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1)),
      );
    expect(told(trace.spans)).toBe(told(alone.trace.spans));
  });

  test("sends the end again that the one before may have lost, with the same ids, and not an older one", () => {
    const { world, trace } = atFirstPause(canary([setWeight(20), pause(10)]));
    world.pass(30_000);
    const root = trace.spans.at(-1);
    if (root === undefined) throw new Error("Nothing was sent");
    expect(root.name).toBe("release web");
    const count = trace.spans.length;
    const finishedAt = Date.parse(world.rollout.status?.duration?.finishedAt ?? "");
    trace.restart(world.rollout, finishedAt + 20_000);
    expect(trace.spans.slice(count).map(({ spanId, traceId }) => [spanId, traceId])).toEqual([
      [root.spanId, root.traceId],
    ]);
    trace.restart(world.rollout, finishedAt + 40_000);
    expect(trace.spans).toHaveLength(count + 1);
  });
});

test("a Rollout that names a traceparent is a part of that trace", () => {
  const trace = followed();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const manifest = rolloutOf({ strategy: canary([setWeight(20)]) });
  const annotations = { "sluice.dev/traceparent": traceparent };
  const world = createWorld(
    { ...manifest, metadata: { ...manifest.metadata, annotations } },
    { onDecision: trace.onDecision },
  );
  world.pass(10_000);
  expect(trace.spans).toMatchObject([
    { traceId: "0af7651916cd43dd8448eb211c80319c", parentSpanId: "b7ad6b7169203331" },
  ]);
});

test("a Rollout that is deleted in an update ends its trace", () => {
  const { world, trace } = atFirstPause();
  trace.see(undefined, world.now);
  expect(trace.spans.at(-1)?.attributes).toMatchObject({
    "sluice.release.completion": "Deleted",
    "cicd.pipeline.result": "cancellation",
  });
});
