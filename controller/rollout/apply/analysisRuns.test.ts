import { describe, expect, test } from "bun:test";
import { ApiError } from "../../../kube/client/apiError.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { ApiObject } from "../../../simulator/model/model.ts";
import { failureOf, REPLICA_SETS, world, writes } from "./testing.ts";

const RUNS = "analysisruns.argoproj.io";
const spec = { metrics: [{ name: "errors", count: 1, provider: { web: { url: "http://m", jsonPath: "{$}" } } }] };
const steps = [{ analysis: { templates: [{ templateName: "errors" }] } }];

/** `web:1` is stable, `web:2` has been asked for, and the templates are in the cache. */
async function updating() {
  const stage = world({ spec: { strategy: { canary: { steps } } } });
  const { stores, core, turn, edit } = stage;
  for (const store of [stores.templates.namespaced, stores.templates.cluster]) store.complete = true;
  stores.templates.namespaced.objects.upsert({
    metadata: { name: "errors", namespace: "ns", uid: "t", resourceVersion: "1" },
    spec,
  });
  await turn();
  ready(stage);
  await turn();
  edit((old) => {
    const old2 = old as unknown as { spec: { template: { spec: object } } };
    const template = { ...old2.spec.template, spec: { containers: [{ name: "web", image: "web:2" }] } };
    return { ...old, spec: { ...(old["spec"] as object), template } };
  });
  const runs = (): ApiObject[] => core.list(RUNS).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const named = (): string | undefined =>
    (stage.status()["canary"] as { currentStepAnalysisRunStatus?: { name: string } } | undefined)
      ?.currentStepAnalysisRunStatus?.name;
  return { ...stage, runs, named };
}

/** All pods are there, as the cache sees it. */
function ready({ core, stores }: ReturnType<typeof world>): void {
  for (const { metadata } of core.list(REPLICA_SETS)) {
    const counts = { replicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 9 };
    const ref = { resource: REPLICA_SETS, namespace: "ns", name: metadata.name };
    const stored = core.modify(ref, (old) => ({ ...old, status: counts }), { subresource: "status" });
    stores.replicaSets.upsert(stored as unknown as ReplicaSet);
  }
}

/** Somebody else writes the status, and the cache sees it. */
function setStatus({ core, stores }: ReturnType<typeof world>, change: object): void {
  const ref = { resource: "rollouts.argoproj.io", namespace: "ns", name: "web" };
  core.modify(ref, (old) => ({ ...old, status: { ...(old["status"] as object), ...change } }), {
    subresource: "status",
  });
  stores.rollouts.upsert(core.get(ref) as never);
}

const hashIn = ({ metadata }: ApiObject): string => metadata.labels?.[HASH_LABEL] ?? "";

describe("an AnalysisRun", () => {
  test("is created once, named in the status, and news for who drives it", async () => {
    const { stores, turn, runs, named } = await updating();
    const news: string[] = [];
    stores.analysisRuns.onChange((_, next, origin) => void news.push(`${next?.metadata.name} ${origin}`));
    await turn();
    await turn();
    const [run, ...more] = runs();
    expect(more).toEqual([]);
    expect(run?.metadata.name).toBe(`web-${run === undefined ? "" : hashIn(run)}-2-0`);
    expect(named()).toBe(run?.metadata.name ?? "");
    expect(news).toEqual([`${run?.metadata.name} watch`]);
  });

  test("of its name that is ours and measures the same is taken, though the cache does not know it", async () => {
    const stage = await updating();
    const { stores, turn, runs, named } = stage;
    await turn();
    const [run] = runs();
    const { name = "", uid = "" } = run?.metadata ?? {};
    // Another start: neither the cache nor the status knows of it.
    stores.analysisRuns.forget(`ns/${name}`);
    setStatus(stage, { canary: {} });
    await turn();
    expect(runs().map(({ metadata }) => metadata.uid)).toEqual([uid]);
    expect(named()).toBe(name);
  });

  test("of its name that is somebody else's gives it a number", async () => {
    const { stores, turn, runs, named, core, rollout } = await updating();
    const hash = await hashOfUpdate(turn, core, rollout);
    core.create(RUNS, {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: `web-${hash}-2-0`, namespace: "ns" },
      spec,
    });
    stores.analysisRuns.forget(`ns/web-${hash}-2-0`);
    await turn();
    expect(runs().map(({ metadata }) => metadata.name)).toEqual([`web-${hash}-2-0`, `web-${hash}-2-0.1`]);
    expect(named()).toBe(`web-${hash}-2-0.1`);
  });

  test("that the status names is read once where the cache is behind, and goes on being the current one", async () => {
    const stage = await updating();
    const { stores, turn, runs, named, core, requests } = stage;
    await turn();
    const [first] = runs();
    const name = first?.metadata.name ?? "";
    // It has ended, and the cache knows neither that nor the run: one that is begun by its name would be another one.
    const ref = { resource: RUNS, namespace: "ns", name };
    core.modify(ref, (old) => ({ ...old, status: { phase: "Inconclusive" } }));
    stores.analysisRuns.forget(`ns/${name}`);
    requests.length = 0;
    await turn();
    await stage.clock.advance(1_000);
    await turn();
    expect(runs().map(({ metadata }) => metadata.name)).toEqual([name]);
    expect(named()).toBe(name);
    expect(stage.status()["pauseConditions"]).toMatchObject([{ reason: "InconclusiveAnalysisRun" }]);
    expect(requests.filter(({ method, path }) => method === "GET" && path.endsWith(`/${name}`))).toHaveLength(1);
  });

  test("that the status names and that is gone from the API server, too, is followed by another one", async () => {
    const { stores, turn, runs, named, core } = await updating();
    await turn();
    const { name = "", uid = "" } = runs()[0]?.metadata ?? {};
    core.delete({ resource: RUNS, namespace: "ns", name });
    stores.analysisRuns.forget(`ns/${name}`);
    await turn();
    expect(named()).toBe(name);
    expect(runs().map(({ metadata }) => metadata.uid === uid)).toEqual([false]);
  });

  test("that the API server refuses is told in the status with its own words, and tried again", async () => {
    const stage = await updating();
    stage.refuse(({ method, path }) =>
      method === "POST" && path.includes("analysisruns")
        ? new ApiError("exceeded quota", { status: 403, cause: { message: "exceeded quota: runs" } } as never)
        : undefined,
    );
    expect(await failureOf(stage.turn())).toContain("Cannot create AnalysisRun");
    expect(String(stage.status()["message"])).toStartWith(
      "AnalysisRunCreateError: spec.strategy.canary.steps[0].analysis",
    );
    stage.refuse(() => undefined);
    await stage.turn();
    expect(stage.runs()).toHaveLength(1);
    expect(String(stage.status()["message"])).not.toContain("AnalysisRunCreateError");
  });

  test("is told to end when the update is aborted, and one that is gone needs no end", async () => {
    const stage = await updating();
    await stage.turn();
    const [run] = stage.runs();
    setStatus(stage, { abort: true });
    stage.core.delete({ resource: RUNS, namespace: "ns", name: run?.metadata.name ?? "" });
    stage.requests.length = 0;
    await stage.turn();
    expect(writes(stage.requests).filter((line) => line.includes("analysisruns"))).toEqual([
      `PATCH analysisruns/${run?.metadata.name}`,
    ]);
    expect(stage.stores.analysisRuns.size).toBe(0);
  });
});

/** The hash of the version that is asked for: that of the ReplicaSet which an attempt without rights to make runs makes. */
async function hashOfUpdate(
  turn: () => Promise<void>,
  core: ReturnType<typeof world>["core"],
  rollout: ReturnType<typeof world>["rollout"],
): Promise<string> {
  await turn();
  const hash = rollout().status?.currentPodHash ?? "";
  for (const { metadata } of core.list(RUNS)) core.delete({ resource: RUNS, namespace: "ns", name: metadata.name });
  return hash;
}
