import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lint, rollout, template } from "./testing.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-mend-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fixed(text: string): Promise<string> {
  const file = join(folder, "x.yaml");
  await Bun.write(file, text);
  await lint("", ["-f", file, "--fix"]);
  return Bun.file(file).text();
}

const canary = "  strategy: { canary: {} } # one\n";

describe("what has exactly one right answer is put right", () => {
  test.each([
    ["a number in quotes", rollout(`  replicas: "3" # three\n${canary}`), '"3"', "3"],
    ["a number in single quotes", rollout(`  replicas: '3'\n${canary}`), "'3'", "3"],
    ["seconds with a unit", rollout(`  minReadySeconds: 1m\n${canary}`), "1m", "60"],
    ["true in quotes", rollout(`  paused: "true"\n${canary}`), '"true"', "true"],
    [
      "a label that is a number, as it was written",
      rollout(canary, "name: web\n  labels: { version: 1.10 }"),
      "1.10",
      '"1.10"',
    ],
    ["a label that YAML takes for true", rollout(canary, "name: web\n  labels: { on-call: yes }"), " yes ", ' "yes" '],
    ["a name of a member in the wrong case", rollout(`  minreadySeconds: 5\n${canary}`), "minready", "minReady"],
    [
      "a word in the wrong case",
      rollout(canary).replace("image: nginx:1.28", "image: nginx:1.28\n          imagePullPolicy: always"),
      ": always",
      ": Always",
    ],
    ["a share with its sign", rollout("  strategy: { canary: { steps: [{ setWeight: 20% }] } }\n"), "20%", "20"],
    [
      "a pause in words",
      rollout("  strategy: { canary: { steps: [{ pause: { duration: 10 minutes } }] } }\n"),
      "10 minutes",
      "10m",
    ],
    ["a duration that is a number", template("      interval: 30 # s\n"), " 30 ", " 30s "],
    ["a duration without a unit", template('      interval: "30"\n'), '"30"', '"30s"'],
    ["a duration in days", template("      interval: 1 day\n"), "1 day", "24h"],
    ["an argument that is a number", template("  args: [{ name: port, value: 8080 }]\n"), "8080", '"8080"'],
  ])("%s", async (_, text, wrong, right) => {
    expect(await fixed(text)).toBe(text.replace(wrong, right));
  });

  test("with the line endings of Windows", async () => {
    const text = rollout(`  replicas: "3"\n${canary}`).replaceAll("\n", "\r\n");
    expect(await fixed(text)).toBe(text.replace('"3"', "3"));
  });

  test("in JSON and in a List", async () => {
    const object = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisTemplate", metadata: { name: "x" } };
    const list = (interval: unknown): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [{ ...object, spec: { metrics: [{ name: "m", interval, provider: { job: { spec: {} } } }] } }],
      });
    // JSON has no texts without quotes.
    expect(await fixed(list(30))).toBe(list("30s"));
  });
});

describe("left alone is", () => {
  test.each([
    ["a text that is no number", rollout(`  replicas: three\n${canary}`)],
    ["a fraction", rollout(`  replicas: "1.5"\n${canary}`)],
    ["a time that is none", rollout(`  restartAt: yesterday\n${canary}`)],
    ["a member of which there are two", rollout(`  minReadySeconds: 5\n  minreadySeconds: 6\n${canary}`)],
    [
      "a value that an alias uses, too",
      rollout(canary, 'name: &a "7"\n  labels: { a: *a }').replace("spec:\n", "spec:\n  replicas: *a\n"),
    ],
    [
      "a pause without a unit, which is in seconds",
      rollout('  strategy: { canary: { steps: [{ pause: { duration: "30" } }] } }\n'),
    ],
    ["what is right", rollout(canary)],
  ])("%s", async (_, text) => {
    expect(await fixed(text)).toBe(text);
  });
});
