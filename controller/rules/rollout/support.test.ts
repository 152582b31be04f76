import { describe, expect, test } from "bun:test";
import { undriven } from "../../steps/kind.ts";
import { stepKinds } from "../../steps/stepKinds.ts";
import { stepTable } from "../../steps/stepTable.ts";
import { unsupportedFeatures } from "./support.ts";

/** While mirrors and header routes are not driven. */
const fewer = stepTable({
  ...stepKinds,
  setMirrorRoute: { ...stepKinds.setMirrorRoute, ...undriven("setMirrorRoute steps") },
  setHeaderRoute: { ...stepKinds.setHeaderRoute, ...undriven("setHeaderRoute steps") },
});

const paths = (spec: object, tables: Parameters<typeof unsupportedFeatures>[1] = {}): readonly string[] =>
  unsupportedFeatures({ spec }, tables).map(({ path }) => path);
const steps = (...steps: object[]) => ({ strategy: { canary: { steps } } });

describe("features that are not driven yet", () => {
  test("weights and pauses are driven", () => {
    expect(paths(steps({ setWeight: 20 }, { pause: {} }))).toEqual([]);
  });

  test("all steps are driven", () => {
    expect(paths(steps(...Object.keys(stepKinds).map((member) => ({ [member]: {} }))))).toEqual([]);
  });

  test("a step is named by its true path, the first of its kind", () => {
    const mirror = { setMirrorRoute: { name: "x" } };
    const some = steps({ pause: {} }, mirror, mirror, { setHeaderRoute: { name: "x" } });
    expect(paths(some, { steps: fewer }).toSorted()).toEqual([
      "spec.strategy.canary.steps[1].setMirrorRoute",
      "spec.strategy.canary.steps[3].setHeaderRoute",
    ]);
  });

  test("an empty member counts: it was meant", () => {
    const ferry = { kind: "ferry", title: "Ferry", abilities: {}, needsServices: () => true };
    expect(paths({ strategy: { canary: { trafficRouting: { ferry: {} } } } }, { routers: [ferry] })).toEqual([
      "spec.strategy.canary.trafficRouting.ferry",
    ]);
  });

  test("analyses are driven, in the background, as a step and around a promotion", () => {
    const analysis = { templates: [{ templateName: "errors" }] };
    expect(paths({ strategy: { canary: { analysis, steps: [{ analysis }] } } })).toEqual([]);
    expect(
      paths({ strategy: { blueGreen: { prePromotionAnalysis: analysis, postPromotionAnalysis: analysis } } }),
    ).toEqual([]);
  });

  test("the reason is a sentence about the feature", () => {
    const [feature] = unsupportedFeatures({ spec: steps({ setMirrorRoute: { name: "x" } }) }, { steps: fewer });
    expect(feature?.reason).toBe("this version of Sluice does not drive setMirrorRoute steps yet");
  });

  test("whatever it is given, it answers", () => {
    for (const junk of [undefined, null, 1, [], {}, { spec: [] }]) expect(unsupportedFeatures(junk)).toEqual([]);
  });
});
