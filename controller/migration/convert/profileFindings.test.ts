import { describe, expect, test } from "bun:test";
import { textWithHelp } from "../../../kube/validation/violation.ts";
import { profileFindings } from "./profileFindings.ts";

const place = "data[careful]";
const texts = (strategy: unknown, references?: Parameters<typeof profileFindings>[2]) => {
  const { refuse, warn } = profileFindings(strategy, place, references);
  return { refuse: refuse.map(textWithHelp), warn: warn.map(textWithHelp) };
};
const containing = (text: string): string => expect.stringContaining(text) as string;

/** The Services and templates of these names. */
const holding = (...names: readonly string[]) => {
  const known = new Map(names.map((name) => [name, { metrics: [] }]));
  const services = { has: (name: string) => known.has(name), get: () => undefined, keys: () => known.keys() };
  return { services, templates: { namespaced: known, cluster: new Map<string, unknown>() } };
};

describe("a profile", () => {
  test.each([
    [{ canary: {} }],
    [{ canary: { steps: [{ setWeight: 5 }, { pause: {} }] } }],
    [{ blueGreen: { activeService: "$(name)", previewService: "$(name)-preview" } }],
    [
      {
        canary: {
          stableService: "$(name)",
          canaryService: "$(name)-canary",
          trafficRouting: { nginx: { stableIngress: "$(name)" } },
          steps: [{ setWeight: 5 }, { pause: { duration: "1m" } }],
        },
      },
    ],
  ])("that is right is not refused: %j", (strategy) => {
    expect(texts(strategy).refuse).toEqual([]);
  });

  test.each([
    [null, "data[careful]: Required value: canary or blueGreen"],
    ["canary", "data[careful]: Required value: canary or blueGreen"],
    [[{ canary: {} }], "data[careful]: Required value: canary or blueGreen"],
    [{ strategy: { canary: {} } }, "Write the strategy itself, without spec and without strategy above it"],
    [{ canary: { steps: [{ setWeight: 150 }] } }, "data[careful].canary.steps[0].setWeight: Invalid value: 150"],
    [{ canary: { stepz: [] } }, "data[careful].canary.stepz"],
    [{ canary: {}, blueGreen: { activeService: "a" } }, "data[careful]"],
    [{ canary: 1 }, "data[careful].canary: Invalid value: 1: expected Object but got 1"],
    [{ canary: { steps: 5 } }, "data[careful].canary.steps: Invalid value: 5: expected Array but got 5"],
    [{ canary: { steps: [{ setWeight: "5" }] } }, 'data[careful].canary.steps[0].setWeight: Invalid value: "5"'],
    [{ canary: { steps: ["pause"] } }, "data[careful].canary.steps[0]: Invalid value"],
    [{ blueGreen: {} }, "data[careful].blueGreen.activeService"],
    [{ canary: { maxSurge: "$(name)" } }, 'data[careful].canary.maxSurge: Invalid value: "$(name)"'],
    [{ canary: { steps: Array.from({ length: 11_000 }, () => 1) } }, 'data[careful]: Invalid value: "…": too large'],
  ])("that is wrong is refused at its place in the ConfigMap: %j", (strategy, text) => {
    expect(texts(strategy).refuse).toContainEqual(containing(text));
  });

  test("is refused for all that is wrong at once, each once though both modes find it", () => {
    const { refuse } = texts({ canary: { stepz: [], steps: [{ setWeight: 150 }, { setWeight: -1 }] } });
    expect(refuse.map((text) => text.split(": ")[0])).toEqual([
      "data[careful].canary.steps[0].setWeight",
      "data[careful].canary.steps[1].setWeight",
      "data[careful].canary.stepz",
    ]);
  });

  test("says nothing of the sample that it is tried on", () => {
    const wrong = { blueGreen: { activeService: "$(name)", previewService: "$(name)" } };
    expect(texts(wrong).refuse).toEqual([containing('Invalid value: "$(name)"')]);
    expect(JSON.stringify(texts(wrong))).not.toContain("sluice-sample");
  });

  test("that holds itself, as aliases can make it, is refused and not followed", () => {
    const canary: Record<string, unknown> = {};
    canary["self"] = canary;
    expect(texts({ canary }).refuse).toEqual([containing("nested more than 200 levels deep")]);
  });
});

describe("a profile that names what does not exist", () => {
  const analysis = { templates: [{ templateName: "errors" }] };
  const strategy = {
    canary: { stableService: "web", canaryService: "web-next", steps: [{ setWeight: 5 }, { analysis }] },
  };

  test("warns, where it is known what exists", () => {
    expect(texts(strategy, holding("web"))).toEqual({
      refuse: [],
      warn: [
        containing('data[careful].canary.canaryService: Invalid value: "web-next": service "web-next" not found'),
        containing('data[careful].canary.steps[1].analysis.templates: Invalid value: "errors"'),
      ],
    });
    expect(texts(strategy)).toEqual({ refuse: [], warn: [] });
  });

  test("says nothing of what exists, and of names that each Deployment makes its own", () => {
    const { canary } = strategy;
    const own = { canary: { ...canary, stableService: "$(name)", canaryService: "$(name)-next" } };
    expect(texts(strategy, holding("web", "web-next", "errors"))).toEqual({ refuse: [], warn: [] });
    expect(texts(own, holding("errors"))).toEqual({ refuse: [], warn: [] });
  });
});
