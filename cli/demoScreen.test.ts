import { describe, expect, test } from "bun:test";
import type { Picture, PodState } from "../simulator/demo/picture.ts";
import type { Moment } from "../simulator/demo/play.ts";
import { changeReporter } from "./demoLines.ts";
import { clockText, endLines, momentLines, percent } from "./demoScreen.ts";
import { inColour, plain } from "./paint.ts";

const pods = (version: string, ...states: PodState[]) =>
  states.map((state, at) => ({ name: `${version}-${at}`, state }));

const canary: Picture = {
  name: "web",
  replicas: 4,
  phase: "Paused",
  message: "CanaryPauseStep",
  isUpdating: true,
  isAborted: false,
  isPausedByUser: false,
  versions: [
    { image: "web:1.0", revision: 1, failing: 0, pods: pods("a", "ready", "ready", "ready", "ending") },
    { image: "web:2", revision: 2, failing: 0, pods: pods("b", "ready", "starting") },
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
      failing: 0,
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
  offers: undefined,
  askedMs: undefined,
};

const screen = { paint: plain, columns: 80, rows: 24 };
const lines = (more: Partial<Moment> = {}) => momentLines({ ...moment, ...more }, screen);
const untilBlank = (all: readonly string[]) => all.slice(0, all.findLastIndex((line) => line !== "") + 1);

describe("a moment of a rollout", () => {
  test("shows clock, command, phase, pods, requests, steps and events", () => {
    expect(lines()).toEqual([
      "",
      "  sluice demo  1 Canary  2 Refused                     cluster time 01:02  ×2 ",
      `  ${"─".repeat(76)}`,
      "",
      "  $ kubectl argo rollouts promote web",
      "",
      "  Look!",
      "",
      "",
      "  web           ‖ Paused  CanaryPauseStep",
      "",
      "  web:1.0       ● ● ● ○      3 ready",
      "  web:2         ● ◌          1 ready",
      "",
      `  → web         ${"█".repeat(30)}${"▒".repeat(10)}  75 % 1.0  25 % 2`,
      "    errors      none",
      "",
      "  steps         ✔ setWeight 25  ▶ pause  · 100 %",
      "",
      "  01:00  Rollout is paused (CanaryPauseStep)",
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
    const picture = { ...canary, services: [{ name: "web", behind: new Map<number, number>(), failing: 0 }] };
    expect(lines({ picture })).toContain("  → web         nobody answers yet");
  });

  test("is Healthy at 100 %", () => {
    const steps = canary.steps.map((step) => ({ ...step, state: "done" as const }));
    const picture = { ...canary, phase: "Healthy", message: "", steps };
    expect(lines({ picture })).toContain("  web           ✔ Healthy");
    expect(lines({ picture })).toContain("  steps         ✔ setWeight 25  ✔ pause  ✔ 100 %");
  });

  test("has no line wider than the terminal, whatever the events say", () => {
    const events = [{ atMs: 2_000, reason: "Long", message: "x".repeat(300) }];
    const widths = lines({ picture: { ...canary, events } }).map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  test("tells versions apart by colour where there are colours", () => {
    const shown = momentLines(moment, { paint: inColour, columns: 80, rows: 24 }).join("\n");
    expect(shown).toContain(inColour("blue", "█".repeat(30)) + inColour("green", "█".repeat(10)));
    expect(shown).toContain(inColour("yellow", "‖ Paused"));
  });
});

describe("a moment of a refusal", () => {
  const manifest = "kind: Rollout\nspec: {}\n";

  test("shows the manifest until something is typed", () => {
    expect(untilBlank(lines({ picture: undefined, manifest })).slice(4)).toEqual([
      "  Look!",
      "",
      "  │ kind: Rollout",
      "  │ spec: {}",
    ]);
  });

  test("then what was typed, and what was printed, broken where it is too long", () => {
    const printed = ["$ kubectl apply -f x.yaml", `* spec.a: ${"word ".repeat(16).trimEnd()}`];
    expect(untilBlank(lines({ picture: undefined, manifest, printed })).slice(4)).toEqual([
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

describe("what the keys do", () => {
  const last = (more: Partial<Moment>) => lines(more).at(-1);

  test("is said in the last line, and how long the demo waits for one", () => {
    expect(last({ offers: ["promote", "abort", "pause"] })).toBe("  Enter promote   a abort   p pause   q quit");
    expect(last({ offers: ["promote", "abort", "resume"] })).toBe("  Enter promote   a abort   p resume   q quit");
    expect(last({ offers: ["next"] })).toBe("  Enter next   q quit");
    expect(last({ offers: [] })).toBe("  q quit");
    expect(last({ offers: ["promote", "abort", "pause"], askedMs: 4_950 })).toBe(
      "  Enter promote   a abort   p pause   q quit          goes on by itself in 5 s",
    );
  });

  test("stays on a low terminal: blank lines go first, from below", () => {
    const low = { ...screen, rows: 17 };
    const shown = momentLines({ ...moment, offers: ["next"] }, low);
    expect(shown).toHaveLength(16);
    expect(shown.at(-1)).toBe("  Enter next   q quit");
  });
});

test("an answer that fails is red, and counted among the requests", () => {
  const versions = canary.versions.map((version, at) => ({ ...version, failing: at === 1 ? 0.5 : 0 }));
  const services = canary.services.map((service) => ({ ...service, failing: 0.125 }));
  const shown = lines({ picture: { ...canary, versions, services } });
  expect(shown).toContain(`  → web         ${"█".repeat(30)}${"░".repeat(10)}  75 % 1.0  25 % 2`);
  expect(shown).toContain("    errors      13 % of the requests fail");
});

test("a share is given in whole percents", () => {
  expect([0, 0.2, 0.125, 1].map(percent)).toEqual(["0 %", "20 %", "13 %", "100 %"]);
});

test("a scene ends with what came of it", () => {
  const end = { title: "Canary", lastedMs: 20_000, fewestReady: 10, refusals: 0 };
  const update = { version: "2.0", isTurnedBack: false, reached: 1 };
  expect(endLines({ ...end, update }, screen)).toEqual([
    "  ✔ Canary      2.0 for everyone after 00:20, at least 10 pods ready",
  ]);
  expect(endLines({ ...end, update: { ...update, isTurnedBack: true, reached: 0.2 } }, screen)).toEqual([
    "  ↩ Canary      2.0 turned back at 20 % of requests, at least 10 pods ready",
  ]);
  expect(endLines({ ...end, update: { ...update, isTurnedBack: true, reached: 0 } }, screen)).toEqual([
    "  ↩ Canary      2.0 turned back before a user saw it, at least 10 pods ready",
  ]);
  expect(
    endLines({ title: "Refused", lastedMs: 0, fewestReady: undefined, refusals: 4, update: undefined }, screen),
  ).toEqual(["  ✔ Refused     4 mistakes found before anything was stored"]);
});

test("where nobody watches live, each change is a line and nothing is told twice", () => {
  const changes = changeReporter();
  expect(changes(moment)).toEqual([
    "",
    "1 Canary",
    "",
    "# Look!",
    "$ kubectl argo rollouts promote web",
    "01:02  Paused (CanaryPauseStep)   step 2/2 pause   web:1.0 3/4   web:2 1/2   → web 75 % 1.0, 25 % 2",
  ]);
  expect(changes({ ...moment, timeMs: 63_000 })).toEqual([]);
  const picture = { ...canary, phase: "Progressing" };
  expect(changes({ ...moment, timeMs: 64_000, picture })).toEqual([
    "01:04  Progressing   step 2/2 pause   web:1.0 3/4   web:2 1/2   → web 75 % 1.0, 25 % 2",
  ]);
});
