/** What people do while a migration is on its way: found in the worlds of test/sim/migration. */
import { describe, expect, test } from "bun:test";
import {
  ADOPTING,
  INSTANCE_LABEL,
  MANAGED_BY_ROLLOUT,
  MIGRATE,
  MIGRATED,
  REPLICAS_BEFORE,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
} from "../../schema/labels.ts";
import { testApi } from "../../test/apiServer.ts";
import { carryOutAdoption } from "./adoptions.ts";
import { CANARY } from "./convert/profile.ts";
import { type AdoptionFacts, decideAdoption, type Stored } from "./decide/adopt.ts";
import { asks, MINUTE, ROLLOUT, stage } from "./stage/testing.ts";

describe("in mode reference", () => {
  test("a size that is applied before the Rollout has its pods is not lost when nothing asks any more", async () => {
    const world = await stage();
    world.annotate(asks);
    while (world.rollout() === undefined) await world.clock.advance(10);
    world.annotate({ [REPLICAS_WANTED]: "5", [MIGRATE]: undefined });
    await world.clock.advance(10 * MINUTE);
    expect(world.rollout()).toBeUndefined();
    expect(world.deployment()).toMatchObject({ spec: { replicas: 5 }, status: { availableReplicas: 5 } });
    world.end();
  });

  test("a size that is applied as somebody deletes the Rollout is the one that the Deployment gets back", async () => {
    const world = await stage({ annotations: asks });
    await world.clock.advance(5 * MINUTE);
    world.annotate({ [REPLICAS_WANTED]: "5", [MIGRATE]: undefined });
    world.core.delete(ROLLOUT);
    await world.clock.advance(10 * MINUTE);
    expect(world.deployment()).toMatchObject({ spec: { replicas: 5 }, status: { availableReplicas: 5 } });
    for (const mark of [MANAGED_BY_ROLLOUT, REPLICAS_WANTED, REPLICAS_BEFORE, REPLICAS_LEFT])
      expect(world.deployment().metadata.annotations ?? {}).not.toHaveProperty(mark);
    world.end();
  });

  test("a Deployment whose Rollout is gone without a word gets the size back that it had", async () => {
    const world = await stage({
      replicas: 0,
      annotations: { [MANAGED_BY_ROLLOUT]: "web", [REPLICAS_BEFORE]: "3", [REPLICAS_LEFT]: "0" },
    });
    await world.clock.advance(5 * MINUTE);
    expect(world.deployment()).toMatchObject({ spec: { replicas: 3 }, status: { availableReplicas: 3 } });
    world.end();
  });
});

describe("in mode adopt", () => {
  const place = { name: "web", namespace: "default" };
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };
  const spec = { replicas: 3, selector: { matchLabels: { app: "web" } }, template };
  const stamped = { [MANAGED_BY_ROLLOUT]: "web", [REPLICAS_WANTED]: "5" };
  const deployment: Stored = { metadata: { ...place, uid: "1", annotations: stamped }, spec };
  const held: Stored = {
    metadata: {
      ...place,
      uid: "2",
      labels: { [INSTANCE_LABEL]: ADOPTING },
      annotations: { [MIGRATED]: "adopt" },
    },
    spec,
  };
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "1", controller: true };
  const facts: AdoptionFacts = {
    deployment,
    rollout: held,
    asks: true,
    settled: true,
    profile: CANARY,
    obstacles: [],
    replicaSets: [{ metadata: { ...place, name: "web-1", uid: "3", ownerReferences: [owner] } }],
    pods: [],
    autoscalers: [],
    instance: "",
  };

  test("the stamp goes before the Rollout that is held, with the size that was applied meanwhile", () => {
    const [first] = decideAdoption({ ...facts, asks: false });
    expect(first).toMatchObject({ kind: "unstampDeployment", replicas: 5 });
    const plain = { ...deployment, metadata: { ...deployment.metadata, annotations: {} } };
    expect(decideAdoption({ ...facts, asks: false, deployment: plain })).toMatchObject([{ kind: "deleteHeldRollout" }]);
  });

  test("a size that the webhook has noted is that of the Rollout", () => {
    expect(decideAdoption(facts)).toMatchObject([{ kind: "deleteHeldRollout" }]);
    const [made] = decideAdoption({ ...facts, rollout: undefined });
    expect(made).toMatchObject({ kind: "createHeldRollout", object: { spec: { replicas: 5 } } });
    const annotations = made?.kind === "createHeldRollout" ? made.object["metadata"] : undefined;
    expect(annotations).not.toMatchObject({ annotations: { [REPLICAS_WANTED]: "5" } });
  });

  test("who drives the Rollout knows its ReplicaSet, however late the watch is", async () => {
    const { core, client } = testApi({ installed: true });
    const [made, rollout] = [
      core.create("replicasets.apps", { metadata: place, spec }).metadata,
      { ...place, uid: "2" },
    ];
    const known: string[] = [];
    await carryOutAdoption(
      client,
      [{ kind: "takeReplicaSet", seen: { ...made, ...place }, owners: [], rollout, hash: "abc", revision: "1" }],
      ({ metadata }) => void known.push(...(metadata.ownerReferences ?? []).map(({ uid }) => uid)),
    );
    expect(known).toEqual(["2"]);
  });
});
