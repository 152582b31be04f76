import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutStrategy } from "../../../schema/rollout.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import { createStores } from "./stores.ts";
import { watchOptional } from "./optionalWatch.ts";
import { templateProblem, templatesFor } from "./templateStores.ts";
import { testApi } from "../../../test/apiServer.ts";

const TEMPLATES = "analysistemplates.argoproj.io";
const MINUTE = 60_000;

const analysis = (templateName: string, clusterScope?: true) => ({
  templates: [{ templateName, ...(clusterScope === undefined ? {} : { clusterScope }) }],
});
const metric = { name: "errors", count: 1, provider: { web: { url: "http://m", jsonPath: "{$}" } } };

let version = 0;
const rollout = (strategy: RolloutStrategy, name = "web"): Rollout => ({
  metadata: {
    name,
    namespace: "default",
    uid: name,
    resourceVersion: String((version += 1)),
    creationTimestamp: undefined,
  },
  spec: { strategy },
});

/** An API server, a cache of Rollouts that the test fills itself, and the watches of templates. */
function stage(namespace?: string) {
  const { clock, core, client, hook } = testApi({ installed: true });
  const asked: string[] = [];
  hook.before = ({ path, query = {} }) => {
    if (query["watch"] !== true) asked.push(path);
  };
  const stores = createStores();
  const enqueued: string[] = [];
  for (const store of [stores.templates.namespaced, stores.templates.cluster])
    watchOptional(
      {
        client,
        clock,
        complaints: { report: () => {} },
        rollouts: stores.rollouts,
        experiments: stores.experiments,
        namespace,
        rolloutsKnown: Promise.resolve(),
        signal: new AbortController().signal,
        enqueueExperiment: () => {},
        enqueue: (key) => void enqueued.push(key),
        observe: () => {},
        random: () => 0.5,
      },
      store,
    );
  const create = (name: string, spec: object): void =>
    void core.create(TEMPLATES, {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name, namespace: "default" },
      spec,
    });
  return { clock, stores, asked, enqueued, create };
}

const canary = { canary: { analysis: analysis("errors") } };

function known(stores: ReturnType<typeof createStores>, one: Rollout) {
  const templates = templatesFor(stores.templates, one);
  if (templates === undefined || templates === "waiting") throw new Error(String(templates));
  return templates;
}

describe("analysis templates", () => {
  test("are not read while no Rollout names one", async () => {
    const { stores, clock, asked } = stage();
    stores.rollouts.upsert(rollout({ canary: {} }));
    await clock.advance(MINUTE);
    expect(asked).toEqual([]);
    expect(templatesFor(stores.templates, rollout({ canary: {} }))).toBeUndefined();
  });

  test("are waited for until they have been read, and then known with all that they may include", async () => {
    const { stores, clock, create, enqueued } = stage();
    create("errors", { templates: [{ templateName: "others" }] });
    create("others", { metrics: [metric] });
    const one = rollout(canary);
    stores.rollouts.upsert(one);
    expect(templatesFor(stores.templates, one)).toBe("waiting");
    await clock.advance(MINUTE);
    expect(enqueued).toContain("default/web");
    const templates = known(stores, one);
    expect(["errors", "others", "none"].map((name) => templates.namespaced.has(name))).toEqual([true, true, false]);
    expect(templates.generationOf({ cluster: false, name: "errors" })).toBe(1);
    expect(templates.generationOf({ cluster: true, name: "errors" })).toBeUndefined();
  });

  test("that come later are held as well", async () => {
    const { stores, clock, create } = stage();
    const one = rollout(canary);
    stores.rollouts.upsert(one);
    await clock.advance(MINUTE);
    expect(known(stores, one).namespaced.has("errors")).toBe(false);
    create("errors", { metrics: [metric] });
    await clock.advance(MINUTE);
    expect(known(stores, one).namespaced.has("errors")).toBe(true);
  });

  test("are let go of some time after the last Rollout that names one, and read again for the next", async () => {
    const { stores, clock, create } = stage();
    create("errors", { metrics: [metric] });
    const one = rollout(canary);
    stores.rollouts.upsert(one);
    await clock.advance(MINUTE);
    stores.rollouts.remove({ ...one, metadata: { ...one.metadata, resourceVersion: String((version += 1)) } });
    await clock.advance(2 * MINUTE);
    expect(stores.templates.namespaced.objects.size).toBe(0);
    const next = rollout(canary, "next");
    stores.rollouts.upsert(next);
    expect(templatesFor(stores.templates, next)).toBe("waiting");
    await clock.advance(MINUTE);
    expect(known(stores, next).namespaced.has("errors")).toBe(true);
  });

  test("of the cluster are not readable for a controller of one namespace, which says so", async () => {
    const { stores, clock, asked } = stage("default");
    const one = rollout({ canary: { analysis: analysis("all", true) } });
    stores.rollouts.upsert(one);
    await clock.advance(MINUTE);
    expect(asked.filter((path) => path.includes("clusteranalysistemplates"))).toEqual([]);
    const { cluster } = known(stores, one);
    expect(cluster.has("all")).toBe(true);
    expect(whyHeldBack(cluster.get("all"))).toBe('not readable: the controller works in namespace "default" only');
  });

  test("that contradict each other are a problem of the Rollout; one that is missing is none", async () => {
    const { stores, clock, create } = stage();
    create("one", { metrics: [metric] });
    create("two", { metrics: [metric] });
    const one = rollout({ canary: { analysis: { templates: [{ templateName: "one" }, { templateName: "two" }] } } });
    stores.rollouts.upsert(one);
    await clock.advance(MINUTE);
    expect(templateProblem(one, known(stores, one))).toContain("two metrics have the same name 'errors'");
    const late = rollout({ canary: { analysis: analysis("none") } });
    expect(templateProblem(late, known(stores, one))).toBeUndefined();
  });
});
