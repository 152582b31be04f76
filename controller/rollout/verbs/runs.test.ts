import { describe, expect, test } from "bun:test";
import { runOfTemplate, type RunWanted } from "./runOfTemplate.ts";
import { retryExperiment, terminate } from "./runs.ts";

test("an Experiment or AnalysisRun is terminated by its spec, and an Experiment retried without its status", () => {
  const contentType = "application/merge-patch+json";
  expect(terminate()).toEqual({ kind: "patches", patches: [{ contentType, body: { spec: { terminate: true } } }] });
  expect(retryExperiment()).toEqual({ kind: "patches", patches: [{ contentType, body: { status: null } }] });
});

const template = (spec: object, metadata: object = { name: "errors" }) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata,
  spec,
});
const wanted = (more: Partial<RunWanted> = {}): RunWanted => ({
  args: [],
  name: undefined,
  generateName: undefined,
  namespace: "shop",
  instanceId: undefined,
  ...more,
});

describe("an AnalysisRun of a template", () => {
  test("is the template without what the API server gave it, in the namespace that was asked for", () => {
    const given = { name: "errors", namespace: "other", uid: "u", resourceVersion: "7", labels: { team: "a" } };
    expect(runOfTemplate(template({ metrics: [], dryRun: [{ metricName: "a" }] }, given), wanted())).toEqual({
      kind: "run",
      run: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        metadata: { generateName: "errors-", namespace: "shop", labels: { team: "a" } },
        spec: { metrics: [], dryRun: [{ metricName: "a" }] },
      },
    });
  });

  test.each<[string, Partial<RunWanted>, object]>([
    ["a name of its own", { name: "now" }, { name: "now", namespace: "shop" }],
    ["a name that the API server completes", { generateName: "try-" }, { generateName: "try-", namespace: "shop" }],
    [
      "the label of an instance",
      { name: "now", instanceId: "blue" },
      { name: "now", namespace: "shop", labels: { "argo-rollouts.argoproj.io/controller-instance-id": "blue" } },
    ],
  ])("can have %s", (_, more, metadata) => {
    expect(runOfTemplate(template({}), wanted(more))).toMatchObject({ run: { metadata } });
  });

  const secret = { name: "token", valueFrom: { secretKeyRef: { name: "s", key: "k" } } };

  test.each<[string, object, RunWanted["args"], unknown]>([
    [
      "values for those that the template names",
      { args: [{ name: "a" }] },
      [{ name: "a", value: "1" }],
      [{ name: "a", value: "1" }],
    ],
    [
      "the last of several values",
      { args: [{ name: "a", value: "0" }] },
      [
        { name: "a", value: "1" },
        { name: "a", value: "2" },
      ],
      [{ name: "a", value: "2" }],
    ],
    ["none that the template does not name", { args: [secret] }, [{ name: "b", value: "1" }], [secret]],
    ["all that are given where it names none", {}, [{ name: "b", value: "1" }], [{ name: "b", value: "1" }]],
    ["an empty value", { args: [{ name: "a" }] }, [{ name: "a", value: "" }], [{ name: "a", value: "" }]],
  ])("has %s", (_, spec, args, expected) => {
    expect(runOfTemplate(template(spec), wanted({ args }))).toMatchObject({ run: { spec: { args: expected } } });
  });

  test("cannot be made without a value for each argument, or without a name", () => {
    expect(runOfTemplate(template({ args: [{ name: "a" }] }), wanted())).toEqual({
      kind: "impossible",
      why: "args.a was not resolved",
    });
    expect(runOfTemplate(template({}, {}), wanted())).toEqual({ kind: "impossible", why: "name is invalid" });
    expect(runOfTemplate(template({}, {}), wanted({ name: "now" }))).toMatchObject({ kind: "run" });
  });
});
