import { expect, test } from "bun:test";
import { podTemplate, refusing, stage, type Stage, workload } from "../../../test/contract/stage.ts";
import { StatusError } from "../../model/statusError.ts";
import type { DeploymentStatus, ReplicaSet } from "../loop/objects.ts";

const statusOf = ({ get }: Stage) => get("deployments.apps", "web")?.["status"] as DeploymentStatus;
const progressing = (world: Stage) => statusOf(world).conditions?.find(({ type }) => type === "Progressing");
const setsOf = ({ core }: Stage) => core.list("replicasets.apps") as readonly ReplicaSet[];

test("a ReplicaSet that cannot be created is told of and tried again", () => {
  let refuses = true;
  const refusal = () => new StatusError(422, "Invalid", "the name is bad");
  const world = stage({ through: refusing("replicasets.apps", () => refuses, refusal) });
  world.create("deployments.apps", workload("web", 1));
  world.pass(0.001);
  expect(progressing(world)).toMatchObject({ status: "False", reason: "ReplicaSetCreateError" });
  expect(world.events("web")[0]).toMatch(
    /^ReplicaSetCreateError "Failed to create new replica set "web-\w+": the name is bad"/,
  );
  refuses = false;
  world.pass(10);
  expect(progressing(world)).toMatchObject({ status: "True", reason: "NewReplicaSetAvailable" });
});

test("a name that another one has is avoided by counting the collision", () => {
  const first = stage();
  first.create("deployments.apps", workload("web", 1));
  first.pass(10);
  const taken = setsOf(first)[0]?.metadata.name ?? "";

  const world = stage();
  const foreign = { matchLabels: { app: "foreign" } };
  const template = { metadata: { labels: { app: "foreign" } }, spec: podTemplate("nginx:1").spec };
  world.create("replicasets.apps", { metadata: { name: taken }, spec: { replicas: 0, selector: foreign, template } });
  world.create("deployments.apps", workload("web", 1));
  world.pass(10);
  expect(statusOf(world)).toMatchObject({ collisionCount: 1, availableReplicas: 1 });
  expect(setsOf(world).map(({ metadata }) => metadata.name)).toHaveLength(2);
});

test("a Rollout of the same name and template would name its ReplicaSet otherwise", async () => {
  const { podTemplateHash } = await import("../../../controller/rollout/hash/podHash.ts");
  const world = stage();
  world.create("deployments.apps", workload("web", 1));
  world.pass(1);
  expect(setsOf(world)[0]?.metadata.name).not.toBe(`web-${podTemplateHash(podTemplate("nginx:1"), undefined)}`);
});

test("the deadline counts from the last progress", () => {
  const world = stage();
  world.create("deployments.apps", workload("web", 2, { progressDeadlineSeconds: 60 }));
  world.pass(10);
  world.patch("deployments.apps", "web", { spec: { template: podTemplate("nonexistent-nginx") } });
  world.pass(60);
  expect(progressing(world)?.reason).toBe("ReplicaSetUpdated");
  world.pass(2);
  expect(progressing(world)?.reason).toBe("ProgressDeadlineExceeded");
});

test("no deadline counts while it is paused", () => {
  const world = stage();
  world.create("deployments.apps", workload("web", 2, { progressDeadlineSeconds: 60 }));
  world.pass(10);
  world.patch("deployments.apps", "web", { spec: { paused: true, template: podTemplate("nginx:2") } });
  world.pass(1000);
  expect(progressing(world)?.reason).toBe("DeploymentPaused");
  world.patch("deployments.apps", "web", { spec: { paused: false } });
  world.pass(20);
  expect(progressing(world)?.reason).toBe("NewReplicaSetAvailable");
});

test("never is there a pod too many or too few", () => {
  const world = stage({ events: false });
  world.create("deployments.apps", workload("web", 10));
  world.pass(10);
  const begun = world.changes.length;
  world.patch("deployments.apps", "web", { spec: { template: podTemplate("nginx:2") } });
  world.pass(60);
  const seen = world.changes
    .slice(begun)
    .flatMap(({ resource, object }) => (resource === "deployments.apps" ? [object["status"] as DeploymentStatus] : []));
  expect(statusOf(world)).toMatchObject({ updatedReplicas: 10, availableReplicas: 10, replicas: 10 });
  expect(Math.max(...seen.map(({ replicas = 0 }) => replicas))).toBe(13);
  expect(Math.min(...seen.map(({ availableReplicas = 0 }) => availableReplicas))).toBe(8);
});

test("a pod of the old version is gone before one of the new comes when it recreates", () => {
  const world = stage({ events: false });
  world.create("deployments.apps", workload("web", 2, { strategy: { type: "Recreate" } }));
  world.pass(10);
  const begun = world.changes.length;
  world.patch("deployments.apps", "web", { spec: { template: podTemplate("nginx:2") } });
  world.pass(60);
  const pods = world.changes.slice(begun).filter(({ resource }) => resource === "pods");
  const firstNew = pods.findIndex(({ type }) => type === "ADDED");
  const lastOld = pods.findLastIndex(({ type }) => type === "DELETED");
  expect([firstNew > lastOld, lastOld > 0]).toEqual([true, true]);
});
