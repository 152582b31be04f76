import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { testPorts } from "../testing.ts";
import { run } from "./command.ts";

const pages = join(import.meta.dir, "../../docs/cli");
const examples = join(import.meta.dir, "../../examples");
const shop = join(pages, "shop.yaml");
const scenario = join(pages, "scenario.yaml");

async function simulated(args: readonly string[], stdin = "", columns?: number) {
  const ports = testPorts({ stdin: async () => stdin, columns });
  const code = await run(args, ports);
  return { ...ports.told, code };
}

describe("as text", () => {
  test("a canary is a line a step, what came of it, and what it costs", async () => {
    const { out, code } = await simulated(["-f", shop, "--image", "shop:2.0", "--traffic", "500rps"]);
    expect(code).toBe(0);
    expect(out).toBe(`Rollout shop, 10 pods, canary: shop:1.0 -> shop:2.0

AT        FOR  STAGE                      NEW GETS  OLD PODS  NEW PODS  CAPACITY  EXTRA PODS
0s        10s  1/8 setWeight 10           0%        10        0 (+1)    100%      1 for 10s
10s       10m  2/8 pause 10m              10%       10        1         100%      1 for 10m
10m10s    10s  3/8 setWeight 25           10%       10        1 (+2)    100%      3 for 10s
10m20s    30m  4/8 pause 30m              25%       10        3         100%      3 for 30m
40m20s    10s  5/8 setWeight 50           25%       10        3 (+2)    100%      5 for 10s
40m30s    30s  6/8 pause                  50%       10        5         100%      5 for 30s
  41m: promoted by a made-up person
41m       10s  7/8 setWeight 75           50%       10        5 (+3)    100%      8 for 10s
41m10s    1h   8/8 pause 1h               75%       10        8         100%      8 for 1h
1h41m10s  10s  after the steps: all pods  75%       10        8 (+2)    100%      10 for 10s
  1h41m20s: analysis shop-7f898d6fd8-2: Successful, Run Terminated
1h41m20s  30s  done: the old pods end     100%      0         10        100%      10 for 30s

Healthy after 1h41m20s.
Capacity: never less than before the update.
Extra pods: 10 at most, some for 1h41m50s; 592 pod-minutes in all.
Requests at 500/s: 1620500 of 3040001 went to the new version; a pod has 50/s as a rule, 50/s at most.
Note: Made up, because no file has it: Service "shop-stable", Service "shop-canary", Ingress "shop".
Note: The scenario says nothing about success-rate: taken for good.
`);
  });

  test("a narrow terminal gets the columns that nothing else tells", async () => {
    const { out } = await simulated(["-f", shop], "", 60);
    const lines = out.split("\n");
    expect(lines).toContain("AT        STAGE                      NEW GETS  NEW PODS");
    expect(lines.filter((line) => line.length > 60)).toEqual([]);
  });

  test("an update that is aborted tells at which step, and why", async () => {
    const { out } = await simulated(["-f", shop, "--metrics", scenario]);
    expect(out).toContain("Aborted after 52m10s, at step 8/8 (pause 1h). The new version had got 75% of the requests");
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      'Metric "success-rate" assessed Failed due to failed (3) > failureLimit (2)',
    );
  });

  test("two strategies stand side by side, each fact in a line", async () => {
    const [canary, blueGreen] = [join(examples, "canary.yaml"), join(examples, "blue-green.yaml")];
    const { out, code } = await simulated(["-f", canary, "--compare", blueGreen]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /canary\.yaml: Rollout canary, 5 pods, canary[^]*blue-green\.yaml: Rollout blue-green, 3 pods, blue-green/,
    );
    expect(out).toMatch(/\noutcome +healthy +healthy\nafter +1m50s +40s\n/);
    expect(out).toMatch(/\nextra pods at most +1 +3\n/);
  });
});

test("as JSON it has the same in seconds, with the measurements", async () => {
  const { out } = await simulated(["-f", shop, "--metrics", "-", "-o", "json"], "metrics: { success-rate: 0.5 }");
  const json = JSON.parse(out) as {
    outcome: { kind: string; after: number };
    stages: { stage: string; from: number }[];
    analyses: { metrics: { name: string; measurements: { value: string; phase: string }[] }[] }[];
  };
  expect(json.outcome).toMatchObject({ kind: "aborted", after: 730, at: "4/8 pause 30m" });
  expect(json.stages[0]).toMatchObject({ stage: "1/8 setWeight 10", from: 0, to: 10 });
  expect(json.analyses[0]?.metrics[0]?.measurements.map(({ value, phase }) => `${value} ${phase}`)).toEqual([
    "[0.5] Failed",
    "[0.5] Failed",
    "[0.5] Failed",
  ]);
});

describe("as a picture", () => {
  test("it is well-formed, says what it shows, and is for light and dark pages", async () => {
    const { out } = await simulated(["-f", shop, "--image", "shop:<2&3>", "--compare", shop, "-o", "svg"]);
    const countOf = (all: RegExp): Map<string, number> => {
      const counts = new Map<string, number>();
      for (const [, name = ""] of out.matchAll(all)) counts.set(name, (counts.get(name) ?? 0) + 1);
      return counts;
    };
    expect(countOf(/<([a-z]+)(?:\s[^<>]*[^/<>])?>/gi)).toEqual(countOf(/<\/([a-z]+)>/gi));
    expect(out).toContain('role="img" aria-labelledby="title desc"');
    expect(out).toContain('<title id="title">shop: shop:1.0 → shop:&lt;2&amp;3&gt; (canary, 10 pods); shop: ');
    expect(out).toContain("prefers-color-scheme: dark");
    expect(out).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("a pipeline", () => {
  test.each([
    [[], 0],
    [["--expect", "healthy"], 2],
    [["--expect", "aborted"], 0],
  ])("with %j gets %d for an update that is aborted", async (more, code) => {
    expect((await simulated(["-f", shop, "--metrics", scenario, ...more])).code).toBe(code);
  });
});

describe("what is wrong is told, with what to do", () => {
  test.each([
    [[], "", "nothing to simulate: give -f FILE"],
    [["-f", "nowhere.yaml"], "", "cannot read nowhere.yaml: there is no such file"],
    [["-f", "-"], "a: [", "cannot read standard input: it is not YAML"],
    [["-f", "-"], "kind: Service", "no Rollout is among what was given"],
    [["-f", examples], "", "say which by --rollout NAME"],
    [["-f", shop, "--metrics", "-"], "metric: 3", "cannot use -: metric is not known"],
    [["-f", shop, "--image", "app=shop:2.0"], "", 'the pods have no container "app": they have shop'],
    [["-f", shop, "--fail-pods", "sometimes"], "", "Write never-ready, crash or crash@2m."],
    [["-f", shop, "--traffic", "many"], "", "Write 500 or 500rps."],
    [["-f", shop, "--promote-after", "soon"], "", "Write 30s, 5m or 2h30m."],
    [["-f", shop, "-o", "png"], "", "Allowed choices are text, json, svg"],
    [["-f", shop, "--imag", "x"], "", "(Did you mean --image?)"],
  ])("%j", async (args, stdin, problem) => {
    const { err, out, code } = await simulated(args, stdin);
    expect([err.startsWith("Error: "), out, code]).toEqual([true, "", 1]);
    expect(err).toContain(problem);
  });

  test("in admission's own words", async () => {
    const text = (await Bun.file(shop).text()).replace("setWeight: 10", "setWeight: 110");
    const { err, code } = await simulated(["-f", "-"], text);
    expect(code).toBe(1);
    expect(err).toContain('The Rollout "shop" is invalid: ');
  });

  test("--help explains itself within 80 columns", async () => {
    const { out, code } = await simulated(["--help"]);
    expect([code, out.split("\n").filter((line) => line.length > 80)]).toEqual([0, []]);
  });
});
