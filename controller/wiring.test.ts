import { expect, test } from "bun:test";
import type { RolloutStatus } from "../schema/rollout.ts";
import { testApi } from "../test/apiServer.ts";
import { manifest } from "./rollout/apply/testing.ts";
import { unobserved } from "./controller.ts";
import { type Election, wireController } from "./wiring.ts";

const LEASES = "leases.coordination.k8s.io";
const SECOND = 1_000;
const quiet = (): void => {};

/** A cluster with the Rollout "web", and a process over it that leads when it may. */
function stage(election?: Election) {
  const { clock, core, client } = testApi({ namespaces: ["ns", "argo-rollouts"], installed: true });
  core.create("rollouts.argoproj.io", manifest);
  const wired = wireController(
    { client, clock, log: { debug: quiet, info: quiet, warn: quiet, error: quiet }, observer: unobserved },
    { namespace: undefined, instanceId: "", resyncMs: 2 ** 40, concurrency: 1 },
  );
  const working = new AbortController();
  const reports: string[] = [];
  const ended = wired.lead({
    election,
    until: working.signal,
    begins: () => void reports.push("begins"),
    parting: async () => void reports.push(`parting, watching: ${!wired.stopping.aborted}`),
  });
  const phase = (): string | undefined => {
    const rollout = core.get({ resource: "rollouts.argoproj.io", namespace: "ns", name: "web" });
    return (rollout?.["status"] as RolloutStatus | undefined)?.phase;
  };
  return { clock, core, wired, working, reports, ended, phase };
}

const election = { namespace: "argo-rollouts", name: "theirs", identity: "a" } as const;
function holderOf({ core }: ReturnType<typeof stage>, name: string): string | undefined {
  const lease = core.get({ resource: LEASES, namespace: "argo-rollouts", name });
  return (lease?.["spec"] as { holderIdentity?: string } | undefined)?.holderIdentity;
}

test("a process that is alone leads from the start", async () => {
  const { clock, wired, working, reports, ended, phase } = stage();
  await clock.advance(SECOND);
  expect([wired.isLeader(), phase(), reports]).toEqual([true, "Progressing", ["begins"]]);
  working.abort();
  await ended;
  expect(reports).toEqual(["begins", "parting, watching: false"]);
});

test("one that is elected gives its Lease back when nothing is watched any more", async () => {
  const world = stage(election);
  await world.clock.advance(2 * SECOND);
  expect([world.wired.isLeader(), holderOf(world, "theirs"), world.phase()]).toEqual([true, "a", "Progressing"]);
  world.working.abort();
  await world.clock.advance(SECOND);
  await world.ended;
  expect([holderOf(world, "theirs"), world.wired.isLeader()]).toEqual(["", false]);
});

test("one that waits for the Lease of another writes nothing, and ends when it is asked to", async () => {
  const { clock, core, working, reports, ended, phase } = stage(election);
  core.create(LEASES, {
    metadata: { name: "theirs", namespace: "argo-rollouts" },
    spec: { holderIdentity: "b", leaseDurationSeconds: 15 },
  });
  await clock.advance(10 * SECOND);
  expect([reports, phase()]).toEqual([[], undefined]);
  working.abort();
  await ended;
  expect(reports).toEqual(["parting, watching: false"]);
});

test("one that is the only one of its kind works without a Lease, and stands aside while another holds it", async () => {
  const world = stage({ ...election, identity: "edge", isAlone: true });
  await world.clock.advance(2 * SECOND);
  expect([world.wired.isLeader(), world.phase(), holderOf(world, "theirs")]).toEqual([true, "Progressing", undefined]);
  world.core.create(LEASES, {
    metadata: { name: "theirs", namespace: "argo-rollouts" },
    spec: { holderIdentity: "b", leaseDurationSeconds: 15 },
  });
  await world.clock.advance(SECOND);
  expect(world.wired.isLeader()).toBe(false);
  world.working.abort();
  await world.ended;
});
