/** The comparison itself, without a cluster; `bun run trace` plays the scenarios. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { KubeObject } from "../cluster/harness/api.ts";
import { acceptedDifferences } from "./accepted.ts";
import { compare, report } from "./compareTraces.ts";
import { factsOf } from "./facts.ts";
import { newNaming } from "./naming.ts";
import type { Objects } from "./observe.ts";
import type { Trace } from "./play.ts";
import { recordingOf, traceOf } from "./recording.ts";
import { goalOf } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

const none: Objects = {
  Rollout: [],
  AnalysisRun: [],
  Experiment: [],
  ReplicaSet: [],
  Deployment: [],
  Service: [],
  Ingress: [],
  Pod: [],
  Event: [],
  VirtualService: [],
  DestinationRule: [],
  TrafficSplit: [],
  Mapping: [],
  VirtualRouter: [],
  VirtualNode: [],
  TraefikService: [],
  ApisixRoute: [],
};

const event = (message: string, count = 1): KubeObject => ({
  metadata: { name: crypto.randomUUID() },
  involvedObject: { kind: "Rollout", name: "web" },
  type: "Normal",
  reason: "ScalingReplicaSet",
  message,
  count,
});
const scaled = (way: "up" | "down", from: number, to: number): KubeObject =>
  event(`Scaled ${way} ReplicaSet web-A (revision 1) from ${from} to ${to}`);

const traced = (...frames: readonly Readonly<Record<string, string>>[]): Trace =>
  new Map([
    ["story", frames.map((facts, index) => ({ title: `frame ${index}`, facts: new Map(Object.entries(facts)) }))],
  ]);

describe("facts", () => {
  test("of a size do not tell in how many strides it was reached", () => {
    const oneStride = factsOf({ ...none, Event: [scaled("up", 0, 4), scaled("down", 4, 1)] });
    const three = factsOf({ ...none, Event: [scaled("up", 0, 1), scaled("up", 1, 4), scaled("down", 4, 1)] });
    expect(oneStride.get("events of scaling web-A")).toBe("+4 -3");
    expect(three).toEqual(oneStride);
  });

  test("tell members that are false or empty as absent ones, but the first step as a step", () => {
    const rollout = (status: object): KubeObject => ({ metadata: { name: "web", generation: 1 }, spec: {}, status });
    const plain = { observedGeneration: "1", phase: "Healthy", currentStepIndex: 0 };
    const facts = factsOf({ ...none, Rollout: [rollout(plain)] });
    expect(factsOf({ ...none, Rollout: [rollout({ ...plain, abort: false, canary: {}, message: "" })] })).toEqual(
      facts,
    );
    expect(facts.get("status.currentStepIndex")).toBe("0");
  });
});

describe("naming", () => {
  const naming = newNaming("trace-a");
  naming.beginChapter(Date.parse("2026-01-01T00:00:10.700Z"));
  naming.learn([
    {
      metadata: {
        name: "web-2",
        labels: { "rollouts-pod-template-hash": "6d4b75cb6d" },
        creationTimestamp: "2026-01-01T00:00:20Z",
      },
    },
    {
      metadata: {
        name: "web-1",
        labels: { "rollouts-pod-template-hash": "859687bffd" },
        creationTimestamp: "2026-01-01T00:00:10Z",
      },
    },
  ]);
  naming.beginChapter(Date.parse("2026-01-01T00:00:20.700Z"));
  const now = Date.parse("2026-01-01T00:00:30Z");

  test("gives hashes the letters of their age, and pods no name", () => {
    expect(naming.named("web-859687bffd web-6d4b75cb6d-x7k2p in trace-a", now)).toBe("web-A web-B-* in NAMESPACE");
  });

  test("tells times by the edit that they follow", () => {
    const times = "2026-01-01T00:00:10Z 2026-01-01T00:00:19Z 2026-01-01T00:00:20Z 2026-01-01T00:01:00Z";
    expect(naming.named(times, now)).toBe("@0 @0 @1 later");
  });
});

describe("a recording", () => {
  test("holds what changes, and reads as the same trace", () => {
    const trace = traced({ phase: "Healthy", a: "1 = one" }, { phase: "Paused" }, { phase: "Paused", b: "2" });
    const text = recordingOf(trace);
    expect(text).toBe(
      "# story\n## frame 0\nphase = Healthy\na = 1 = one\n## frame 1\nphase = Paused\n- a\n## frame 2\nb = 2\n",
    );
    expect(traceOf(text)).toEqual(trace);
  });
});

describe("comparing", () => {
  const a = traced({ phase: "Healthy" }, { phase: "Paused" }, { phase: "Paused" });
  const b = traced({ phase: "Healthy" }, { phase: "Degraded" }, { phase: "Degraded" });
  const entry = { heading: "A heading", scenarios: ["story"], path: /^phase$/ };

  test("tells a difference once for as long as it lasts, and counts the keyframes that show it", () => {
    const { differences, keyframes, agreeing } = compare(a, b, []);
    expect(differences).toMatchObject([{ keyframe: "frame 1", repeats: 1, path: "phase", a: "Paused", b: "Degraded" }]);
    expect([keyframes, agreeing]).toEqual([3, 1]);
  });

  test("accepts what the table knows", () => {
    const compared = compare(a, b, [entry]);
    expect(compared.differences).toEqual([]);
    expect(compared.accepted).toHaveLength(1);
    expect(report(compared)).toBe("1 scenarios, 3 keyframes: 3 agree, 0 do not (0 differences, 1 accepted)");
  });

  test("tells of entries that what was played does not need", () => {
    expect(compare(a, a, [entry]).unused).toEqual([entry]);
    expect(compare(a, a, [{ ...entry, scenarios: ["another"] }]).unused).toEqual([]);
  });
});

describe("the tables", () => {
  test("every accepted difference has a heading in docs/differences.md, and of scenarios that exist", async () => {
    const text = await Bun.file(join(import.meta.dir, "../../docs/differences.md")).text();
    const names = new Set(scenarios.map(({ name }) => name));
    for (const { heading, scenarios: where } of acceptedDifferences) {
      expect(text).toContain(`\n### ${heading}`);
      for (const name of where === "all" ? [] : where) expect(names).toContain(name);
    }
  });

  test("every scenario has a name of its own, and waits for something that can be read", () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    for (const { name, first = "Healthy", story } of scenarios) {
      expect(name).toMatch(/^[a-z][a-z-]{0,55}[a-z]$/);
      for (const until of [first, ...story.map(([, goal]) => goal)]) expect(() => goalOf(until)).not.toThrow();
    }
  });
});
