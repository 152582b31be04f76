/**
 * Hostile objects in the gate: every place of the kinds outside of pod specs, some of those in pod specs, and some
 * hundred combinations.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { baseOf, put } from "./bases.ts";
import { judge } from "./judge.ts";
import { pathText, SPOTS } from "./places.ts";
import { playShare } from "./share.ts";
import { valuesFor } from "./values.ts";
import { seededInput } from "./worlds.ts";

const MINUTES = 60_000;

test(
  "no place of any kind makes a judgement throw, hang or answer without bounds, nor do several places at once",
  async () => {
    const flags = ["--places", "--pods-every", "10", "--seeds", "300", "--size", "200000", "--slower", "Infinity"];
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "run.ts"), ...flags], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect(code, `${out}${errors}`).toBe(0);
  },
  10 * MINUTES,
);

describe("the generator of hostile objects", () => {
  test("knows every place of the five kinds, and has values for each", () => {
    expect(new Set(SPOTS.map(({ kind }) => kind)).size).toBe(5);
    const names = new Set(SPOTS.map(({ kind, path }) => `${kind} ${pathText(path)}`));
    const some = [
      "Rollout spec.strategy.canary.steps[].analysis.args[].value",
      "Rollout spec.template.spec.containers[].resources.limits{}",
      "Rollout metadata.annotations{}",
      "AnalysisTemplate spec.metrics[].provider.web.jsonBody",
      "AnalysisRun status.metricResults[].measurements[].value",
      "Experiment spec.templates[].selector.matchExpressions",
    ];
    expect(some.filter((name) => !names.has(name))).toEqual([]);
    const bare = SPOTS.filter(({ node }) => valuesFor(node).length === 0);
    expect(bare).toEqual([]);
  });

  test("puts a value where its place is, and nothing beside it that excludes it", () => {
    const rollout = baseOf("Rollout");
    put("Rollout", rollout, ["spec", "strategy", "blueGreen", "activeService"], () => "here");
    expect(rollout["spec"]).toMatchObject({ strategy: { blueGreen: { activeService: "here" } } });
    expect(Object.keys((rollout["spec"] as { strategy: object }).strategy)).toEqual(["blueGreen"]);
    for (const { kind, path } of SPOTS) {
      const object = baseOf(kind);
      put(kind, object, path, () => "here");
      expect(JSON.stringify(object), pathText(path)).toContain('"here"');
    }
  });

  test("makes the same of a seed every time", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const [one, other] = [seededInput(seed, 5_000), seededInput(seed, 5_000)];
      expect(one.name).toBe(other.name);
      expect(JSON.stringify(one.make())).toBe(JSON.stringify(other.make()));
    }
  });

  test("takes a sound object of each kind for sound", () => {
    for (const kind of new Set(SPOTS.map((spot) => spot.kind))) {
      const world = { kind, object: baseOf(kind), templates: new Map(), users: [] };
      expect(judge(world)?.problems).toEqual([]);
    }
  });

  test("names what hangs and what ends the process, and goes on with the next one", async () => {
    const program = `
      const inputs = ["sound", "endless", "deadly", "last"].slice(Number(process.argv.at(-1)));
      const tell = (told) => require("node:fs").writeSync(1, JSON.stringify(told) + "\\n");
      for (const name of inputs) {
        tell({ begins: name });
        if (name === "endless") for (;;);
        if (name === "deadly") process.exit(3);
        tell({ name, verdict: { problems: [], spent: [] } });
      }`;
    const judged = await playShare([process.execPath, "-e", program], 1_000);
    expect(judged.map(({ name, verdict }) => [name, ...(verdict?.problems ?? [])])).toEqual([
      ["sound"],
      ["endless", "holds the process for more than 1 s"],
      ["deadly", "ends the process with 3"],
      ["last"],
    ]);
  });
});
