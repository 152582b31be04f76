import { expect, test } from "bun:test";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import type { ApiObject } from "../../simulator/model/model.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { ADOPTING, ADOPTS, HASH_LABEL, INSTANCE_LABEL } from "../../schema/labels.ts";
import { unobserved } from "../controller.ts";
import { wireController } from "../wiring.ts";
import { deploymentNamed, migratingStage } from "./testing.ts";
import { carryOutAdoption, readAdoption } from "./adoptions.ts";
import { objectAt } from "./convert/objects.ts";
import { CANARY } from "./convert/profile.ts";
import { decideAdoption } from "./decide/adopt.ts";
import { adoptionEvents } from "./decide/adoptEvents.ts";

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
    annotations: { [ADOPTS]: "s" },
  },
  spec: { template: {} },
};
const none = { obstacles: [], pods: [], autoscalers: [] };
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
  const facts = { ...given, ...none, deployment: undefined, settled: false, rollout, replicaSets };
  expect(decideAdoption(facts).map(({ kind }) => kind)).toEqual(kinds as never[]);
});

/** As the controller of Deployments marks what it makes. */
const freeSet = (name: string, uid: string, more: object = {}) => ({
  metadata: { name, namespace: "default", uid, resourceVersion: "1", labels: { app: "web" }, ...more },
});

test("a ReplicaSet that was not the Deployment's is left where it is, and reported", () => {
  const late = {
    labels: { app: "web", "pod-template-hash": "2" },
    annotations: { "deployment.kubernetes.io/revision": "2" },
  };
  const replicaSets = [
    freeSet("web-1", "s"),
    // Made by the Deployment after it was noted which it has.
    freeSet("web-2", "t", late),
    freeSet("foreign", "f"),
    freeSet("web-canary-2", "g", late),
    freeSet("web-3", "h", { labels: { app: "web", "pod-template-hash": "3" } }),
  ];
  const facts = { ...given, ...none, deployment: undefined, settled: false, rollout, replicaSets };
  const taken = decideAdoption(facts).map((action) => "seen" in action && [action.kind, action.seen.name]);
  expect(taken).toEqual([
    ["takeReplicaSet", "web-1"],
    ["takeReplicaSet", "web-2"],
  ]);
  const owned = replicaSets.map((each, n) =>
    n > 1
      ? each
      : {
          metadata: {
            ...each.metadata,
            ownerReferences: [{ apiVersion: "", kind: "", name: "", uid: "r", controller: true }],
          },
        },
  );
  const later = { ...facts, replicaSets: owned, from: undefined, followers: [] };
  const actions = decideAdoption(later);
  expect(actions.map(({ kind }) => kind)).toEqual(["handOver"]);
  expect(adoptionEvents(later, actions).map(({ message }) => message)).toEqual([
    "It has taken over 2 ReplicaSets and 0 pods of the Deployment of its name, as they run",
    expect.stringContaining(
      'ReplicaSet "foreign", ReplicaSet "web-canary-2" and ReplicaSet "web-3" has its labels',
    ) as string,
  ]);
});

test("one without a ReplicaSet is no Rollout's, since nothing of it would be left", () => {
  const metadata = { ...rollout.metadata, uid: "d", annotations: { "sluice.dev/managed-by-rollout": "web" } };
  const deployment = { ...deploymentNamed("web"), metadata };
  const facts = { ...given, ...none, deployment, settled: true, rollout: undefined, replicaSets: [] };
  expect(decideAdoption(facts)).toEqual([]);
});

test("a takeover says when it begins and when it is done", async () => {
  const world = await migratingStage();
  world.annotate({ "sluice.dev/migrate": "adopt" });
  await world.clock.advance(5 * MINUTE);
  expect(world.said("Deployment")).toEqual([
    "Normal MigrationStarted A Rollout of its name takes over its ReplicaSets and pods as they run, and the Deployment goes",
  ]);
  expect(world.said("Rollout")).toEqual([
    "Normal MigrationCompleted It has taken over 1 ReplicaSet and 3 pods of the Deployment of its name, as they run",
  ]);
  expect(world.core.get(ROLLOUT)?.metadata.annotations).not.toHaveProperty("sluice.dev/adopts");
  world.end();
});

test("one that is not asked for any more before it goes is a Deployment like others again", async () => {
  const world = await migratingStage();
  // Nothing is deleted: it is stopped where the held Rollout is made.
  world.hook.before = ({ method, path }) => {
    if (method === "DELETE" && path.includes("/deployments/")) throw new TypeError("fetch failed");
  };
  world.annotate({ "sluice.dev/migrate": "adopt" });
  await world.clock.advance(MINUTE);
  expect(world.core.get(ROLLOUT)?.metadata.labels).toMatchObject({ [INSTANCE_LABEL]: ADOPTING });
  world.hook.before = () => {};
  world.annotate({ "sluice.dev/migrate": undefined });
  await world.clock.advance(MINUTE);
  expect(world.core.get(ROLLOUT)).toBeUndefined();
  expect(world.core.get(DEPLOYMENT)?.metadata.annotations).not.toHaveProperty("sluice.dev/managed-by-rollout");
  expect(world.said("Deployment").at(-1)).toBe("Normal MigrationReversed It is a Deployment like others again");
  world.end();
});

test("one in mode reference has its pods back first, and is adopted then", async () => {
  const world = await migratingStage();
  world.annotate({ "sluice.dev/migrate": "reference" });
  await world.clock.advance(5 * MINUTE);
  expect(objectAt(world.core.get(DEPLOYMENT), "spec")["replicas"]).toBe(0);
  const available = { least: Infinity };
  world.core.onChange(() => {
    const now = world.core.list("replicasets.apps").map((set) => objectAt(set, "status")["availableReplicas"]);
    const sum = now.reduce<number>((all, one) => all + (typeof one === "number" ? one : 0), 0);
    available.least = Math.min(available.least, sum);
  });
  world.annotate({ "sluice.dev/migrate": "adopt" });
  await world.clock.advance(20 * MINUTE);
  expect(world.core.get(DEPLOYMENT)).toBeUndefined();
  const { metadata, status } = world.core.get(ROLLOUT) ?? { metadata: undefined, status: undefined };
  expect(metadata?.annotations).toMatchObject({ "sluice.dev/migrated": "adopt" });
  expect(metadata?.finalizers).toBeUndefined();
  expect(status).toMatchObject({ phase: "Healthy", availableReplicas: 3 });
  expect(available.least).toBeGreaterThanOrEqual(3);
  world.end();
});

test("one in mode reference that a replacement asks to adopt, without its marks, is adopted when its Rollout has gone", async () => {
  const world = await migratingStage();
  world.annotate({ "sluice.dev/migrate": "reference" });
  await world.clock.advance(500);
  expect(world.core.get(ROLLOUT)).toBeDefined();
  const asking = deploymentNamed("web", { annotations: { "sluice.dev/migrate": "adopt" } });
  world.core.modify(DEPLOYMENT, (old) => ({
    ...old,
    metadata: { ...old.metadata, annotations: asking.metadata?.annotations ?? {} },
    spec: asking["spec"],
  }));
  await world.clock.advance(5 * MINUTE);
  expect(world.core.get(DEPLOYMENT)).toBeUndefined();
  expect(world.core.get(ROLLOUT)?.metadata.annotations).toMatchObject({ "sluice.dev/migrated": "adopt" });
  world.end();
});

test("a Deployment that is made again beside the Rollout is reported to both, and nothing is done about it", async () => {
  const world = await migratingStage();
  world.annotate({ "sluice.dev/migrate": "adopt" });
  await world.clock.advance(5 * MINUTE);
  const before = uids(world.core.list("pods"));
  world.core.create("deployments.apps", deploymentNamed("web"));
  await world.clock.advance(2 * MINUTE);
  expect(world.said("Deployment").at(-1)).toContain('Warning MigrationBlocked Rollout "web" has taken over the pods');
  expect(world.said("Rollout").at(-1)).toContain('Warning MigrationBlocked Deployment "web" was made again');
  expect(world.core.list("pods")).toHaveLength(6);
  expect(uids(world.core.list("pods")).filter((uid) => before.includes(uid))).toEqual(before);
  const writes = () => world.requests.filter(({ method, path }) => method !== "GET" && !path.includes("/events"));
  const { length } = writes();
  await world.clock.advance(5 * MINUTE);
  expect(writes()).toHaveLength(length);
  world.end();
});

test("a Deployment of its name with labels of its own is none of the Rollout's business", async () => {
  const world = await migratingStage();
  world.annotate({ "sluice.dev/migrate": "adopt" });
  await world.clock.advance(5 * MINUTE);
  world.core.create("deployments.apps", deploymentNamed("web", { labels: { app: "another" } }));
  await world.clock.advance(2 * MINUTE);
  expect([...world.said("Deployment"), ...world.said("Rollout")].join()).not.toContain("MigrationBlocked");
  world.end();
});

const hpa = (name: string, more: object = {}) =>
  [
    "horizontalpodautoscalers.autoscaling",
    {
      metadata: { name, namespace: "default", ...more },
      spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 5 },
    },
  ] as const;

test("an autoscaler that may not be changed is reported, and does not hold the Rollout up", async () => {
  const keda = [{ apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", name: "web", uid: "k", controller: true }];
  const world = await migratingStage({}, [hpa("may"), hpa("may-not"), hpa("keda", { ownerReferences: keda })]);
  world.hook.before = (request) => {
    if (request.method === "PATCH" && request.path.endsWith("/may-not")) throw refusal(request, 403, "Forbidden");
  };
  world.annotate({ "sluice.dev/migrate": "adopt" });
  await world.clock.advance(5 * MINUTE);
  const targetOf = (name: string): unknown => {
    const found = world.core.get({ resource: "horizontalpodautoscalers.autoscaling", namespace: "default", name });
    return objectAt(found, "spec", "scaleTargetRef")["kind"];
  };
  expect(["may", "may-not", "keda"].map(targetOf)).toEqual(["Rollout", "Deployment", "Deployment"]);
  expect(world.core.get(ROLLOUT)?.metadata.labels ?? {}).not.toHaveProperty(INSTANCE_LABEL);
  expect(world.said("Rollout")).toEqual([
    'Normal MigrationFollowUp HorizontalPodAutoscaler "may" scales this Rollout now, and no Deployment any more',
    expect.stringContaining(
      'Warning MigrationFollowUp HorizontalPodAutoscaler "may-not" still names the Deployment',
    ) as string,
    expect.stringContaining("MigrationCompleted") as string,
  ]);
  world.end();
});
