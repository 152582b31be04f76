import { expect, test } from "bun:test";
import { manualClock } from "../clock/clock.ts";
import type { KubeRequest } from "../client/transport.ts";
import { refusal, shortly, testApi } from "../../test/apiServer.ts";
import type { LeaseOptions } from "./lease.ts";
import { standAside } from "./standAside.ts";

const lock = "argo-rollouts-controller-lock";
const LEASES = "leases.coordination.k8s.io";

/** An API server and one controller that takes no Lease. */
const world = () => {
  const api = testApi({ clock: manualClock(1_700_000_000_000), namespaces: ["ns"] });
  const { clock, core } = api;
  const started = clock.now();
  const reports: string[] = [];
  const note = (what: string): void => void reports.push(`+${Math.round(clock.now() - started)} ${what}`);
  const start = (more: Partial<LeaseOptions> = {}) =>
    standAside({
      client: api.client,
      clock,
      monotonicMs: clock.now,
      random: () => 0.5,
      namespace: "ns",
      name: lock,
      identity: "edge",
      onAcquired: () => note("works"),
      onLost: (error) => note(error.message),
      onWaiting: (_, holder) => note(`waits for ${holder}`),
      onError: (error) => note((error as Error).message),
      ...more,
    });
  const at = { resource: LEASES, namespace: "ns", name: lock };
  const spec = (): { readonly holderIdentity?: string } => core.get(at)?.["spec"] ?? {};
  const holder = (): string | undefined => spec().holderIdentity;
  /** As another controller writes it. */
  const put = (holderIdentity: string, renewTime = ""): void => {
    const spec = { holderIdentity, leaseDurationSeconds: 15, renewTime };
    if (core.get(at) === undefined) core.create(LEASES, { metadata: { name: lock, namespace: "ns" }, spec });
    else core.modify(at, (old) => ({ ...old, spec }));
  };
  const writes = (): string[] => api.requests.filter(({ method }) => method !== "GET").map(shortly);
  return { ...api, start, reports, holder, put, writes };
};

test("without a Lease it works at once, and writes nothing for an hour", async () => {
  const { start, clock, reports, writes } = world();
  const lease = start();
  await clock.advance(3_600_000);
  expect([lease.isLeader(), lease.validForMs(), reports, writes()]).toEqual([
    true,
    Number.POSITIVE_INFINITY,
    ["+0 works"],
    [],
  ]);
  await lease.release();
  expect([lease.isLeader(), writes(), clock.waiting]).toEqual([false, [], 0]);
});

test("a Lease that was given back gets its name by one write, and is given back at the end", async () => {
  const { start, clock, reports, writes, put, holder } = world();
  put("");
  const lease = start();
  await clock.advance(600_000);
  expect([reports, writes(), holder()]).toEqual([["+0 works"], [`PUT ${lock}`], "edge"]);
  await lease.release();
  expect([writes().length, holder()]).toEqual([2, ""]);
});

test("a Lease that another renews is waited for, as long as that lives", async () => {
  const { start, clock, reports, writes, put, holder } = world();
  put("reference");
  const lease = start();
  for (let s = 0; s < 60; s += 2) {
    await clock.advance(2_000);
    put("reference", `${s}`);
  }
  await clock.advance(14_000);
  expect([lease.isLeader(), writes(), reports]).toEqual([false, [], ["+0 waits for reference"]]);
  await clock.advance(2_000);
  expect([reports.at(-1), lease.isLeader(), holder()]).toEqual(["+75000 works", true, "edge"]);
});

test("what a dead holder has left is waited out once: the next start works at once", async () => {
  const { start, clock, reports, put } = world();
  put("dead");
  start();
  await clock.advance(20_000);
  start();
  await clock.advance(100);
  expect(reports).toEqual(["+0 waits for dead", "+15000 works", "+20000 works"]);
});

test("another that takes the Lease meanwhile ends the work at once", async () => {
  const { start, clock, reports, put, writes } = world();
  const lease = start();
  await clock.advance(30_000);
  put("reference");
  await clock.advance(0);
  expect([lease.isLeader(), lease.validForMs()]).toEqual([false, 0]);
  expect(reports).toEqual(["+0 works", `+30000 Lost Lease "ns/${lock}": held by reference now`]);
  await lease.release();
  expect([writes(), clock.waiting]).toEqual([[], 0]);
});

test("who is faster at a free Lease works, and only that", async () => {
  const { start, clock, reports, put, hook } = world();
  put("");
  hook.before = ({ method }: KubeRequest) => {
    if (method === "PUT") put("reference");
  };
  const lease = start();
  await clock.advance(10_000);
  expect([lease.isLeader(), reports]).toEqual([false, ["+0 waits for reference"]]);
});

test("without the right to watch it does not work, and says why", async () => {
  const { start, clock, reports, hook } = world();
  hook.before = (request: KubeRequest) => {
    throw refusal(request, 403, "Forbidden", "may not list leases");
  };
  const lease = start();
  await clock.advance(1_000);
  expect(lease.isLeader()).toBe(false);
  expect(reports[0]).toContain("may not list leases");
});

test("while its watch is refused it does not write, and says for how long that stands; then it goes on", async () => {
  const { start, clock, client, hook, put } = world();
  put("");
  const stands: (() => boolean)[] = [];
  let connection = new AbortController();
  const open: typeof client.open = (request) =>
    client.open({
      ...request,
      signal: AbortSignal.any([connection.signal, ...(request.signal ? [request.signal] : [])]),
    });
  const lease = start({ client: { ...client, open }, onError: (_, still = () => true) => void stands.push(still) });
  await clock.advance(1_000);
  expect(lease.validForMs()).toBe(Number.POSITIVE_INFINITY);
  hook.before = (request) => {
    throw refusal(request, 403, "Forbidden");
  };
  connection.abort();
  connection = new AbortController();
  await clock.advance(60_000);
  expect([lease.isLeader(), lease.validForMs(), stands.at(-1)?.()]).toEqual([true, 0, true]);
  hook.before = () => {};
  await clock.advance(60_000);
  expect([lease.validForMs(), stands.at(-1)?.()]).toEqual([Number.POSITIVE_INFINITY, false]);
  await lease.release();
});
