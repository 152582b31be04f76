/**
 * Moving a running cluster from the reference's controller to Sluice and back, in the middle of updates: no pod is
 * restarted, no size and no selector changes. Needs the reference's binary, named by SLUICE_REFERENCE; what it leaves
 * behind is also played from a recording (movingRecorded.cluster.ts).
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { setImage } from "./harness/userActions.ts";
import { auditMark, isObjectWrite, writesSince } from "./harness/auditLog.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { type Halfway, halfway, name, quarters } from "./harness/halfway.ts";
import { slim, writeLeft } from "./harness/leftHalfway.ts";
import type { Child } from "./harness/processes.ts";
import { holder, referenceBinary, type Relay, type Runner, startRelay, userOf } from "./harness/relay.ts";
import type { RolloutView, Scene } from "./harness/rolloutView.ts";
import { until } from "./harness/until.ts";
import { newWitness, type Witness } from "./harness/witness.ts";
import { healthy, newWorld, type World } from "./harness/clusterWorld.ts";

const mayRun = referenceBinary() !== undefined && otherController() === undefined;
if (!mayRun) console.log("moving: skipped, since SLUICE_REFERENCE names no binary of the reference's controller");
const live = test.skipIf(!mayRun);
let relay: Relay;

beforeAll(async () => {
  if (mayRun) relay = await startRelay();
}, 120_000);

afterAll(async () => {
  await relay?.stop();
});

interface Case extends Halfway {
  readonly world: World;
  readonly witness: Witness;
}

/** Every scenario in a namespace of its own, brought to its middle by the controller that is running. */
async function prepared(topic: string): Promise<readonly Case[]> {
  const worlds = await Promise.all(
    halfway.map(async (each, index) => {
      const world = await newWorld(`${topic}-${index}`, relay.cluster);
      for (const object of each.objects) await world.create(object);
      await each.prepare(world).catch((cause: unknown) => {
        throw new Error(`${each.title}: cannot be prepared`, { cause });
      });
      return { ...each, world };
    }),
  );
  return Promise.all(worlds.map(async (each) => ({ ...each, witness: await newWitness(each.world) })));
}

/**
 * Ends one controller as scaling its Deployment to 0 does, and starts the other. @returns milliseconds without a leader
 */
async function swap(old: Child, next: Runner): Promise<{ child: Child; ms: number }> {
  const asked = performance.now();
  await old.stop("SIGTERM");
  const child = await relay.start(next);
  await relay.led(child);
  return { child, ms: Math.round(performance.now() - asked) };
}

async function record(cases: readonly Case[]): Promise<void> {
  await writeLeft(
    await Promise.all(cases.map(async ({ title, world }) => slim(title, await world.scene(name), new Date()))),
  );
}

/**
 * What a controller wrote on these Rollouts' objects since the mark: `patch rollouts/status`. (Writes begun before it
 * may still arrive.)
 */
async function writesOf(runner: Runner, mark: number, cases: readonly Case[]): Promise<readonly string[]> {
  const writes = await writesSince(relay.plane.auditLog, mark);
  const namespaces = cases.map(({ world }) => world.namespace);
  return writes
    .filter((write) => write.user === userOf(runner) && isObjectWrite(write) && namespaces.includes(write.namespace))
    .map(({ verb, resource, subresource }) => `${verb} ${resource}/${subresource}`);
}

async function move(from: Runner, to: Runner): Promise<void> {
  const first = await relay.start(from);
  await relay.led(first);
  const cases = await prepared(`${from[0]}${to[0]}`);
  if (from === "reference" && Bun.env.SLUICE_RECORD === "1") await record(cases);
  const mark = auditMark(relay.plane.auditLog);
  const { child, ms } = await swap(first, to);
  // Longer than a first pass over all objects takes, and than pods take to become ready and to terminate.
  await Bun.sleep(6_000);
  const atRest = cases.map(({ title, witness }) => ({ title, changes: witness.changes() }));
  const writes = await writesOf(to, mark, cases);
  console.log(`moving: ${from} -> ${to}: ${cases.length} Rollouts, ${ms} ms without a leader, ${writes.length} writes`);
  const ends = await Promise.all(
    cases.map(async ({ title, world, witness, finish, least, service }) => {
      const error = await finish(world).then(
        () => undefined,
        (caught: unknown) => String(caught),
      );
      return { title, error, lost: witness.lost(), few: witness.leastReady(service) < least };
    }),
  );
  for (const { witness } of cases) witness.stop();
  await child.stop("SIGTERM");
  expect(atRest).toEqual(cases.map(({ title }) => ({ title, changes: [] })));
  expect(writes.filter((write) => write !== "patch rollouts/status")).toEqual([]);
  expect(ends).toEqual(cases.map(({ title }) => ({ title, error: undefined, lost: [], few: false })));
}

live("from the reference's controller to Sluice", () => move("reference", "sluice"), 600_000);
live("from Sluice to the reference's controller", () => move("sluice", "reference"), 600_000);

async function updating(topic: string, count: number): Promise<readonly { world: World; witness: Witness }[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const world = await newWorld(`${topic}-${index}`, relay.cluster);
      await world.create(quarters());
      await world.settle(name, "Healthy", healthy);
      return { world, witness: await newWitness(world) };
    }),
  );
}

const yellowDone = (rollout: RolloutView, scene: Scene): boolean =>
  healthy(rollout, scene) && scene.replicaSets.length === 2;

live.each([
  ["reference", "sluice"],
  ["sluice", "reference"],
] as const)(
  "%s is killed in the middle of scaling, and %s goes on",
  async (from, to) => {
    const first = await relay.start(from);
    await relay.led(first);
    const cases = await updating(`killed-${from[0]}`, 6);
    // Each is at another point by the time of the crash.
    for (const { world } of cases) {
      await setImage(world, name, "argoproj/rollouts-demo:yellow");
      await Bun.sleep(400);
    }
    await first.stop("SIGKILL");
    const child = await relay.start(to);
    const ms = Math.round(await relay.led(child));
    const steps = await Promise.all(
      cases.map(async ({ world }) => (await world.scene(name)).rollout.status?.currentStepIndex),
    );
    console.log(`moving: ${from} killed at steps ${steps.join(" ")} of 6; ${to} led ${ms} ms after its start`);
    await Promise.all(cases.map(({ world }) => world.settle(name, "yellow", yellowDone, 90_000)));
    const ends = cases.map(({ witness }) => ({ lost: witness.lost(), least: witness.leastReady() }));
    for (const { witness } of cases) witness.stop();
    await child.stop("SIGTERM");
    expect(ends).toEqual(cases.map(() => ({ lost: [], least: 8 })));
  },
  300_000,
);

live(
  "both run: one works, the other waits for its end, and they never write in turns",
  async () => {
    const mark = auditMark(relay.plane.auditLog);
    let [leader, waiting]: [Runner, Runner] = ["sluice", "reference"];
    let children = { sluice: await relay.start("sluice"), reference: undefined as Child | undefined };
    await relay.led(children.sluice);
    children.reference = await relay.start("reference");
    const cases = await updating("both", 4);
    const order: Runner[] = [leader];
    for (const color of ["yellow", "green", "red", "purple"]) {
      for (const { world } of cases) await setImage(world, name, `argoproj/rollouts-demo:${color}`);
      await Bun.sleep(1_500);
      const before = await holder(relay.api);
      const asked = performance.now();
      await children[leader]?.stop("SIGTERM");
      await until(`${waiting} leads`, async () => !["", before].includes(await holder(relay.api)), 60_000);
      console.log(`moving: ${leader} -> ${waiting}, which waited: ${Math.round(performance.now() - asked)} ms`);
      children[leader] = await relay.start(leader);
      [leader, waiting] = [waiting, leader];
      order.push(leader);
      const done = (rollout: RolloutView, scene: Scene): boolean =>
        healthy(rollout, scene) && rollout.spec.template.spec.containers[0]?.image.endsWith(color) === true;
      await Promise.all(cases.map(({ world }) => world.settle(name, color, done, 90_000)));
    }
    const ends = cases.map(({ witness }) => ({ lost: witness.lost(), least: witness.leastReady() }));
    for (const { witness } of cases) witness.stop();
    for (const child of Object.values(children)) await child?.stop("SIGTERM");
    const users = (await writesSince(relay.plane.auditLog, mark))
      .filter((write) => isObjectWrite(write) && write.user.endsWith("-under-test"))
      .toSorted((a, b) => a.receivedMs - b.receivedMs)
      .map(({ user }) => user);
    expect(users.filter((user, index) => user !== users[index - 1])).toEqual(order.map(userOf));
    expect(ends).toEqual(cases.map(() => ({ lost: [], least: 8 })));
  },
  400_000,
);
