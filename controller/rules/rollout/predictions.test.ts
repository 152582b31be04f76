import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { violationText } from "../../../kube/validation/violation.ts";
import { rolloutPredictions } from "./predictions.ts";

const canary = (canary: object, spec: object = {}) => ({ replicas: 5, strategy: { canary }, ...spec });
const textsOf = (spec: object): string[] => rolloutPredictions({ spec }).map(violationText);
const pause = { pause: { duration: "1m" } };
const weights = (...all: readonly number[]) => all.flatMap((setWeight) => [{ setWeight }, pause]);
const advice = "; name a router in trafficRouting for exact weights, or more replicas";

describe("a weight that the pods cannot express", () => {
  const at = "spec.strategy.canary.steps[0].setWeight: Invalid value: ";
  test.each([
    ["20 % of 3", 3, weights(20), `${at}20: without a router that is 1 of 4 pods, 25 %${advice}`],
    ["one replica", 1, weights(10), `${at}10: without a router that is 1 of 2 pods, 50 %${advice}`],
    [
      "several weights",
      2,
      weights(5, 10, 50),
      `${at}5: without a router that is 1 of 3 pods, 33 % (1 more weights are as far off)${advice}`,
    ],
  ])("is warned of: %s", (_, replicas, steps, text) => {
    expect(textsOf(canary({ steps }, { replicas }))).toEqual([text]);
  });

  test("is warned of, without surge", () => {
    for (const maxSurge of [0, "0", "0%"]) {
      expect(textsOf(canary({ maxSurge, steps: weights(20) }, { replicas: 3 }))).toEqual([
        `${at}20: without a router that is 1 of 3 pods, 33 %${advice}`,
      ]);
    }
  });

  test("is not looked for where pods come near enough, a router weighs, or the number of pods is not known", () => {
    expect(textsOf(canary({ steps: weights(20, 40, 60, 80) }))).toEqual([]);
    expect(textsOf(canary({ steps: weights(33, 66) }, { replicas: 3 }))).toEqual([]);
    expect(textsOf(canary({ steps: weights(0, 100) }, { replicas: 1 }))).toEqual([]);
    expect(textsOf(canary({ steps: weights(10) }, { replicas: undefined }))).toEqual([]);
    expect(textsOf(canary({ steps: weights(20) }, { replicas: 0 }))).toEqual([]);
    expect(textsOf(canary({ steps: weights(20), trafficRouting: { nginx: {} } }, { replicas: 1 }))).toEqual([]);
    expect(textsOf(canary({ steps: weights(20) }, { replicas: undefined, workloadRef: { name: "web" } }))).toEqual([]);
  });
});

describe("steps at which nobody looks", () => {
  test("are warned of, once", () => {
    expect(textsOf(canary({ steps: [{ setWeight: 20 }, { setWeight: 60 }] }))).toEqual([
      "spec.strategy.canary.steps: Invalid value: 2: no step pauses or analyses, so each weight lasts only until its " +
        "pods are ready; add a pause or an analysis",
    ]);
    expect(textsOf(canary({ analysis: { templates: [] }, steps: [{ setWeight: 20 }] }))).toEqual([
      "spec.strategy.canary.steps: Invalid value: 1: no step takes time, so the background analysis ends as soon as " +
        "the pods are ready, perhaps before it has measured; add a pause",
    ]);
  });

  test.each([[{ pause: {} }], [pause], [{ analysis: {} }], [{ experiment: {} }], [{ plugin: { name: "a/b" } }]])(
    "are none with %j",
    (step) => {
      expect(textsOf(canary({ steps: [{ setWeight: 20 }, step] }))).toEqual([]);
    },
  );

  test("are none where there are no steps", () => {
    for (const strategy of [{ canary: {} }, { canary: { steps: [] } }, { blueGreen: {} }, {}]) {
      expect(textsOf({ replicas: 5, strategy })).toEqual([]);
    }
  });
});

describe("a pause without end under a deadline that aborts", () => {
  const steps = [{ setWeight: 20 }, pause, { pause: {} }];
  test("is warned of: the deadline does not end it", () => {
    expect(textsOf(canary({ steps }, { progressDeadlineAbort: true }))).toEqual([
      "spec.strategy.canary.steps[2].pause: Invalid value: {}: has no duration, and progressDeadlineAbort does not end " +
        "it: a pause does not count towards the deadline; give it a duration, or promote by hand",
    ]);
  });

  test("is fine without such a deadline, and so is one with an end", () => {
    expect(textsOf(canary({ steps }))).toEqual([]);
    expect(textsOf(canary({ steps: weights(20) }, { progressDeadlineAbort: true }))).toEqual([]);
  });
});

test("whatever it is given, it answers", () => {
  for (const junk of [
    undefined,
    null,
    1,
    [],
    {},
    { spec: [] },
    { spec: { strategy: { canary: { steps: [1, null] } } } },
  ])
    expect(Array.isArray(rolloutPredictions(junk))).toBe(true);
});

const root = resolve(import.meta.dir, "../../..");
const examples = join(resolve(root, process.env["SLUICE_SHARED"] ?? "../shared"), "examples");

/** Rollouts by name. Charts are templates, not YAML: left out. */
function exampleRollouts(): (readonly [name: string, object: unknown])[] {
  return readdirSync(examples, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.ya?ml$/.test(file) && !file.includes("helm"))
    .flatMap((file) => parseAllDocuments(readFileSync(join(examples, file), "utf8")))
    .map((document) => document.toJS() as { kind?: string; metadata?: { name?: string } } | null)
    .flatMap((object) => (object?.kind === "Rollout" ? [[object.metadata?.name ?? "", object] as const] : []));
}

describe("what others have published", () => {
  if (!existsSync(examples)) test.skip(`no ${examples}`, () => {});
  else
    test("the published examples are not warned of, but for one replica that is to take 25 %", () => {
      const warned = exampleRollouts().flatMap(([name, object]) =>
        rolloutPredictions(object).map(({ rule }) => `${name}: ${rule}`),
      );
      expect(warned).toEqual(["rollout-secret: weight-of-pods"]);
    });
});
