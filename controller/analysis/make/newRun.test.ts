import { describe, expect, test } from "bun:test";
import type { AnalysisTemplateSpec, Argument, Metric } from "../../../schema/analysis.ts";
import { newRun, type NewRun, type NewRunInput } from "./newRun.ts";

type Specs = Readonly<Record<string, Partial<AnalysisTemplateSpec>>>;

const metric = (name: string): Metric => ({ name, provider: { web: { url: "http://a", jsonPath: "{$}" } } });

function made(
  namespaced: Specs,
  input: Partial<NewRunInput> & { readonly names?: readonly string[] } = {},
  cluster: Specs = {},
): NewRun {
  const { names = Object.keys(namespaced), ...rest } = input;
  return newRun({
    refs: names.map((templateName) => ({ templateName })),
    templates: { namespaced: new Map(Object.entries(namespaced)), cluster: new Map(Object.entries(cluster)) },
    args: [],
    metadata: { name: "run", namespace: "shop", labels: { a: "b" } },
    ...rest,
  });
}

function specOf(made: NewRun) {
  if (made.kind !== "run") throw new Error(made.message);
  return made.run.spec;
}

const argsOf = (templates: Specs, args: readonly Argument[] = []) => specOf(made(templates, { args })).args;
const messageOf = (made: NewRun): string => (made.kind === "run" ? "" : `${made.kind}: ${made.message}`);

describe("a run made of templates", () => {
  test("has the metrics and the metadata, and leaves out what is empty", () => {
    expect(made({ one: { metrics: [metric("a")] } })).toEqual({
      kind: "run",
      run: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        metadata: { name: "run", namespace: "shop", labels: { a: "b" } },
        spec: { metrics: [metric("a")] },
      },
    });
  });

  test("has what its templates say about their metrics in annotations, and what its owner says before that", () => {
    const words: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      one: { "sluice.dev/no-data": "a=success", other: "x" },
      two: { "sluice.dev/no-data": "b=error", "sluice.dev/any-of": "a|b" },
    };
    const namespaced = new Map(
      Object.entries({
        one: { metrics: [metric("a")], templates: [{ templateName: "two" }] },
        two: { metrics: [metric("b")] },
      }),
    );
    const of = (annotations: Readonly<Record<string, string>>) => {
      const templates = {
        namespaced,
        cluster: new Map(),
        annotationsOf: ({ name }: { readonly name: string }) => words[name],
      };
      const run = newRun({
        refs: [{ templateName: "one" }],
        templates,
        args: [],
        metadata: { name: "run", namespace: "shop", annotations },
      });
      return run.kind === "run" ? run.run.metadata.annotations : run;
    };
    expect(of({ own: "y" })).toEqual({
      "sluice.dev/no-data": "a=success, b=error",
      "sluice.dev/any-of": "a|b",
      own: "y",
    });
    expect(of({ "sluice.dev/any-of": "" })).toMatchObject({ "sluice.dev/any-of": "" });
  });

  test("has templates of the namespace first, those that they include after them, and each once", () => {
    const spec = specOf(
      made(
        {
          one: {
            metrics: [metric("a")],
            templates: [{ templateName: "two" }, { templateName: "all", clusterScope: true }],
          },
          two: { metrics: [metric("b")] },
          three: { metrics: [metric("c")], templates: [{ templateName: "two" }] },
        },
        { names: ["one", "three"] },
        { all: { metrics: [metric("d")] } },
      ),
    );
    expect(spec.metrics.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
  });

  test("has the rules of its owner before those of the templates", () => {
    const spec = specOf(
      made(
        {
          one: {
            metrics: [metric("a")],
            dryRun: [{ metricName: "a" }],
            measurementRetention: [{ metricName: "a", limit: 2 }],
          },
        },
        { dryRun: [{ metricName: ".*" }], measurementRetention: [{ metricName: ".*", limit: 3 }] },
      ),
    );
    expect(spec.dryRun).toEqual([{ metricName: ".*" }, { metricName: "a" }]);
    expect(spec.measurementRetention).toEqual([
      { metricName: ".*", limit: 3 },
      { metricName: "a", limit: 2 },
    ]);
  });
});

describe("the arguments of a run", () => {
  const secret = { secretKeyRef: { name: "s", key: "k" } };

  test("are those of the templates, with the values of the owner", () => {
    const templates = { one: { metrics: [metric("a")], args: [{ name: "x" }, { name: "y", value: "1" }] } };
    expect(argsOf(templates, [{ name: "x", value: "2" }])).toEqual([
      { name: "x", value: "2" },
      { name: "y", value: "1" },
    ]);
    expect(argsOf(templates, [{ name: "x", value: "" }])?.[0]).toEqual({ name: "x", value: "" });
  });

  test("leave out what no template knows", () => {
    expect(argsOf({ one: { metrics: [metric("a")] } }, [{ name: "x", value: "2" }])).toBeUndefined();
  });

  test("keep a secret of the template beside a value of the owner", () => {
    const templates = { one: { metrics: [metric("a")], args: [{ name: "x", valueFrom: secret }] } };
    expect(argsOf(templates, [{ name: "x", value: "2" }])).toEqual([{ name: "x", value: "2", valueFrom: secret }]);
  });

  test("keep a secret of a template though a later one declares them without any source", () => {
    const from = { metrics: [metric("a")], args: [{ name: "x", valueFrom: secret }] };
    const bare = { metrics: [], args: [{ name: "x" }] };
    const kept = [{ name: "x", valueFrom: secret }];
    expect(argsOf({ from, bare })).toEqual(kept);
    expect(argsOf({ bare, from })).toEqual(kept);
    expect(argsOf({ bare, from, again: bare, last: bare })).toEqual(kept);
    // A value counts more, and so does the source that comes last.
    expect(argsOf({ from, bare, two: { metrics: [], args: [{ name: "x", value: "2" }] } })).toEqual([
      { name: "x", value: "2" },
    ]);
    const other = { secretKeyRef: { name: "s", key: "other" } };
    expect(argsOf({ from, bare, two: { metrics: [], args: [{ name: "x", valueFrom: other }] } })).toEqual([
      { name: "x", valueFrom: other },
    ]);
    // As in the reference: the owner's own value is not hidden by a secret that the last declaration does not name.
    expect(argsOf({ from, bare }, [{ name: "x", value: "2" }])).toEqual([{ name: "x", value: "2" }]);
  });

  test("take a secret of the owner", () => {
    const templates = { one: { metrics: [metric("a")], args: [{ name: "x" }] } };
    expect(argsOf(templates, [{ name: "x", valueFrom: secret }])).toEqual([{ name: "x", valueFrom: secret }]);
  });

  test("of one name in two templates are one, with the value that one of them has", () => {
    const one = { metrics: [metric("a")], args: [{ name: "x" }] };
    const two = { metrics: [metric("b")], args: [{ name: "x", value: "2" }] };
    expect(argsOf({ one, two })).toEqual([{ name: "x", value: "2" }]);
    expect(argsOf({ two, one })).toEqual([{ name: "x", value: "2" }]);
    expect(argsOf({ two, three: { ...two, metrics: [] } })).toEqual([{ name: "x", value: "2" }]);
  });
});

describe("no run is made", () => {
  const one = { metrics: [metric("a")] };

  test.each<[string, string, NewRun]>([
    ["two metrics of a name", "invalid: two metrics have the same name 'a'", made({ one, two: one })],
    [
      "two dry-run rules of a metric",
      "invalid: two Dry-Run metric rules have the same name 'a'",
      made({ one: { ...one, dryRun: [{ metricName: "a" }] } }, { dryRun: [{ metricName: "a" }] }),
    ],
    [
      "two retention rules of a metric",
      "invalid: two Measurement Retention metric rules have the same name 'a'",
      made(
        { one },
        {
          measurementRetention: [
            { metricName: "a", limit: 1 },
            { metricName: "a", limit: 1 },
          ],
        },
      ),
    ],
    [
      "an argument with two values",
      "invalid: Argument `x` specified multiple times with different values: '1', '2'",
      made({
        one: { ...one, args: [{ name: "x", value: "1" }] },
        two: { args: [{ name: "x", value: "2" }] },
      }),
    ],
    [
      "an argument without a value",
      "invalid: args.x was not resolved",
      made({ one: { ...one, args: [{ name: "x" }] } }),
    ],
    ["templates without a metric", "invalid: no metrics specified", made({ one: {} })],
    [
      "a template that includes itself through another",
      "invalid: a template cannot include itself: AnalysisTemplate 'one' → AnalysisTemplate 'two' → AnalysisTemplate 'one'",
      made({ one: { templates: [{ templateName: "two" }] }, two: { templates: [{ templateName: "one" }] } }),
    ],
    [
      "templates that are not there",
      "missing: AnalysisTemplate 'two' not found; ClusterAnalysisTemplate 'all' not found, which AnalysisTemplate 'one' includes",
      made({ one: { ...one, templates: [{ templateName: "all", clusterScope: true }] } }, { names: ["two", "one"] }),
    ],
  ])("of %s", (_, message, result) => {
    expect(messageOf(result)).toBe(message);
  });

  test("of a count that an argument gives is nothing to complain about", () => {
    const counted = { ...metric("a"), interval: "5s", count: "{{args.count}}" };
    const spec = specOf(
      made({ one: { metrics: [counted], args: [{ name: "count" }] } }, { args: [{ name: "count", value: "3" }] }),
    );
    expect(spec).toEqual({ metrics: [counted], args: [{ name: "count", value: "3" }] });
  });
});
