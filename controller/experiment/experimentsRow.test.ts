import { describe, expect, test } from "bun:test";
import type { KubeRequest } from "../../kube/client/transport.ts";
import type { ApiObject } from "../../simulator/model/model.ts";
import type { Experiment } from "../../schema/experiment.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { unobserved } from "../controller.ts";
import { wireController } from "../wiring.ts";

const EXPERIMENTS = "experiments.argoproj.io";
const RUNS = "analysisruns.argoproj.io";
const SETS = "replicasets.apps";
const SECOND = 1_000;

const pod = {
  metadata: { labels: { app: "one" } },
  spec: { containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }] }] },
};
const template = (more: object = {}) => ({
  name: "one",
  selector: { matchLabels: { app: "one" } },
  template: pod,
  ...more,
});
const metric = {
  name: "up",
  successCondition: "result.ok",
  provider: { web: { url: "http://source/up", jsonPath: "{$}" } },
};

interface Options {
  readonly validForMs?: () => number;
}

/** Our controller before an API server, and a ReplicaSet controller whose pods are available at once. */
function stage({ validForMs }: Options = {}) {
  const api = testApi({ installed: true, namespaces: ["shop"] });
  const { core, clock, client } = api;
  const until = new AbortController();
  const log = () => {};
  const body = JSON.stringify({ ok: true });
  const wired = wireController(
    {
      client,
      clock,
      log: { debug: log, info: log, warn: log, error: log },
      observer: unobserved,
      measuring: {
        http: () => Promise.resolve({ kind: "answered", status: 200, headers: {}, body }),
        environment: () => undefined,
        ownNamespace: "sluice",
      },
      ...(validForMs === undefined ? {} : { validForMs: () => validForMs }),
    },
    { namespace: undefined, instanceId: "", resyncMs: 900 * SECOND, concurrency: 5 },
  );
  void wired.lead({ election: undefined, until: until.signal });
  const create = (spec: object = {}, name = "exp"): ApiObject =>
    core.create(EXPERIMENTS, { metadata: { name, namespace: "shop" }, spec: { templates: [template()], ...spec } });
  const find = (resource: string, name: string) => core.list(resource).find(({ metadata }) => metadata.name === name);
  const experiment = (name = "exp") => find(EXPERIMENTS, name) as unknown as Experiment;
  const pods = (): void => {
    for (const set of core.list(SETS)) {
      const { replicas } = set["spec"] as { replicas: number };
      const status = { replicas, readyReplicas: replicas, availableReplicas: replicas, observedGeneration: 99 };
      core.modify({ resource: SETS, namespace: "shop", name: set.metadata.name }, (old) => ({ ...old, status }), {
        subresource: "status",
      });
    }
  };
  const advance = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n += 1) {
      await clock.advance(SECOND);
      pods();
    }
    await clock.advance(SECOND);
  };
  const refuse = (which: (request: KubeRequest) => ReturnType<typeof refusal> | undefined): void => {
    api.hook.before = (request) => {
      const error = which(request);
      if (error !== undefined) throw error;
    };
  };
  return {
    ...api,
    create,
    find,
    experiment,
    advance,
    refuse,
    stores: wired.controller.stores,
    end: () => until.abort(),
  };
}

const creates =
  (plural: string) =>
  ({ method, path }: KubeRequest): boolean =>
    method === "POST" && path.endsWith(`/${plural}`);

describe("an Experiment before an API server", () => {
  test("runs its pods and its analysis, and takes away what it has made", async () => {
    const { core, create, experiment, find, advance, end } = stage();
    core.create("analysistemplates.argoproj.io", {
      metadata: { name: "up", namespace: "shop" },
      spec: { metrics: [metric] },
    });
    create({
      templates: [template({ service: {} })],
      scaleDownDelaySeconds: 2,
      analyses: [{ name: "up", templateName: "up", requiredForCompletion: true }],
    });
    await advance(8);
    expect(experiment().status).toMatchObject({ phase: "Successful", message: "Required AnalysisRuns completed" });
    expect(find(RUNS, "exp-up")?.["status"]).toMatchObject({ phase: "Successful" });
    await advance(4);
    expect(find(SETS, "exp-one")?.["spec"]).toMatchObject({ replicas: 0 });
    expect(find("services", "exp-one")).toBeUndefined();
    end();
  });

  test("is an error where somebody else has the name of its ReplicaSet, or of its Service", async () => {
    const { core, create, experiment, advance, end } = stage();
    const { spec } = { spec: { selector: { matchLabels: { app: "one" } }, template: pod } };
    core.create(SETS, { metadata: { name: "exp-one", namespace: "shop" }, spec });
    core.create("services", { metadata: { name: "mine", namespace: "shop" }, spec: { ports: [{ port: 80 }] } });
    create();
    create({ templates: [template({ service: { name: "mine" } })] }, "other");
    await advance(3);
    expect(experiment().status?.message).toBe(
      `Failed to create ReplicaSet for template 'one': replicasets.apps "exp-one" already exists`,
    );
    expect(experiment("other").status?.message).toBe(
      "Failed to create Service mine for template 'one': service mine already exists and is not owned by experiment template one",
    );
    end();
  });

  test("gives its run a number where somebody else has its name", async () => {
    const { core, create, experiment, advance, end } = stage();
    core.create("analysistemplates.argoproj.io", {
      metadata: { name: "up", namespace: "shop" },
      spec: { metrics: [metric] },
    });
    core.create(RUNS, { metadata: { name: "exp-up", namespace: "shop" }, spec: { metrics: [metric] } });
    create({ analyses: [{ name: "up", templateName: "up" }] });
    await advance(4);
    expect(experiment().status?.analysisRuns).toMatchObject([{ name: "up", analysisRun: "exp-up.1" }]);
    end();
  });

  test("reads its run where the cache is behind, and is an error only where the API server has none either", async () => {
    const { core, create, experiment, find, advance, stores, end } = stage();
    core.create("analysistemplates.argoproj.io", {
      metadata: { name: "up", namespace: "shop" },
      spec: { metrics: [{ ...metric, interval: "1h" }] },
    });
    create({ analyses: [{ name: "up", templateName: "up" }] });
    await advance(4);
    expect(experiment().status?.analysisRuns).toMatchObject([{ analysisRun: "exp-up", phase: "Running" }]);
    stores.analysisRuns.forget("shop/exp-up");
    await advance(4);
    expect(experiment().status?.analysisRuns).toMatchObject([{ analysisRun: "exp-up", phase: "Running" }]);
    expect(stores.analysisRuns.get("shop/exp-up")).toBeDefined();
    core.delete({ resource: RUNS, namespace: "shop", name: "exp-up" });
    await advance(4);
    expect(find(RUNS, "exp-up")).toBeUndefined();
    expect(experiment().status).toMatchObject({
      phase: "Error",
      analysisRuns: [{ phase: "Error", message: 'analysisruns.argoproj.io "exp-up" not found' }],
    });
    end();
  });

  test("takes what it has created though no answer came", async () => {
    const { create, experiment, advance, refuse, core, end } = stage();
    let lost = 0;
    refuse((request) => {
      if (!creates("replicasets")(request) || lost > 0) return undefined;
      lost += 1;
      core.create(SETS, request.body as never);
      return refusal(request, 503, "ServiceUnavailable", "the answer was lost");
    });
    create({ duration: "1h" });
    await advance(4);
    expect(experiment().status?.phase).toBe("Running");
    expect(core.list(SETS)).toHaveLength(1);
    end();
  });

  test("writes nothing when the Lease may run out", async () => {
    const { create, experiment, advance, requests, end } = stage({ validForMs: () => 1_000 });
    create();
    await advance(3);
    expect(experiment().status).toBeUndefined();
    expect(requests.filter(({ method }) => method !== "GET")).toEqual([]);
    end();
  });
});
