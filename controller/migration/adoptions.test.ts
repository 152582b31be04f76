import { expect, test } from "bun:test";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import type { ApiObject } from "../../simulator/model/model.ts";
import { testApi } from "../../test/apiServer.ts";
import { HASH_LABEL, INSTANCE_LABEL } from "../../schema/labels.ts";
import { unobserved } from "../controller.ts";
import { wireController } from "../wiring.ts";
import { carryOutAdoption, readAdoption } from "./adoptions.ts";
import { CANARY } from "./convert/profile.ts";
import { decideAdoption } from "./decide/adopt.ts";

const place = { namespace: "default", name: "web" };
const given = { asks: true, profile: CANARY, instance: "" };
const MINUTE = 60_000;

/** A Deployment of three pods that serves, and our controller. */
async function stage() {
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const api = testApi({ installed: true, random });
  const { core, clock, client } = api;
  startControllers(core, { nodes: 1 });
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const until = new AbortController();
  const wired = wireController(
    { client, clock, log, observer: unobserved, random },
    { namespace: undefined, instanceId: "", resyncMs: 10 * MINUTE, concurrency: 5 },
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
  return { ...api, most, end: () => until.abort() };
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
      await carryOutAdoption(world.client, [action]);
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
