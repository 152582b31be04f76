import { expect, test } from "bun:test";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import type { ApiObject } from "../../simulator/model/model.ts";
import { testApi } from "../../test/apiServer.ts";
import { ADOPTING, HASH_LABEL, INSTANCE_LABEL } from "../../schema/labels.ts";
import { unobserved } from "../controller.ts";
import { wireController } from "../wiring.ts";
import { carryOutAdoption, readAdoption } from "./adoptions.ts";
import { CANARY } from "./convert/profile.ts";
import { decideAdoption } from "./decide/adopt.ts";

const place = { namespace: "default", name: "web" };
const given = { asks: true, profile: CANARY, instance: "" };
const MINUTE = 60_000;

/** A Deployment of three pods that serves, and our controller. */
async function stage(migrates = false) {
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const api = testApi({ installed: true, random });
  const { core, clock, client } = api;
  startControllers(core, { nodes: 1 });
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const until = new AbortController();
  const migration = migrates ? { migration: { ownNamespace: "sluice" } } : {};
  const wired = wireController(
    { client, clock, log, observer: unobserved, random },
    { namespace: undefined, instanceId: "", resyncMs: 10 * MINUTE, concurrency: 5, ...migration },
  );
  void wired.lead({ election: undefined, until: until.signal });
  const labels = { app: "web" };
  core.create("deployments.apps", {
    metadata: place,
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
    },
  });
  await clock.advance(MINUTE);
  const most = { pods: 0 };
  core.onChange(() => void (most.pods = Math.max(most.pods, core.list("pods").length)));
  const image = (name: string) => ({ containers: [{ name: "web", image: name }] });
  return { ...api, most, image, end: () => until.abort() };
}

const uids = (objects: readonly ApiObject[]): string[] => objects.map(({ metadata }) => metadata.uid).toSorted();

/** Passes until nothing is left to do; after `writes` writes each pass crashes. @returns how many writes it took */
async function adopt(world: Awaited<ReturnType<typeof stage>>, crashAt = Infinity): Promise<number> {
  let writes = 0;
  for (let pass = 0; pass < 20; pass += 1) {
    const facts = await readAdoption(world.client, place, given);
    const actions = decideAdoption(facts);
    for (const action of actions) {
      writes += 1;
      await carryOutAdoption(world.client, [action], () => {});
      if (writes === crashAt) {
        await world.clock.advance(MINUTE);
        break;
      }
    }
    await world.clock.advance(1_000);
    if (actions.length === 0 && facts.deployment === undefined) return writes;
  }
  throw new Error("The takeover does not end");
}

const ALL = 8;

test.each([Infinity, 1, 2, 3, 4, 5, 6, 7, 8])(
  "the Rollout takes over the running ReplicaSet and its pods, also after a crash at write %p",
  async (crashAt) => {
    const world = await stage();
    const { core, clock, most, end } = world;
    const before = uids(core.list("pods"));
    const sets = uids(core.list("replicasets.apps"));
    expect(await adopt(world, crashAt)).toBe(ALL);
    await clock.advance(5 * MINUTE);
    const rollout = core.get({ resource: "rollouts.argoproj.io", ...place });
    expect(rollout?.["status"]).toMatchObject({ phase: "Healthy", availableReplicas: 3, updatedReplicas: 3 });
    expect(rollout?.metadata.labels ?? {}).not.toHaveProperty(INSTANCE_LABEL);
    expect(uids(core.list("pods"))).toEqual(before);
    expect(uids(core.list("replicasets.apps"))).toEqual(sets);
    expect(most.pods).toBe(3);
    const [set] = core.list("replicasets.apps");
    expect(set?.metadata.ownerReferences).toMatchObject([{ kind: "Rollout", controller: true }]);
    const hash = set?.metadata.labels?.[HASH_LABEL] ?? "";
    expect(rollout?.["status"]).toMatchObject({ stableRS: hash, currentPodHash: hash });
    for (const pod of core.list("pods")) expect(pod.metadata.labels?.[HASH_LABEL]).toBe(hash);
    end();
  },
);

const DEPLOYMENT = { resource: "deployments.apps", ...place };
const ROLLOUT = { resource: "rollouts.argoproj.io", ...place };

const annotated = (object: ApiObject, annotations: Record<string, string>): ApiObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
});

test("an annotation is enough; the next image is a canary", async () => {
  const { core, clock, most, image, end } = await stage(true);
  const before = uids(core.list("pods"));
  core.modify(DEPLOYMENT, (old) => annotated(old, { "sluice.dev/migrate": "adopt" }));
  await clock.advance(5 * MINUTE);
  expect(core.get(DEPLOYMENT)).toBeUndefined();
  expect(core.get(ROLLOUT)?.["status"]).toMatchObject({ phase: "Healthy" });
  expect(uids(core.list("pods"))).toEqual(before);
  expect(most.pods).toBe(3);
  core.modify(ROLLOUT, (old) => {
    const spec = old["spec"] as { readonly template: object };
    return { ...old, spec: { ...spec, template: { ...spec.template, spec: image("web:2") } } };
  });
  await clock.advance(5_000);
  expect(core.get(ROLLOUT)?.["status"]).not.toMatchObject({ phase: "Healthy" });
  expect(core.list("replicasets.apps")).toHaveLength(2);
  expect(core.list("pods").filter(({ metadata }) => before.includes(metadata.uid)).length).toBeGreaterThan(0);
  end();
});

test("one in the middle of an update waits for its end, and its earlier ReplicaSet stays for an undo", async () => {
  const { core, clock, image, end } = await stage(true);
  core.modify(DEPLOYMENT, (old) => {
    const spec = old["spec"] as { readonly template: object };
    const next = { ...spec, template: { ...spec.template, spec: image("web:2") } };
    return annotated({ ...old, spec: next }, { "sluice.dev/migrate": "adopt" });
  });
  await clock.advance(10 * MINUTE);
  expect(core.get(DEPLOYMENT)).toBeUndefined();
  expect(core.get(ROLLOUT)?.["status"]).toMatchObject({ phase: "Healthy", availableReplicas: 3 });
  expect(core.list("pods")).toHaveLength(3);
  const sets = core.list("replicasets.apps");
  expect(sets).toHaveLength(2);
  for (const { metadata } of sets) expect(metadata.ownerReferences).toMatchObject([{ kind: "Rollout" }]);
  end();
});

test("a paused one stays a Deployment", async () => {
  const { core, clock, end } = await stage(true);
  core.modify(DEPLOYMENT, (old) => {
    const spec = { ...(old["spec"] as object), paused: true };
    return annotated({ ...old, spec }, { "sluice.dev/migrate": "adopt" });
  });
  await clock.advance(MINUTE);
  expect(core.get(DEPLOYMENT)?.["spec"]).toMatchObject({ replicas: 3 });
  expect(core.get(ROLLOUT)).toBeUndefined();
  end();
});

const rollout = {
  metadata: {
    name: "web",
    namespace: "default",
    uid: "r",
    resourceVersion: "1",
    labels: { [INSTANCE_LABEL]: ADOPTING },
  },
  spec: { template: {} },
};
const replicaSetOf = (uid: string) => ({
  metadata: {
    name: "web-1",
    namespace: "default",
    uid: "s",
    resourceVersion: "1",
    ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid, controller: true }],
  },
});

test.each([
  ["waits while a Deployment that came back has its pods", [replicaSetOf("another")], []],
  ["goes where somebody has deleted the Deployment with its pods", [], ["deleteHeldRollout"]],
])("a Rollout that has no pods to take over is never driven: it %s", (_, replicaSets, kinds) => {
  const facts = { ...given, deployment: undefined, settled: false, rollout, replicaSets, pods: [], autoscalers: [] };
  expect(decideAdoption(facts).map(({ kind }) => kind)).toEqual(kinds as never[]);
});
