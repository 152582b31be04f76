/**
 * Sluice takes over what the reference's controller left in the middle of updates (golden/leftHalfway.jsonl, recorded
 * by moving.cluster.ts): no pod, no size and no selector changes, and each Rollout goes on to its end.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { auditMark, isObjectWrite, writesSince } from "./harness/auditLog.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { halfway } from "./harness/halfway.ts";
import { load, readLeft } from "./harness/leftHalfway.ts";
import { type Relay, startRelay, userOf } from "./harness/relay.ts";
import { newWitness } from "./harness/witness.ts";
import { newWorld } from "./harness/clusterWorld.ts";

const ours = test.skipIf(otherController() !== undefined);
let relay: Relay;

beforeAll(async () => {
  if (otherController() === undefined) relay = await startRelay();
}, 120_000);

afterAll(async () => {
  await relay?.stop();
});

ours(
  "what another controller left goes on where it was",
  async () => {
    const left = await readLeft();
    const cases = await Promise.all(
      halfway.map(async (each, index) => {
        const recorded = left.find(({ title }) => title === each.title);
        if (recorded === undefined) throw new Error(`Not recorded yet: ${each.title} (see moving.cluster.ts)`);
        const world = await newWorld(`left-${index}`, relay.cluster);
        await load(world, recorded);
        return { ...each, world, witness: await newWitness(world) };
      }),
    );
    const mark = auditMark(relay.plane.auditLog);
    const child = await relay.start("sluice");
    await relay.led(child);
    await Bun.sleep(4_000);
    const atRest = cases.map(({ title, witness }) => ({ title, changes: witness.changes() }));
    const writes = (await writesSince(relay.plane.auditLog, mark)).filter(
      (write) => write.user === userOf("sluice") && isObjectWrite(write),
    );
    console.log(`moving: ${cases.length} recorded Rollouts taken over with ${writes.length} writes`);
    expect(atRest).toEqual(cases.map(({ title }) => ({ title, changes: [] })));
    expect(writes.filter(({ resource, subresource }) => `${resource}/${subresource}` !== "rollouts/status")).toEqual(
      [],
    );
    await Promise.all(cases.map(({ world, finish }) => finish(world)));
    const ends = cases.map(({ title, witness, least, service }) => ({
      title,
      lost: witness.lost(),
      few: witness.leastReady(service) < least,
    }));
    for (const { witness } of cases) witness.stop();
    await child.stop("SIGTERM");
    expect(ends).toEqual(cases.map(({ title }) => ({ title, lost: [], few: false })));
  },
  300_000,
);
