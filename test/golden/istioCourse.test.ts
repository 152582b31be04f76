/** Updates of a Rollout whose versions are told apart by Istio's subsets alone, in a whole cluster in this process. */
import { describe, expect, test } from "bun:test";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import type { Draft } from "../../simulator/model/model.ts";
import type { Pod } from "../../simulator/controllers/loop/objects.ts";
import {
  abort,
  canary,
  type Edit,
  image,
  pause,
  promote,
  promoteFull,
  retry,
  rolloutOf,
  setWeight,
  spec,
} from "./edits.ts";
import { place, stage } from "./routingStage.ts";

const HASH = "rollouts-pod-template-hash";
type Stage = Awaited<ReturnType<typeof stage>>;

const bySubsets = (dynamicStableScale: boolean): RolloutStrategy =>
  canary([setWeight(50), pause(), setWeight(100), pause()], {
    dynamicStableScale,
    trafficRouting: {
      istio: {
        virtualService: { name: "sub", routes: ["main"] },
        destinationRule: { name: "rule", stableSubsetName: "old", canarySubsetName: "new" },
      },
    },
  });

async function begun(dynamicStableScale = false): Promise<Stage> {
  const s = await stage();
  const { uid: _, ...metadata } = rolloutOf({}).metadata;
  const draft = { ...rolloutOf({ replicas: 4, strategy: bySubsets(dynamicStableScale) }), metadata };
  s.core.create(place.resource, draft as unknown as Draft);
  await settled(s);
  return s;
}

interface Istio {
  readonly http: readonly {
    readonly name: string;
    readonly route: readonly { readonly weight?: number; readonly destination: { readonly subset: string } }[];
  }[];
  readonly subsets: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
}
const specOf = ({ core }: Stage, plural: string, name: string): Istio | undefined =>
  core.get({ resource: `${plural}.networking.istio.io`, namespace: "default", name })?.["spec"] as Istio | undefined;

const weights = (s: Stage): readonly number[] =>
  specOf(s, "virtualservices", "sub")
    ?.http.find(({ name }) => name === "main")
    ?.route.map(({ weight = 0 }) => weight) ?? [];

/** Subsets that get requests, and have no pod that is ready to serve them. */
function unserved(s: Stage): readonly string[] {
  const pods = s.core.list("pods") as readonly Pod[];
  const ready = pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
  );
  const main = specOf(s, "virtualservices", "sub")?.http.find(({ name }) => name === "main");
  const sent = main?.route.filter(({ weight = 0 }) => weight > 0).map(({ destination }) => destination.subset) ?? [];
  const subsets = specOf(s, "destinationrules", "rule")?.subsets ?? [];
  return sent.flatMap((name) => {
    const hash = subsets.find((each) => each.name === name)?.labels[HASH];
    return hash === undefined || ready.some(({ metadata }) => metadata.labels?.[HASH] === hash) ? [] : [name];
  });
}

/** Lets time pass, and looks at each moment of it. */
async function settled(s: Stage, seconds = 40): Promise<void> {
  const wasServed = s.rollout().status?.stableRS !== undefined;
  for (let n = 0; n < seconds * 5; n++) {
    await s.clock.advance(200);
    if (wasServed) expect([n, unserved(s)]).toEqual([n, []]);
  }
}

const neverReady: Edit = (rollout) => {
  const { template } = rollout.spec;
  if (template === undefined) throw new Error("it has no template");
  const metadata = { ...template.metadata, annotations: { "sim.sluice.dev/never-ready": "true" } };
  return spec({ template: { ...template, metadata } })(rollout);
};

const courses: readonly (readonly [what: string, edits: readonly Edit[], end: string, weights: readonly number[]])[] = [
  ["is promoted step by step", [image("web:2"), promote, promote], "Healthy", [100, 0]],
  ["is promoted in full", [image("web:2"), promoteFull], "Healthy", [100, 0]],
  ["gives way to a third version", [image("web:2"), image("web:3")], "Paused", [50, 50]],
  ["gives way to a third version at its full weight", [image("web:2"), promote, image("web:3")], "Paused", [50, 50]],
  ["is aborted at its full weight", [image("web:2"), promote, abort], "Degraded", [100, 0]],
  ["is aborted and tried again", [image("web:2"), abort, retry], "Paused", [50, 50]],
  ["is taken back", [image("web:2"), promote, image("web:1")], "Healthy", [100, 0]],
];

describe.each([
  ["stable keeps its pods", false],
  ["stable shrinks", true],
] as const)("by Istio's subsets, while %s", (_, dynamic) => {
  test.each([...courses])(
    "an update %s, and nobody is sent to a subset without pods",
    async (_what, edits, end, left) => {
      const s = await begun(dynamic);
      for (const edit of edits) {
        s.edit(edit);
        await settled(s);
      }
      expect([s.rollout().status?.phase, weights(s)]).toEqual([end, left]);
      await s.stop();
    },
  );
});

test("an abort does not wait for pods that are not ready, as a delayed switch of subsets would", async () => {
  const s = await begun();
  s.edit(image("web:2"));
  await settled(s);
  s.edit(neverReady);
  await settled(s, 10);
  expect(weights(s)).toEqual([100, 0]);
  s.edit(abort);
  await s.clock.advance(2_000);
  expect(s.rollout().status).toMatchObject({ phase: "Degraded", abort: true });
  expect(s.condition()).toBeUndefined();
  await s.stop();
});

test("a DestinationRule that is missing is told by a condition; no weight rises, an abort lowers it, and it goes on after", async () => {
  const s = await begun();
  s.edit(image("web:2"));
  await settled(s);
  const rule = { resource: "destinationrules.networking.istio.io", namespace: "default", name: "rule" };
  const kept = s.core.get(rule)?.["spec"];
  s.core.delete(rule);
  s.edit(promote);
  await s.clock.advance(30_000);
  expect(weights(s)).toEqual([50, 50]);
  expect(s.condition()?.message).toBe('destinationrules.networking.istio.io "rule" not found');
  const events = s.core.list("events").map((event) => `${String(event["reason"])}: ${String(event["message"])}`);
  expect(events).toContain("DestinationRuleNotFound: DestinationRule `rule` not found");
  s.edit(abort);
  await s.clock.advance(5_000);
  expect(weights(s)).toEqual([100, 0]);
  s.core.create(rule.resource, { metadata: { name: "rule", namespace: "default" }, spec: kept });
  await s.clock.advance(20_000);
  expect(s.condition()).toBeUndefined();
  await s.stop();
});
