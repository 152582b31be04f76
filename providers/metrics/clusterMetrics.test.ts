import { describe, expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import { externalMetrics } from "./externalMetrics.ts";
import type { Answer, Asking, MetricProviderRow, Next, Question } from "./provider.ts";
import { quantityNumber, resourceMetrics } from "./resourceMetrics.ts";
import { answered, askingFor, HOSTILE } from "./testing.ts";

interface Talk {
  readonly paths: readonly (readonly string[])[];
  readonly end: Next | undefined;
}

function talk(row: MetricProviderRow, asked: Asking, rounds: readonly (readonly Answer[])[]): Talk {
  const pathOf = (question: Question): string => (question.to === "Kubernetes" ? question.path : "");
  const paths: string[][] = [];
  let end: Next | undefined = row.measure.begin(asked);
  for (const answers of [...rounds, undefined]) {
    if (end?.kind !== "ask") break;
    paths.push(end.questions.map(pathOf));
    if (answers !== undefined) end = row.measure.read?.(asked, answers, end.state);
  }
  return { paths, end };
}

const labels = { [HASH_LABEL]: "new" };
const usage = askingFor(undefined, {
  run: { namespace: "shop", name: "run", uid: "u", labels, owner: { kind: "Rollout", name: "web" } },
});
const rollout = answered({ status: { stableRS: "old", currentPodHash: "new" } });
const used = (...pods: readonly (readonly [cpu: string, memory: string])[]): Answer =>
  answered({
    items: pods.map(([cpu, memory]) => ({
      containers: [
        { name: "c", usage: { cpu, memory } },
        { name: "sidecar", usage: { cpu: "0", memory: "0" } },
      ],
    })),
  });
const compared = (canary: Answer, stable: Answer): Next | undefined =>
  talk(resourceMetrics, usage, [[rollout], [canary, stable]]).end;

describe("what pods use", () => {
  test("is asked of metrics.k8s.io for both revisions", () => {
    expect(talk(resourceMetrics, usage, [[rollout]]).paths[1]).toEqual(
      ["new", "old"].map(
        (hash) =>
          `/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=rollouts-pod-template-hash%3D${hash}`,
      ),
    );
  });

  test("is compared by averages, in cores and bytes", () => {
    expect(compared(used(["100m", "10Mi"], ["300m", "30Mi"]), used(["0.2", "20Mi"]))).toMatchObject({
      value: {
        ok: true,
        canary: { pods: 2, cpu: 0.2, memory: 20_971_520, maxCpu: 0.3, maxMemory: 31_457_280 },
        cpuRatio: 1,
        memoryRatio: 1,
      },
      samples: 2,
    });
  });

  test("is not ok where the canary uses half as much again", () => {
    expect(compared(used(["156340012n", "100Mi"]), used(["100m", "20Mi"]))).toMatchObject({
      value: { ok: false },
      message:
        "CPU of the canary is 1.56 times that of the stable pods; memory of the canary is 5.00 times that of the stable pods",
    });
  });

  test("is no data before the first measurement of the canary, and alone without stable pods", () => {
    expect(compared(used(), used(["1", "1Mi"]))).toMatchObject({ kind: "noData" });
    expect(compared(used(["1", "1Mi"]), used())).toMatchObject({ value: { ok: true, stable: null, cpuRatio: null } });
  });

  test("is an error that says what lacks where no such server is", () => {
    const missing = answered({ message: "the server could not find the requested resource" }, 404);
    expect(compared(missing, missing)).toEqual({
      kind: "error",
      message:
        "metrics.k8s.io does not say what pods use: the server could not find the requested resource; is a metrics server installed? k3s brings one",
    });
  });

  test.each([
    ["156340012n", 0.156340012],
    ["250m", 0.25],
    ["1Gi", 1_073_741_824],
    ["-2", -2],
    ["much", 0],
  ])("of %s is %p", (text, value) => {
    expect(quantityNumber(text)).toBe(value);
  });
});

describe("an external metric", () => {
  const asking = (settings: unknown): Asking => askingFor(settings);

  test("is asked of external.metrics.k8s.io in the namespace of the run", () => {
    const { paths } = talk(externalMetrics, asking({ metric: "queue|x", selector: { app: "web", tier: "a" } }), []);
    expect(paths).toEqual([
      ["/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/queue%7Cx?labelSelector=app%3Dweb%2Ctier%3Da"],
    ]);
  });

  test("gives the numbers of its series", () => {
    const { end } = talk(externalMetrics, asking({ metric: "q" }), [
      [answered({ items: [{ value: "1500m" }, { value: "2k" }] })],
    ]);
    expect(end).toEqual({ kind: "value", value: [1.5, 2_000], text: "[1.5,2000]" });
  });

  test.each([[403], [404], [503]])("that is refused with %i is an error that says what to do", (status) => {
    const { end } = talk(externalMetrics, asking({ metric: "q" }), [[answered({ message: "no" }, status)]]);
    expect(end).toMatchObject({ kind: "error", message: expect.stringMatching(/: no; /) as unknown });
  });

  test.each([[{}], [{ metric: "../pods" }], [{ metric: "a/b" }], [{ metric: ".." }], [{ metric: "q", x: 1 }]])(
    "cannot be %j",
    (settings) => {
      expect(talk(externalMetrics, asking(settings), []).end?.kind).toBe("error");
      expect(externalMetrics.settingsProblem?.(settings)).toBeString();
    },
  );

  test.each(HOSTILE)("that answers with %s is an error", (_, body) => {
    expect(talk(externalMetrics, asking({ metric: "q" }), [[answered(body)]]).end?.kind).toBe("error");
    expect(compared(answered(body), answered(body))?.kind).toBe("error");
  });
});
