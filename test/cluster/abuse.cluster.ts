/**
 * The shipped Deployment under its own limits, with one and with two replicas, while it drives 300 Rollouts: objects
 * that once held the process for seconds, stored before it starts and written while it works, and clients that send its
 * webhook large, half and slow requests. No pod may be killed by the kernel for its memory, or by a kubelet for a
 * failed probe.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Fleet, newFleet } from "../bench/fleet.ts";
import { processUsage } from "../bench/processUsage.ts";
import { ApiError, type KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { startHostileClients } from "./harness/hostileClients.ts";
import { hostileObjects } from "./harness/hostileObjects.ts";
import { type Installation, installYaml, ownNamespace, startInstallation } from "./harness/installation.ts";
import { type MemoryGroup, newMemoryGroup } from "./harness/memoryGroup.ts";
import { type DeploymentView, type Pod, podsOf, serveService } from "./harness/podProcess.ts";

const ours = otherController() === undefined ? describe : describe.skip;
const rollouts = 300;
const mebibyte = 2 ** 20;

interface Running {
  readonly pod: Pod;
  readonly group: MemoryGroup | undefined;
  /** How often a kubelet would have killed it for failed probes. */
  readonly killedForSilence: () => number;
  readonly stopProbing: () => void;
}

let installation: Installation;
let limitBytes = 0;
let running: Running[] = [];
let fleet: Fleet | undefined;
let stopService = (): void => {};

const deploymentPath = `/apis/apps/v1/namespaces/${ownNamespace}/deployments/sluice`;
const deployment = (): Promise<DeploymentView> => installation.api.get<DeploymentView>(deploymentPath);

/** Probes it as a kubelet does, and counts failures. */
function probe(pod: Pod, { periodSeconds, timeoutSeconds, failureThreshold }: LivenessProbe) {
  let [failures, kills] = [0, 0];
  const ask = async (): Promise<void> => {
    const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
    const alive = await fetch(`http://127.0.0.1:${pod.healthzPort}/healthz`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    );
    failures = alive ? 0 : failures + 1;
    if (failures % failureThreshold === 0 && failures > 0) kills += 1;
  };
  const timer = setInterval(() => void ask(), periodSeconds * 1_000);
  return { killedForSilence: () => kills, stopProbing: () => clearInterval(timer) };
}
type LivenessProbe = DeploymentView["spec"]["template"]["spec"]["containers"][0]["livenessProbe"];

async function start(name: string, pod?: KubeObject): Promise<void> {
  const { livenessProbe } = (await deployment()).spec.template.spec.containers[0];
  const group = await newMemoryGroup(name, limitBytes);
  const wrap = group === undefined ? {} : { wrap: group.enter };
  const started = await installation.startPod(ownNamespace, name, { ...wrap, ...(pod === undefined ? {} : { pod }) });
  running.push({ pod: started, group, ...probe(started, livenessProbe) });
}

const isReady = async ({ pod }: Running): Promise<boolean> =>
  fetch(`http://127.0.0.1:${pod.healthzPort}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

const pathOf = (plural: string): string => `/apis/argoproj.io/v1alpha1/namespaces/default/${plural}`;

/** Writes all of them, marked as of this round. @returns how many were stored; the rest was refused */
async function writeHostile(round: string): Promise<number> {
  let stored = 0;
  for (const { plural, object } of hostileObjects()) {
    const metadata = { name: `${object.metadata.name}-${round}`, labels: { round } };
    try {
      await installation.api.create(pathOf(plural), { ...object, metadata });
      stored += 1;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return stored;
}

/** Updates the whole fleet under attack. @returns the answers that unauthenticated clients got */
async function updateUnderAttack(round: string): Promise<ReadonlyMap<number, number>> {
  if (fleet === undefined) throw new Error("There is no fleet: the test before has failed");
  const clients = startHostileClients(() => running[0]?.pod.webhookPort ?? 0);
  let over = false;
  const writes = (async () => {
    while (!over) {
      await writeHostile(round);
      for (const plural of new Set(hostileObjects().map((each) => each.plural)))
        await installation.api.request("DELETE", `${pathOf(plural)}?labelSelector=round%3D${round}`);
    }
  })();
  try {
    await fleet.update(fleet.names);
  } finally {
    over = true;
    await clients.stop();
    await writes;
  }
  return clients.answers;
}

async function expectAllAlive(): Promise<void> {
  for (const { pod, group, killedForSilence } of running) {
    expect(pod.child.running()).toBe(true);
    expect(killedForSilence()).toBe(0);
    const { peakRss } = await processUsage(pod.child.pid);
    console.log(`abuse: ${pod.child.name} held ${Math.round(peakRss / mebibyte)} MiB at most`);
    // Where there is a control group, the kernel enforces the limit.
    if (group === undefined) expect(peakRss).toBeLessThanOrEqual(limitBytes);
    else expect(await group.kills()).toBe(0);
  }
}

ours("under attack", () => {
  beforeAll(async () => {
    installation = await startInstallation();
    const { api, kubectl } = installation;
    await kubectl("apply", "-f", installYaml);
    const { memory } = (await deployment()).spec.template.spec.containers[0].resources.limits;
    limitBytes = Number(/^(\d+)Mi$/.exec(memory)?.[1]) * mebibyte;
    if ((await newMemoryGroup("try", limitBytes).then((group) => group?.remove().then(() => true))) !== true)
      console.log("abuse: no control group can be made here; the highest resident memory is compared instead");
    const path = `/api/v1/namespaces/${ownNamespace}/services/sluice-webhook`;
    const { spec } = await api.get<KubeObject & { spec: { clusterIP: string; ports: [{ port: number }] } }>(path);
    stopService = await serveService(spec.clusterIP, spec.ports[0].port, () => running[0]?.pod.webhookPort ?? 0);
  }, 120_000);

  afterAll(async () => {
    stopService();
    for (const { stopProbing } of running) stopProbing();
    await fleet?.stop();
    await installation?.stop();
    for (const { group } of running) await group?.remove().catch(() => undefined);
  });

  test("it starts on what strangers have stored while nobody looked", async () => {
    expect(await writeHostile("before")).toBeGreaterThan(0);
    await start("sluice-one");
    const [first] = running;
    await installation.until("the pod is ready", () => first !== undefined && isReady(first), 60_000);
    await expectAllAlive();
  }, 120_000);

  test("one replica updates 300 Rollouts", async () => {
    fleet = await newFleet(installation.api, rollouts, 2, 400_000);
    await fleet.create();
    console.log(`abuse: answers without a login: ${JSON.stringify([...(await updateUnderAttack("one"))])}`);
    await expectAllAlive();
  }, 900_000);

  test("two replicas update them again, while one of them serves and one waits", async () => {
    await installation.api.patch(deploymentPath, "merge", { spec: { replicas: 2 } });
    const taken = (await podsOf(installation.api, ownNamespace)).map(({ metadata }) => metadata.uid);
    const fresh = async () =>
      (await podsOf(installation.api, ownNamespace)).find(({ metadata }) => !taken.includes(metadata.uid));
    await installation.until("the Deployment has a second pod", async () => (await fresh()) !== undefined);
    await start("sluice-two", await fresh());
    const [, second] = running;
    await installation.until("the second pod is ready", () => second !== undefined && isReady(second), 60_000);
    console.log(`abuse: answers without a login: ${JSON.stringify([...(await updateUnderAttack("two"))])}`);
    await expectAllAlive();
  }, 900_000);
});
