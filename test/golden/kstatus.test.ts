/** Rollouts that tools wait for which know no Rollouts (docs/behaviour/kstatus.md). */
import { describe, expect, test } from "bun:test";
import { KSTATUS } from "../../schema/labels.ts";
import type { Rollout, RolloutStatus } from "../../schema/rollout.ts";
import { type Judgement, kstatus } from "../kstatus.ts";
import * as user from "./edits.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight, spec } from "./edits.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";

const asking =
  (value: string): user.Edit =>
  (rollout) => ({
    ...rollout,
    metadata: { ...rollout.metadata, annotations: { ...rollout.metadata.annotations, [KSTATUS]: value } },
  });

const judged = ({ rollout }: World): Judgement => kstatus(JSON.parse(JSON.stringify(rollout)));

interface Story {
  /** What tools take it for, one after the other. */
  readonly judged: string;
  readonly manifest: Rollout;
  readonly options?: WorldOptions;
  readonly report: (world: World) => void;
}

const never = (bad: string) => (name: string) => (name === bad ? undefined : 1_000);
const steps = [setWeight(20), pause(), setWeight(60), pause(10)];

const stories: Readonly<Record<string, Story>> = {
  "a canary that is promoted": {
    judged: "Current InProgress Current",
    manifest: rolloutOf({ strategy: canary(steps) }),
    report: (world) => {
      world.edit("image web:2", image("web:2"));
      world.pass(20_000);
      world.edit("promote", user.promote);
      world.pass(60_000);
    },
  },
  "a canary that is aborted, and begins again": {
    judged: "Current InProgress Failed Current",
    manifest: rolloutOf({ strategy: canary(steps) }),
    report: (world) => {
      world.edit("image web:2", image("web:2"));
      world.pass(20_000);
      world.edit("abort", user.abort);
      world.pass(20_000);
      world.edit("image web:1", image("web:1"));
      world.pass(20_000);
    },
  },
  "blue-green that waits for its promotion": {
    judged: "Current InProgress Current",
    manifest: rolloutOf({ strategy: blueGreen({ autoPromotionEnabled: false }) }),
    options: { services: ["active", "preview"] },
    report: (world) => {
      world.edit("image web:2", image("web:2"));
      world.pass(20_000);
      world.edit("promote", user.promote);
      world.pass(60_000);
    },
  },
  "an image that cannot be pulled, and a good one": {
    judged: "Current InProgress Failed InProgress Current",
    manifest: rolloutOf({ strategy: canary([]), progressDeadlineSeconds: 30 }),
    options: { readyAfterMs: never("web:2") },
    report: (world) => {
      world.edit("image web:2", image("web:2"));
      world.pass(60_000);
      world.edit("image web:3", image("web:3"));
      world.pass(60_000);
    },
  },
  "a scaled, restarted and paused one": {
    judged: "Current InProgress Current InProgress Current InProgress Current",
    manifest: rolloutOf({ strategy: canary([]) }),
    report: (world) => {
      world.edit("scale 7", spec({ replicas: 7 }));
      world.pass(20_000);
      world.edit("restart", spec({ restartAt: new Date(world.now).toISOString() }));
      world.pass(60_000);
      world.edit("pause", spec({ paused: true }));
      world.edit("image web:2", image("web:2"));
      world.pass(20_000);
      world.edit("resume", spec({ paused: false }));
      world.pass(20_000);
    },
  },
  "a Service that comes later, and goes": {
    judged: "InProgress Current InProgress Failed",
    manifest: rolloutOf({ strategy: blueGreen({}), progressDeadlineSeconds: 60 }),
    options: { services: ["active"] },
    report: (world) => {
      world.pass(10_000);
      world.meddle("the Service comes", ({ addService }) => addService("preview"));
      world.pass(20_000);
      world.meddle("the Service goes", ({ deleteService }) => deleteService("preview"));
      world.pass(120_000);
    },
  },
};

/** What the phase means to a tool that only knows these three. */
function meaning({ rollout }: World, now: number): readonly Judgement["status"][] {
  const { phase, conditions = [] } = rollout.status ?? {};
  if (phase === "Healthy") return ["Current"];
  if (rollout.spec.paused === true) return ["Current", "InProgress"];
  if (phase !== "Degraded") return ["InProgress"];
  const invalid = conditions.find(({ type }) => type === "InvalidSpec");
  if (invalid === undefined) return ["Failed"];
  const over = now >= Date.parse(invalid.lastTransitionTime) + 1000 * (rollout.spec.progressDeadlineSeconds ?? 600);
  return [over ? "Failed" : "InProgress"];
}

const plain = (status: RolloutStatus | undefined): object => {
  const { observedGeneration: _, conditions = [], ...rest } = status ?? {};
  return { ...rest, conditions: conditions.filter(({ type }) => !["Ready", "Reconciling", "Stalled"].includes(type)) };
};

describe("with the annotation sluice.dev/kstatus", () => {
  test.each(Object.entries(stories))("tools know at each step how it stands: %s", (_, story) => {
    const { manifest, options, report: tell } = story;
    const seen: string[] = [];
    let world: World | undefined;
    const look = (_before: unknown, _decision: unknown, now: number): void => {
      if (world === undefined) return;
      const { status } = judged(world);
      expect(meaning(world, now), JSON.stringify(world.rollout.status)).toContain(status);
      if (seen.at(-1) !== status) seen.push(status);
    };
    world = createWorld(asking("true")(manifest), { ...options, onDecision: look });
    world.pass(10_000);
    tell(world);
    expect(seen.join(" ")).toBe(story.judged);
  });

  test.each(Object.entries(stories))("nothing else is different: %s", (_, { manifest, options, report: tell }) => {
    const [asked, silent] = [asking("true")(manifest), manifest].map((rollout) => {
      const world = createWorld(rollout, options);
      world.pass(10_000);
      tell(world);
      return world;
    });
    // Giving up on another object's coming is a matter of time alone, which the other does not wake for.
    const told = (world: World | undefined): readonly string[] | undefined =>
      world?.lines
        .map((line) => line.replaceAll(/\s+/g, " ").replace(/; wakes \S+/, ""))
        .filter((line) => !/^\S+ time/.test(line));
    expect(told(asked)).toEqual(told(silent) ?? []);
    expect(asked?.events).toEqual(silent?.events ?? []);
    expect(plain(asked?.rollout.status)).toEqual(plain(silent?.rollout.status));
    expect(silent?.rollout.status).toHaveProperty("observedGeneration");
    expect(asked?.rollout.status).not.toHaveProperty("observedGeneration");
  });

  test("the condition Ready has the generation that it is about, and its news in its message", () => {
    const world = createWorld(asking("true")(rolloutOf({ strategy: canary(steps) })));
    world.pass(10_000);
    world.edit("image web:2", image("web:2"));
    world.pass(10_000);
    const { generation } = world.rollout.metadata;
    const found = world.rollout.status?.conditions?.filter(({ type }) => ["Ready", "Reconciling"].includes(type));
    expect(found).toMatchObject([
      {
        type: "Ready",
        status: "False",
        reason: "RolloutPaused",
        message: "CanaryPauseStep",
        observedGeneration: generation,
      },
      { type: "Reconciling", status: "True", reason: "RolloutPaused", message: "CanaryPauseStep" },
    ]);
  });

  test("a pause of a Rollout at rest holds nothing up", () => {
    const world = createWorld(asking("true")(rolloutOf({ strategy: canary([]) })));
    world.pass(10_000);
    world.edit("pause", spec({ paused: true }));
    expect(world.rollout.status?.phase).toBe("Paused");
    expect(judged(world).status).toBe("Current");
    world.edit("image web:2", image("web:2"));
    expect(judged(world)).toEqual({ status: "InProgress", message: "manually paused" });
  });

  test("taking it off brings back what others read", () => {
    const world = createWorld(asking("true")(rolloutOf({ strategy: canary([]) })));
    world.pass(10_000);
    world.edit("off", asking("false"));
    expect(world.rollout.status?.observedGeneration).toBe(String(world.rollout.metadata.generation));
    expect(world.rollout.status?.conditions?.map(({ type }) => type)).not.toContain("Ready");
    expect(() => judged(world)).toThrow("expected int64");
    world.edit("on", asking("true"));
    expect(judged(world).status).toBe("Current");
  });

  test("a CRD that does not store the generation of a condition holds nothing up", () => {
    const world = createWorld(asking("true")(rolloutOf({ strategy: canary([]) })));
    const pruned: user.Edit = (rollout) => {
      const conditions = rollout.status?.conditions?.map((one) => ({ ...one, observedGeneration: undefined })) ?? [];
      return JSON.parse(JSON.stringify({ ...rollout, status: { ...rollout.status, conditions } })) as Rollout;
    };
    world.edit("pruned", pruned);
    world.pass(10_000);
    world.edit("image web:2", image("web:2"));
    world.edit("pruned", pruned);
    world.pass(10_000);
    expect(world.rollout.status?.conditions?.find(({ type }) => type === "Healthy")?.status).toBe("True");
    expect(judged(world).status).toBe("Current");
  });
});
