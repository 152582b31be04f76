import { describe, expect, test } from "bun:test";
import type { Picture, PodState } from "../simulator/demo/picture.ts";
import type { Moment } from "../simulator/demo/play.ts";
import { changeTeller } from "./demoLines.ts";
import { clockText, endLine, momentLines } from "./demoScreen.ts";
import { inColour, plain } from "./paint.ts";

const pods = (version: string, ...states: PodState[]) =>
  states.map((state, at) => ({ name: `${version}-${at}`, state }));

const canary: Picture = {
  name: "web",
  replicas: 4,
  phase: "Paused",
  message: "CanaryPauseStep",
  versions: [
    { image: "web:1", revision: 1, pods: pods("a", "ready", "ready", "ready", "ending") },
    { image: "web:2", revision: 2, pods: pods("b", "ready", "starting") },
  ],
  steps: [
    { text: "setWeight 25", state: "done" },
    { text: "pause", state: "now" },
  ],
  services: [
    {
      name: "web",
      behind: new Map([
        [1, 3],
        [2, 1],
      ]),
    },
  ],
  events: [{ atMs: 61_500, reason: "RolloutPaused", message: "Rollout is paused (CanaryPauseStep)" }],
};

const moment: Moment = {
  titles: ["Canary", "Refused"],
  scene: 0,
  timeMs: 62_000,
  startMs: 1_000,
  speed: 2,
  command: "kubectl argo rollouts promote web",
  printed: [],
  caption: "Look!",
  manifest: undefined,
  picture: canary,
};

const screen = { paint: plain, columns: 80 };
const lines = (more: Partial<Moment> = {}) => momentLines({ ...moment, ...more }, screen);

describe("a moment of a rollout", () => {
  test("shows clock, command, phase, pods, requests, steps and events", () => {
    expect(lines()).toEqual([
      "  sluice demo   1 Canary   2 Refused                   cluster time 01:02  ×2 ",
      `  ${"─".repeat(76)}`,
      "",
      "  $ kubectl argo rollouts promote web",
      "",
      "  Look!",
      "",
      "  web             ‖ Paused   CanaryPauseStep",
      "",
      "  web:1           ● ● ● ○      3 ready",
      "  web:2           ● ◌          1 ready",
      "",
      `  → web           ${"█".repeat(30)}${"░".repeat(10)}  75 % 1  25 % 2`,
      "",
      "  steps           ✔ setWeight 25  ▶ pause  · 100 %",
      "",
      "  01:00  RolloutPaused           Rollout is paused (CanaryPauseStep)",
      "",
      "",
      "",
    ]);
  });

  test("has the same height with one version and with two, with events and without", () => {
    const one = { ...canary, versions: canary.versions.slice(0, 1), events: [] };
    expect(lines({ picture: one })).toHaveLength(lines().length);
  });

  test("says of a Service without pods that nobody answers", () => {
    const picture = { ...canary, services: [{ name: "web", behind: new Map<number, number>() }] };
    expect(lines({ picture })).toContain("  → web           nobody answers yet");
  });

  test("is Healthy at 100 %", () => {
    const steps = canary.steps.map((step) => ({ ...step, state: "done" as const }));
    const picture = { ...canary, phase: "Healthy", message: "", steps };
    expect(lines({ picture })).toContain("  web             ✔ Healthy");
    expect(lines({ picture })).toContain("  steps           ✔ setWeight 25  ✔ pause  ✔ 100 %");
  });

  test("has no line wider than the terminal, whatever the events say", () => {
    const events = [{ atMs: 2_000, reason: "Long", message: "x".repeat(300) }];
    const widths = lines({ picture: { ...canary, events } }).map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  test("tells versions apart by colour where there are colours", () => {
    const shown = momentLines(moment, { paint: inColour, columns: 80 }).join("\n");
    expect(shown).toContain(inColour("blue", "█".repeat(30)) + inColour("green", "█".repeat(10)));
    expect(shown).toContain(inColour("yellow", "‖ Paused"));
  });
});

describe("a moment of a refusal", () => {
  const manifest = "kind: Rollout\nspec: {}\n";

  test("shows the manifest until something is typed", () => {
    expect(lines({ picture: undefined, manifest }).slice(3)).toEqual([
      "  Look!",
      "",
      "  │ kind: Rollout",
      "  │ spec: {}",
    ]);
  });

  test("then what was typed, and what was printed, broken where it is too long", () => {
    const printed = ["$ kubectl apply -f x.yaml", `* spec.a: ${"word ".repeat(16).trimEnd()}`];
    expect(lines({ picture: undefined, manifest, printed }).slice(3)).toEqual([
      "  Look!",
      "",
      "  $ kubectl apply -f x.yaml",
      `  * spec.a: ${"word ".repeat(13).trimEnd()}`,
      "    word word word",
    ]);
  });
});

test("a clock counts minutes and seconds", () => {
  expect([0, 59_999, 60_000, 3_725_000].map(clockText)).toEqual(["00:00", "00:59", "01:00", "62:05"]);
});

test("a scene ends with what came of it", () => {
  expect(endLine({ title: "Canary", lastedMs: 20_000, fewestReady: 10, refusals: 0 }, screen)).toBe(
    "  ✔ Canary      from 1.0 to 2.0 in 00:20 of cluster time, never fewer than 10 pods ready",
  );
  expect(endLine({ title: "Refused", lastedMs: 0, fewestReady: undefined, refusals: 4 }, screen)).toBe(
    "  ✔ Refused     4 mistakes found before anything was stored",
  );
});

test("where nobody watches live, each change is a line and nothing is told twice", () => {
  const tell = changeTeller();
  expect(tell(moment)).toEqual([
    "",
    "1 Canary",
    "",
    "# Look!",
    "$ kubectl argo rollouts promote web",
    "01:02  Paused (CanaryPauseStep)   step 2/2 pause   web:1 3/4   web:2 1/2   → web 75 % 1, 25 % 2",
  ]);
  expect(tell({ ...moment, timeMs: 63_000 })).toEqual([]);
  const picture = { ...canary, phase: "Progressing" };
  expect(tell({ ...moment, timeMs: 64_000, picture })).toEqual([
    "01:04  Progressing   step 2/2 pause   web:1 3/4   web:2 1/2   → web 75 % 1, 25 % 2",
  ]);
});
