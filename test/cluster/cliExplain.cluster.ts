/** `explain` on a real API server: what a Rollout waits for at each turn of its update, in one sentence. */
import { expect, test } from "bun:test";
import { run } from "../../cli/explain/command.ts";
import { clusterPorts } from "./harness/clusterPorts.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { abort, pause, promote, resume, setImage } from "./harness/userActions.ts";

const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: { duration: "1h" } }];
const rollout = rolloutOf("web", { canary: { steps } }, { replicas: 4 });

async function told({ harness, namespace }: World, ...args: readonly string[]) {
  const ports = clusterPorts(harness.kubeconfig, namespace);
  const code = await run(["rollout", ...args], ports);
  return { code, ...ports.told };
}

const sentence = async (world: World): Promise<string> => {
  const { out } = await told(world, "web");
  return out.split("\n")[0] ?? "";
};

test.concurrent("an update is explained at each turn", async () => {
  const world = await newWorld("cli-explain");
  await world.create(rollout);
  await world.settle("web", "Healthy", healthy);
  expect(await sentence(world)).toBe('Rollout "web" is done: revision 1 serves with all 4 pods.');
  expect((await told(world, "-l", "app=none")).err).toBe("No resources found.\n");

  await setImage(world, "web", "nonexistent-web");
  await world.waitFor("web", "its pod cannot be started", ({ status }) => status?.updatedReplicas === 1);
  await Bun.sleep(3_000);
  const pulling = await told(world, "web");
  expect(pulling.out).toMatch(
    /^Rollout "web" waits at step 1\/4 \(setWeight: 25\) for pods of the new version: 0 of 1 pods of revision 2 are available \(1 of 1 pods not ready: ImagePullBackOff, container "web", image "nonexistent-web": /,
  );
  expect(pulling.out).toContain("without progress it counts as Degraded at ");

  await setImage(world, "web", "web:2");
  await world.settle("web", "it pauses", pausedAt(1));
  const paused = await told(world, "web");
  expect(paused.out).toStartWith('Rollout "web" waits for a person to promote it at step 2/4 (pause).\n');
  expect(paused.out).toContain(`sluice promote web -n ${world.namespace}  # let it go on now\n`);

  await promote(world, "web");
  await world.settle("web", "it pauses for an hour", pausedAt(3));
  expect(await sentence(world)).toMatch(/^Rollout "web" waits at step 4\/4 \(pause: 1h\) until \S+Z \(in 59m\)\.$/);

  await pause(world, "web");
  await world.waitFor("web", "somebody holds it", ({ status }) => status?.message === "manually paused");
  expect(await sentence(world)).toBe(
    'Rollout "web" is held by a person, who has set spec.paused at step 4/4 (pause: 1h).',
  );
  await resume(world, "web");
  await abort(world, "web");
  await world.settle("web", "it is aborted", ({ status }) => status?.phase === "Degraded");
  expect(await sentence(world)).toBe(
    'Rollout "web" was aborted by a person; revision 1 serves, and revision 3 does not.',
  );
  const { out, code } = await told(world, "web", "gone", "-o", "json");
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ rollouts: [{ name: "web", standing: "stopped", reason: "RolloutAborted" }] });
});

test.concurrent("pods that a quota refuses, and a Rollout that another instance is to drive, are told", async () => {
  const world = await newWorld("cli-explain-held");
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "team" }, spec: { hard: { pods: "4" } } };
  await world.harness.api.create(`/api/v1/namespaces/${world.namespace}/resourcequotas`, quota);
  await world.create(rollout);
  await world.settle("web", "Healthy", healthy);
  await world.patch("web", { spec: { strategy: { canary: { maxSurge: 1, maxUnavailable: 0 } } } });
  await setImage(world, "web", "web:2");
  await world.waitFor("web", "no pod is made", ({ status }) =>
    (status?.conditions ?? []).some(({ type }) => type === "ReplicaFailure"),
  );
  expect(await sentence(world)).toMatch(
    /0 of 1 pods of revision 2 are available \(1 pod could not be created: FailedCreate: .*exceeded quota: team/,
  );

  const labels = { "argo-rollouts.argoproj.io/controller-instance-id": "other" };
  await world.create({ ...rollout, metadata: { name: "other", labels } });
  const { out } = await told(world, "other");
  expect(out).toMatch(/^Rollout "other" is driven by no controller: it is time to create ReplicaSet /);
  expect(out).toContain("goes on when  a controller runs that watches its namespace, with --instance-id other\n");
});
