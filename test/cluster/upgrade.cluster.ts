/**
 * A newer Sluice replaces an older one by a rolling update of its Deployment, and the older one comes back, while
 * Rollouts are in the middle of an update: no pod restarts, no step is skipped, only one writes at a time, and the
 * webhook answers. The newer one is this tree with another version. Where SLUICE_PREVIOUS_BINARY names an older
 * release, that is played, too.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { rolloutObject } from "../../webhook/http/testing.ts";
import { setImage } from "./harness/userActions.ts";
import { ApiError, type KubeObject } from "./harness/api.ts";
import { requestsOf } from "./harness/auditLog.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { halfway, name, quarters } from "./harness/halfway.ts";
import {
  account,
  type Installation,
  installYaml,
  ownNamespace,
  policyOf,
  startInstallation,
} from "./harness/installation.ts";
import { type Pod, podsOf, program, serveService } from "./harness/podProcess.ts";
import { buildRelease, versionOf } from "./harness/release.ts";
import type { RolloutView, Scene } from "./harness/rolloutView.ts";
import { newWitness, turnedBack, type Witness } from "./harness/witness.ts";
import { healthy, newWorld, type World } from "./harness/clusterWorld.ts";

const ours = test.skipIf(otherController() !== undefined);
const previous = Bun.env.SLUICE_PREVIOUS_BINARY ?? "";
if (previous === "") console.log("upgrade: no older release is played, since SLUICE_PREVIOUS_BINARY names none");
let installation: Installation;
let next = "";
let pod: Pod;
let stopService = (): void => {};
let rolls = 0;

beforeAll(async () => {
  if (otherController() !== undefined) return;
  installation = await startInstallation();
  const { api, kubectl, plane } = installation;
  next = join(plane.dir, "sluice-next");
  await buildRelease("99.0.0", next);
  await kubectl("apply", "-f", installYaml);
  const path = `/api/v1/namespaces/${ownNamespace}/services/sluice-webhook`;
  const { spec } = await api.get<KubeObject & { spec: { clusterIP: string; ports: [{ port: number }] } }>(path);
  stopService = await serveService(spec.clusterIP, spec.ports[0].port, () => pod.webhookPort ?? 0);
}, 120_000);

afterAll(async () => {
  stopService();
  await installation?.stop();
});

const living = async (): Promise<KubeObject[]> =>
  (await podsOf(installation.api, ownNamespace)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);

const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${ownNamespace}/leases/argo-rollouts-controller-lock`;
const holder = async (): Promise<string> => {
  const lease = await installation.api.get<KubeObject & { spec?: { holderIdentity?: string } }>(leasePath);
  return lease.spec?.holderIdentity ?? "";
};

/** The fake kubelet calls a pod ready after its time, however long the program takes on a busy machine. */
async function serves({ healthzPort }: Pod): Promise<void> {
  const isReady = async (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${healthzPort}/readyz`, { keepalive: false }).then(
      ({ ok }) => ok,
      () => false,
    );
  await installation.until("the program is ready", isReady);
}

/** Changes the Deployment's image and plays the part of kubelets and kube-proxies. @returns ms without a leader */
async function rollTo(binary: string): Promise<number> {
  const { api, until } = installation;
  const [old] = await living();
  const image = `sluice:${++rolls}`;
  const template = { spec: { template: { spec: { containers: [{ name: "sluice", image }] } } } };
  await api.patch(`/apis/apps/v1/namespaces/${ownNamespace}/deployments/sluice`, "strategic", template);
  const fresh = async () => (await living()).find(({ metadata }) => metadata.uid !== old?.metadata.uid);
  await until("the Deployment has a new pod", async () => (await fresh()) !== undefined);
  const replacement = await fresh();
  const started = await installation.startPod(ownNamespace, `sluice-${rolls}`, {
    binary,
    ...(replacement === undefined ? {} : { pod: replacement }),
  });
  await until("the old pod goes", async () =>
    (await living()).every(({ metadata }) => metadata.uid !== old?.metadata.uid),
  );
  await serves(started);
  const before = await holder();
  const going = pod;
  pod = started;
  const asked = performance.now();
  const ended = going.child.stop("SIGTERM", 30_000);
  await until("another holds the Lease", async () => !["", before].includes(await holder()));
  const ms = Math.round(performance.now() - asked);
  await ended;
  expect(await going.child.exited).toBe(0);
  return ms;
}

/** Sends reviews without a pause until `stop`; each has to be refused. @returns what happened instead */
function load(): { stop(): Promise<{ reviews: number; lost: string[] }> } {
  const wrong = rolloutObject({ minReadySeconds: 700 }, { namespace: "default", name: "wrong", uid: undefined });
  const path = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts?dryRun=All";
  const lost: string[] = [];
  let [busy, reviews] = [true, 0];
  const verdict = async (): Promise<void> => {
    const error = await installation.api.create(path, wrong).catch((caught: unknown) => caught);
    if (error instanceof ApiError && error.message.includes("denied the request")) return;
    lost.push(`${new Date().toISOString()} ${error instanceof Error ? error.message : "stored"}`);
  };
  // Each waits for the answer before it, so that a busy machine gets fewer reviews.
  const sender = async (): Promise<void> => {
    for (; busy; reviews++) {
      await verdict();
      await Bun.sleep(50);
    }
  };
  const going = Promise.all([sender(), sender(), sender(), sender()]);
  return {
    async stop() {
      busy = false;
      await going;
      return { reviews, lost };
    },
  };
}

/** With one replica the API server goes on without a review that fails; only its log shows why it failed. */
async function failedOpen(): Promise<{ broken: string[]; late: number }> {
  const log = await Bun.file(join(installation.plane.dir, "logs/apiserver.log")).text();
  const words = log.split("\n").filter((line) => line.includes("failing open"));
  const broken = words.filter((line) => !line.includes("context deadline exceeded"));
  return { broken, late: words.length - broken.length };
}

interface Seen {
  readonly world: World;
  readonly witness: Witness;
}

const witnessed = async (world: World): Promise<Seen> => ({ world, witness: await newWitness(world) });

/** Two Rollouts that wait for the user, and one that is updated all the time. */
async function worlds(topic: string) {
  const scenarios = halfway.filter(({ title }) =>
    ["a canary that waits for the user", "a blue-green update before its promotion"].includes(title),
  );
  const waiting = await Promise.all(
    scenarios.map(async (scenario, index) => {
      const world = await newWorld(`${topic}-${index}`, installation.cluster);
      for (const object of scenario.objects) await world.create(object);
      await scenario.prepare(world);
      return { ...scenario, ...(await witnessed(world)) };
    }),
  );
  const busy = await newWorld(`${topic}-busy`, installation.cluster);
  await busy.create(quarters());
  await busy.settle(name, "Healthy", healthy);
  return { waiting, busy: await witnessed(busy) };
}

/**
 * The versions that wrote on the objects, one entry for each change of the writer. Dry runs are left out: the
 * webhook asks for a second opinion by them, and for a moment both replicas answer reviews.
 */
async function turns(since: number): Promise<string[]> {
  const work = ["rollouts", "replicasets", "services"];
  const requests = await requestsOf(installation.plane.auditLog, account(ownNamespace));
  const versions = requests
    .filter(({ verb, resource, receivedMs, uri }) => {
      const reads = ["get", "list", "watch"].includes(verb) || uri.includes("dryRun=All");
      return receivedMs >= since && work.includes(resource) && !reads;
    })
    .toSorted((a, b) => a.receivedMs - b.receivedMs)
    .map(({ userAgent }) => userAgent.replace(/^sluice\//, ""));
  return versions.filter((version, index) => version !== versions[index - 1]);
}

const showing =
  (color: string) =>
  (rollout: RolloutView, scene: Scene): boolean =>
    healthy(rollout, scene) && rollout.spec.template.spec.containers[0]?.image.endsWith(color) === true;

async function upAndDown(from: string, topic: string): Promise<void> {
  const { until } = installation;
  pod = await installation.startPod(ownNamespace, topic, { binary: from });
  // The test before this one leaves its webhook configuration behind, so that alone says nothing of this pod.
  await serves(pod);
  await until("the webhook is in force", async () => (await policyOf(installation)) !== undefined);
  const since = Date.now();
  const { waiting, busy } = await worlds(topic);
  const reviews = load();
  const handovers: number[] = [];
  for (const [color, binary] of [
    ["yellow", next],
    ["green", from],
  ] as const) {
    const mark = busy.witness.changes().length;
    await setImage(busy.world, name, `argoproj/rollouts-demo:${color}`);
    await busy.world.waitFor(name, "is on its way", (rollout) => rollout.status?.currentStepIndex === 2);
    handovers.push(await rollTo(binary));
    await busy.world.settle(name, color, showing(color), 90_000);
    expect(turnedBack(busy.witness.changes(mark))).toEqual([]);
  }
  const { reviews: asked, lost } = await reviews.stop();
  console.log(
    `upgrade: ${topic}: ${handovers.join(" and ")} ms without a leader, ${lost.length} of ${asked} reviews lost`,
  );
  // A machine too busy for the two seconds that a review may take does not count as a failure here.
  const { broken, late } = await failedOpen();
  if (late > 0) console.log(`upgrade: ${late} reviews took longer than they may`);
  expect({ broken, lost: lost.slice(late) }).toEqual({ broken: [], lost: [] });
  expect(waiting.map(({ witness }) => witness.changes())).toEqual([[], []]);
  for (const { finish, world } of waiting) await finish(world);
  const seen = [busy, ...waiting].map(({ witness }) => witness);
  for (const witness of seen) witness.stop();
  expect(seen.map((witness) => witness.lost())).toEqual([[], [], []]);
  expect(busy.witness.leastReady()).toBe(8);
  const [low, high] = [await versionOf(from), await versionOf(next)];
  expect(await turns(since)).toEqual([low, high, low]);
  await pod.child.stop("SIGTERM");
}

ours("from this version to the next and back, in the middle of updates", () => upAndDown(program, "this"), 300_000);

test.skipIf(otherController() !== undefined || previous === "")(
  "from an older release to the next and back, in the middle of updates",
  () => upAndDown(previous, "older"),
  300_000,
);
