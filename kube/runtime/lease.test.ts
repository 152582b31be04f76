import { describe, expect, test } from "bun:test";
import { holdLeases, type LeaseOptions } from "./lease.ts";
import { manualClock } from "../clock/clock.ts";
import type { KubeRequest } from "../client/transport.ts";
import { shortly, testApi } from "../../test/apiServer.ts";

const ours = "sluice-controller-lock";
const theirs = "argo-rollouts-controller-lock";
const LEASES = "leases.coordination.k8s.io";
const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

interface Spec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  renewTime?: string;
  acquireTime?: string;
  leaseTransitions?: number;
}

/** An API server and candidates on one manual clock; `before` may throw, which is the API server's answer then. */
const world = (before: (request: KubeRequest) => void = () => {}) => {
  const api = testApi({ clock: manualClock(1_700_000_000_000), namespaces: ["ns"] });
  api.hook.before = before;
  const { clock, core } = api;
  const reports: string[] = [];
  const started = clock.now();
  const note = (what: string): void => void reports.push(`+${Math.round(clock.now() - started)} ${what}`);
  const candidate = (identity: string, more: Partial<LeaseOptions> = {}) =>
    holdLeases({
      client: api.client,
      clock,
      monotonicMs: clock.now,
      namespace: "ns",
      names: [ours, theirs],
      identity,
      onAcquired: () => note(`${identity} leads`),
      onLost: (error) => note(`${identity} lost: ${error.message}`),
      onWaiting: (name, holder) => note(`${identity} waits for ${name} of ${holder}`),
      onError: (error) => note(`${identity} error: ${(error as Error).message}`),
      ...more,
    });
  const lease = (name: string) => core.get({ resource: LEASES, namespace: "ns", name });
  const spec = (name: string): Spec => lease(name)?.["spec"] ?? {};
  /** Writes the Lease as another client would. */
  const put = (name: string, value: Spec): void => {
    const metadata = { name, namespace: "ns" };
    if (lease(name) === undefined) core.create(LEASES, { metadata, spec: value });
    else core.modify({ resource: LEASES, ...metadata }, (old) => ({ ...old, spec: value }));
  };
  const renewElsewhere = async (name: string, holder: string, forMs: number): Promise<void> => {
    for (let ms = 0; ms < forMs; ms += 2_000) {
      put(name, { holderIdentity: holder, leaseDurationSeconds: 15, renewTime: microTime(clock.now()) });
      await clock.advance(2_000);
    }
  };
  const asked = (): string[] => api.requests.splice(0).map(shortly);
  return { ...api, reports, candidate, lease, spec, put, renewElsewhere, asked };
};

test("free Leases are made, in order, as client-go makes them", async () => {
  const { candidate, clock, asked, spec } = world();
  const leases = candidate("a");
  expect(leases.isLeader()).toBe(false);
  await clock.advance(0);
  await leases.acquired;
  expect(asked()).toEqual([`GET ${ours}`, `POST ${ours}`, `GET ${theirs}`, `POST ${theirs}`]);
  expect(spec(ours)).toEqual({
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: "2023-11-14T22:13:20.000000Z",
    renewTime: "2023-11-14T22:13:20.000000Z",
    leaseTransitions: 0,
  });
  expect([leases.isLeader(), leases.validForMs()]).toEqual([true, 15_000]);
});

test("a leader renews every 2 s, with one write a Lease and no read", async () => {
  const { candidate, clock, asked, spec } = world();
  const leases = candidate("a");
  await clock.advance(0);
  asked();
  await clock.advance(6_000);
  expect(asked()).toEqual(Array.from({ length: 3 }, () => [`PUT ${ours}`, `PUT ${theirs}`]).flat());
  expect(spec(ours).renewTime).toBe("2023-11-14T22:13:26.000000Z");
  expect(spec(ours).acquireTime).toBe("2023-11-14T22:13:20.000000Z");
  expect(leases.validForMs()).toBe(15_000);
});

describe("the time that a Lease is valid", () => {
  test("counts from before the request that renewed it", async () => {
    const { candidate, clock } = world();
    const leases = candidate("a");
    await clock.advance(0);
    await clock.advance(1_999);
    expect(leases.validForMs()).toBe(13_001);
  });

  test("is shortened by a wall clock that went on while the monotonic one stood still", async () => {
    const { candidate, clock } = world();
    const leases = candidate("a", { monotonicMs: () => 0 });
    await clock.advance(0);
    await clock.advance(1_500);
    expect(leases.validForMs()).toBe(13_500);
  });
});

describe("a Lease of another", () => {
  test("is respected as long as it changes, whatever its own clock says", async () => {
    const { candidate, clock, reports, put, renewElsewhere } = world();
    put(ours, { holderIdentity: "a", leaseDurationSeconds: 15, renewTime: "1999-01-01T00:00:00.000000Z" });
    candidate("b");
    await renewElsewhere(ours, "a", 60_000);
    expect(reports).toEqual([`+0 b waits for ${ours} of a`]);
    // The last renewal was at 58 s.
    await clock.advance(12_000);
    expect(reports).toHaveLength(1);
    await clock.advance(6_000);
    expect(reports.at(-1)).toContain("b leads");
  });

  test("is taken over with one more transition", async () => {
    const { candidate, clock, spec, put } = world();
    put(ours, { holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 4 });
    candidate("b");
    await clock.advance(20_000);
    expect(spec(ours)).toMatchObject({ holderIdentity: "b", leaseTransitions: 5 });
  });

  test("that was given back is taken within 1.2 s", async () => {
    const { candidate, clock, reports } = world();
    const a = candidate("a");
    await clock.advance(5_000);
    candidate("b");
    await clock.advance(3_000);
    await a.release();
    await clock.advance(1_200);
    expect(reports.at(-1)).toMatch(/^\+(8\d\d\d|9[01]\d\d|9200) b leads$/);
  });
});

test("what a crashed holder leaves of both expires together, and is taken within 17 s", async () => {
  const { candidate, clock, reports, put } = world();
  for (const name of [ours, theirs]) put(name, { holderIdentity: "crashed", leaseDurationSeconds: 15 });
  candidate("b");
  await clock.advance(16_200);
  expect(reports.at(-1)).toMatch(/^\+1[56]\d\d\d b leads$/);
});

test("with the reference's Lease taken it holds its own, waits, and writes nothing else", async () => {
  const { candidate, clock, reports, put, renewElsewhere, spec } = world();
  put(theirs, { holderIdentity: "reference", leaseDurationSeconds: 15 });
  const leases = candidate("b");
  await renewElsewhere(theirs, "reference", 30_000);
  expect(reports).toEqual([`+0 b waits for ${theirs} of reference`]);
  expect([leases.isLeader(), leases.validForMs()]).toEqual([false, 0]);
  expect(spec(ours).holderIdentity).toBe("b");
  await clock.advance(20_000);
  expect(reports.at(-1)).toContain("b leads");
});

test("two that start together: one leads, and they never lead at once", async () => {
  const { candidate, clock } = world();
  const [a, b] = [candidate("a"), candidate("b")];
  for (let i = 0; i < 100; i += 1) {
    await clock.advance(100);
    expect(a.isLeader() && b.isLeader()).toBe(false);
  }
  expect(a.isLeader() || b.isLeader()).toBe(true);
});

describe("giving back", () => {
  test("frees both, the second first, so that who waits for the first finds the second free", async () => {
    const { candidate, clock, asked, spec, reports } = world();
    const leases = candidate("a");
    await clock.advance(0);
    asked();
    await Promise.all([leases.release(), leases.release()]);
    expect(asked()).toEqual([`PUT ${theirs}`, `PUT ${ours}`]);
    expect(spec(ours)).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
    expect([leases.isLeader(), leases.validForMs()]).toEqual([false, 0]);
    await clock.advance(10_000);
    expect(asked()).toEqual([]);
    expect(reports).toEqual(["+0 a leads"]);
  });

  test("while still waiting frees what was taken so far", async () => {
    const { candidate, put, clock, spec } = world();
    put(theirs, { holderIdentity: "reference", leaseDurationSeconds: 15 });
    const leases = candidate("a");
    await clock.advance(100);
    await leases.release();
    expect(spec(ours).holderIdentity).toBe("");
    expect(spec(theirs).holderIdentity).toBe("reference");
  });

  test("to a server that does not answer is given up, not thrown", async () => {
    let down = false;
    const { candidate, clock, reports } = world(() => {
      if (down) throw new Error("down");
    });
    const leases = candidate("a");
    await clock.advance(0);
    down = true;
    await leases.release();
    expect(reports.filter((line) => line.includes("error: down"))).toHaveLength(2);
  });
});

describe("a leader is lost", () => {
  test("when somebody else has taken a Lease", async () => {
    const { candidate, clock, reports, put } = world();
    const leases = candidate("a");
    await clock.advance(3_000);
    put(theirs, { holderIdentity: "thief", leaseDurationSeconds: 15 });
    await clock.advance(2_000);
    expect(reports.at(-1)).toBe(`+4000 a lost: Lost Lease "ns/${theirs}": held by thief now`);
    expect([leases.isLeader(), leases.validForMs()]).toEqual([false, 0]);
    expect(clock.waiting).toBe(0);
  });

  test("when renewing has failed for 10 s, before anybody else may take over", async () => {
    let down = false;
    const { candidate, clock, reports } = world(() => {
      if (down) throw new Error("down");
    });
    const leases = candidate("a");
    await clock.advance(2_000);
    down = true;
    await clock.advance(8_000);
    expect(leases.isLeader()).toBe(true);
    expect(leases.validForMs()).toBe(7_000);
    await clock.advance(4_000);
    expect(reports.at(-1)).toBe(`+12000 a lost: Lost Lease "ns/${ours}": not renewed for 10000 ms`);
  });

  test("but not by a label that somebody puts on its Lease", async () => {
    const { candidate, clock, reports, core, lease } = world();
    candidate("a");
    await clock.advance(1_000);
    const labels = { x: "y" };
    core.modify({ resource: LEASES, namespace: "ns", name: ours }, (old) => ({
      ...old,
      metadata: { ...old.metadata, labels },
    }));
    await clock.advance(5_000);
    expect(reports).toEqual(["+0 a leads"]);
    expect(lease(ours)?.metadata.labels).toEqual(labels);
  });
});

test("an answer after an error is told, whoever holds the Leases", async () => {
  let missing = true;
  const answers: string[] = [];
  const { candidate, clock, put } = world(() => {
    if (missing) throw new Error("no such namespace");
  });
  put(ours, { holderIdentity: "b", leaseDurationSeconds: 15 });
  candidate("a", { onError: () => answers.push("error"), onAnswered: () => answers.push("answered") });
  await clock.advance(5_000);
  expect(answers).toEqual(["error"]);
  missing = false;
  await clock.advance(2_000);
  expect(new Set(answers.slice(1))).toEqual(new Set(["answered"]));
});

test("an error that lasts is told once while waiting", async () => {
  const { candidate, clock, reports } = world(() => {
    throw new Error("forbidden");
  });
  candidate("a");
  await clock.advance(60_000);
  expect(reports).toEqual(["+0 a error: forbidden"]);
});
