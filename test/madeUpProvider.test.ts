import { describe, expect, test } from "bun:test";
import { conditionViolations, conditionWarnings } from "../controller/rules/analysis/metricConditions.ts";
import { metricViolations } from "../controller/rules/analysis/metric.ts";
import { root } from "../kube/validation/place.ts";
import { violationText } from "../kube/validation/violation.ts";
import { measure } from "../providers/metrics/measuring/measure.ts";
import type { Asking, HttpQuestion } from "../providers/metrics/provider.ts";
import { PROVIDERS } from "../providers/metrics/providers.ts";
import { barometer } from "./madeUpProvider.ts";

const asking: Asking = {
  settings: { harbour: "north" },
  metric: "pressure",
  intervalMs: undefined,
  run: { namespace: "prod", name: "run", uid: "u", labels: {} },
  now: 0,
  secret: () => undefined,
  environment: () => undefined,
};

/** The table with one more line. */
const providers = [...PROVIDERS, barometer];

const metric = (provider: object, successCondition = "result > 1000") => ({ name: "m", provider, successCondition });
const spec = (successCondition: string) => root({ metrics: [metric({ barometer: {} }, successCondition)] });

describe("one more metric provider, a file and a line in the table,", () => {
  test("counts as the provider of a metric", () => {
    const violations = (provider: object) => metricViolations(root(metric(provider)), providers).map(violationText);
    expect(violations({ barometer: {} })).toEqual([]);
    expect(violations({ barometer: {}, web: { url: "http://x" } })).toEqual([
      'provider: Invalid value: "web, barometer": multiple providers specified',
    ]);
    expect(metricViolations(root(metric({ barometer: {} })))).toHaveLength(1);
  });

  test("has its conditions checked against what its results are", () => {
    expect(conditionViolations(spec("result > 1000"), providers)).toEqual([]);
    expect(conditionViolations(spec("result[0] > 1000"), providers)).toHaveLength(1);
    expect(conditionWarnings(spec("result > 1000"), providers)).toEqual([]);
  });

  test("whose conditions are not read warns of them", () => {
    const deaf = [...PROVIDERS, { ...barometer, conditions: { kind: "ignored" } as const }];
    expect(conditionWarnings(spec("result > 1000"), deaf).map(({ detail }) => detail)).toEqual([
      "is not read by this provider",
    ]);
  });

  test("measures by a question and what the answer means, or says that it does not", async () => {
    const asked: string[] = [];
    const answering = (status: number) => ({
      http: ({ url }: HttpQuestion) => {
        asked.push(url);
        return Promise.resolve({ kind: "answered", status, headers: {}, body: "1013" } as const);
      },
      kube: () => Promise.reject(new Error("nothing is asked of Kubernetes")),
      signal: new AbortController().signal,
    });
    expect(await measure(answering(200), barometer, asking)).toEqual({ kind: "value", value: 1013, text: "1013" });
    expect(await measure(answering(500), barometer, asking)).toMatchObject({ kind: "error" });
    expect(asked[0]).toBe("http://north/pressure");
  });
});
