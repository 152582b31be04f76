import { expect, test } from "bun:test";
import { ApiError } from "../../../kube/client/apiError.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { createStores } from "../facts/stores.ts";
import { readNamedByExperiment, readNamedByRollout } from "./recorded.ts";

const owned = (name: string, uid = "u") => ({
  metadata: {
    name,
    namespace: "shop",
    uid: name,
    resourceVersion: "1",
    ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid, controller: true }],
  },
  spec: { metrics: [], templates: [] },
});

/** An API server that has these objects, and what it was asked for. */
function serverOf(objects: Readonly<Record<string, object>>) {
  const asked: string[] = [];
  const request = <T>({ path }: KubeRequest): Promise<T> => {
    const name =
      path
        .split("/")
        .at(-2)
        ?.concat("/", path.split("/").at(-1) ?? "") ?? "";
    asked.push(name);
    const found = objects[name];
    return found === undefined
      ? Promise.reject(new ApiError("not found", { status: 404, reason: "NotFound" }))
      : Promise.resolve(found as T);
  };
  return { client: { request }, asked };
}

const rollout = (status: RolloutStatus): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "shop", uid: "u" },
  spec: {},
  status,
});

const recordOf = (name: string) => ({ name, status: "Running" });

test("what the status of a Rollout names and the cache lacks is read once, if it is its own", async () => {
  const stores = createStores();
  stores.analysisRuns.upsert(owned("known"));
  const { client, asked } = serverOf({
    "analysisruns/step": owned("step"),
    "analysisruns/pre": owned("pre"),
    "analysisruns/others": owned("others", "somebody"),
    "experiments/exp": owned("exp"),
  });
  const read = () =>
    readNamedByRollout(
      client,
      stores,
      rollout({
        canary: {
          currentStepAnalysisRunStatus: recordOf("step"),
          currentBackgroundAnalysisRunStatus: recordOf("known"),
          currentExperiment: "exp",
        },
        blueGreen: { prePromotionAnalysisRunStatus: recordOf("pre"), postPromotionAnalysisRunStatus: recordOf("gone") },
      }),
    );
  await read();
  expect(asked).toEqual(["analysisruns/step", "analysisruns/pre", "analysisruns/gone", "experiments/exp"]);
  expect([...stores.analysisRuns.values()].map(({ metadata }) => metadata.name)).toEqual(["known", "step", "pre"]);
  expect(stores.experiments.get("shop/exp")).toBeDefined();
  asked.length = 0;
  await read();
  expect(asked).toEqual(["analysisruns/gone"]);
  await readNamedByRollout(client, stores, rollout({ canary: { currentStepAnalysisRunStatus: recordOf("others") } }));
  expect(stores.analysisRuns.get("shop/others")).toBeUndefined();
});

test("of the runs of an Experiment those that have not ended are", async () => {
  const stores = createStores();
  const { client, asked } = serverOf({ "analysisruns/a": owned("a") });
  const analysisRuns = [
    { name: "a", analysisRun: "a", phase: "Running" },
    { name: "b", analysisRun: "b", phase: "Successful" },
    { name: "c", analysisRun: "", phase: "" },
  ];
  const experiment = {
    ...owned("exp"),
    metadata: { name: "exp", namespace: "shop", uid: "u" },
    status: { analysisRuns },
  };
  await readNamedByExperiment(client, stores, experiment);
  expect(asked).toEqual(["analysisruns/a"]);
  expect(stores.analysisRuns.get("shop/a")).toBeDefined();
});
