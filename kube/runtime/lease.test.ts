import { describe, expect, test } from "bun:test";
import { holdLease, type LeaseOptions, renewalPaceMs } from "./lease.ts";
import { manualClock } from "../clock/clock.ts";
import type { KubeClient, KubeRequest } from "../client/transport.ts";
import { shortly, testApi } from "../../test/apiServer.ts";

const lock = "argo-rollouts-controller-lock";
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
    holdLease({
      client: api.client,
      clock,
      monotonicMs: clock.now,
      namespace: "ns",
      name: lock,
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

test("a free Lease is made as client-go makes it", async () => {
  const { candidate, clock, asked, spec } = world();
  const lease = candidate("a");
  expect(lease.isLeader()).toBe(false);
  await clock.advance(0);
  await lease.acquired;
  expect(asked()).toEqual([`GET ${lock}`, `POST ${lock}`]);
  expect(spec(lock)).toEqual({
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: "2023-11-14T22:13:20.000000Z",
    renewTime: "2023-11-14T22:13:20.000000Z",
    leaseTransitions: 0,
  });
  expect([lease.isLeader(), lease.validForMs()]).toEqual([true, 15_000]);
});

describe("the pace of renewals", () => {
  test("is one write in 5 s and no read, a fifth of a write a second", async () => {
    const { candidate, clock, asked, spec } = world();
    const lease = candidate("a");
    await clock.advance(0);
    asked();
    await clock.advance(60_000);
    expect(asked()).toEqual(Array.from({ length: 12 }, () => `PUT ${lock}`));
    expect(spec(lock).renewTime).toBe("2023-11-14T22:14:20.000000Z");
    expect(spec(lock).acquireTime).toBe("2023-11-14T22:13:20.000000Z");
    expect(lease.validForMs()).toBe(15_000);
  });

  test.each([
    { durationMs: 15_000, renewDeadlineMs: 10_000, paceMs: 5_000, why: "a third of the duration" },
    { durationMs: 60_000, renewDeadlineMs: 40_000, paceMs: 20_000, why: "a third of the duration" },
    { durationMs: 60_000, renewDeadlineMs: 10_000, paceMs: 5_000, why: "half of the deadline" },
    { durationMs: 8_000, renewDeadlineMs: 6_000, paceMs: 1_500, why: "so that a write may still be sent before it" },
    { durationMs: 7_000, renewDeadlineMs: 6_000, paceMs: 1_000, why: "the shortest that is accepted" },
  ])("with $durationMs ms and a deadline of $renewDeadlineMs is $paceMs: $why", ({ paceMs, ...flags }) => {
    expect(renewalPaceMs(flags)).toBe(paceMs);
  });

  test("leaves a write its 5 s at every moment, however short the Lease is", async () => {
    const { candidate, clock } = world();
    const lease = candidate("a", { durationMs: 7_000, renewDeadlineMs: 6_000, retryPeriodMs: 1_000 });
    await clock.advance(0);
    let least = lease.validForMs();
    for (let ms = 0; ms < 30_000; ms += 100) {
      await clock.advance(100);
      least = Math.min(least, lease.validForMs());
    }
    expect(least).toBeGreaterThan(5_000);
  });

  test("after a renewal that failed is the retry period", async () => {
    let down = false;
    const { candidate, clock, reports } = world(() => {
      if (down) throw new Error("down");
    });
    candidate("a");
    await clock.advance(4_000);
    down = true;
    await clock.advance(4_000);
    down = false;
    await clock.advance(4_000);
    expect(reports).toEqual(["+0 a leads", "+5000 a error: down", "+7000 a error: down"]);
  });
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
    put(lock, { holderIdentity: "a", leaseDurationSeconds: 15, renewTime: "1999-01-01T00:00:00.000000Z" });
    candidate("b");
    await renewElsewhere(lock, "a", 60_000);
    expect(reports).toEqual([`+0 b waits for ${lock} of a`]);
    // The last renewal was at 58 s.
    await clock.advance(12_000);
    expect(reports).toHaveLength(1);
    await clock.advance(6_000);
    expect(reports.at(-1)).toContain("b leads");
  });

  test("is taken over with one more transition", async () => {
    const { candidate, clock, spec, put } = world();
    put(lock, { holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 4 });
    candidate("b");
    await clock.advance(20_000);
    expect(spec(lock)).toMatchObject({ holderIdentity: "b", leaseTransitions: 5 });
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

test("what a crashed holder leaves is taken when it has run out", async () => {
  const { candidate, clock, reports, put } = world();
  put(lock, { holderIdentity: "crashed", leaseDurationSeconds: 15 });
  candidate("b");
  await clock.advance(16_200);
  expect(reports.at(-1)).toMatch(/^\+1[56]\d\d\d b leads$/);
});

test("while another holds it nothing is written, and it is read every 0.8 to 1.2 s", async () => {
  const { candidate, reports, renewElsewhere, asked, put } = world();
  put(lock, { holderIdentity: "reference", leaseDurationSeconds: 15 });
  const lease = candidate("b");
  await renewElsewhere(lock, "reference", 30_000);
  expect(reports).toEqual([`+0 b waits for ${lock} of reference`]);
  expect([lease.isLeader(), lease.validForMs()]).toEqual([false, 0]);
  const requests = asked();
  expect(new Set(requests)).toEqual(new Set([`GET ${lock}`]));
  expect(requests.length).toBeGreaterThan(24);
  expect(requests.length).toBeLessThan(39);
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
  test("frees it with one write, and nothing follows", async () => {
    const { candidate, clock, asked, spec, reports } = world();
    const lease = candidate("a");
    await clock.advance(0);
    asked();
    await Promise.all([lease.release(), lease.release()]);
    expect(asked()).toEqual([`PUT ${lock}`]);
    expect(spec(lock)).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
    expect([lease.isLeader(), lease.validForMs()]).toEqual([false, 0]);
    await clock.advance(10_000);
    expect(asked()).toEqual([]);
    expect(reports).toEqual(["+0 a leads"]);
  });

  test("while still waiting leaves the Lease of the other alone", async () => {
    const { candidate, put, clock, spec } = world();
    put(lock, { holderIdentity: "reference", leaseDurationSeconds: 15 });
    const lease = candidate("a");
    await clock.advance(100);
    await lease.release();
    expect(spec(lock).holderIdentity).toBe("reference");
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
    expect(reports.filter((line) => line.includes("error: down"))).toHaveLength(1);
  });
});

describe("a leader is lost", () => {
  test("when somebody else has taken a Lease", async () => {
    const { candidate, clock, reports, put } = world();
    const leases = candidate("a");
    await clock.advance(3_000);
    put(lock, { holderIdentity: "thief", leaseDurationSeconds: 15 });
    await clock.advance(2_000);
    expect(reports.at(-1)).toBe(`+5000 a lost: Lost Lease "ns/${lock}": held by thief now`);
    expect([leases.isLeader(), leases.validForMs()]).toEqual([false, 0]);
    expect(clock.waiting).toBe(0);
  });

  test("when renewing has failed for 10 s, before anybody else may take over", async () => {
    let down = false;
    const { candidate, clock, reports } = world(() => {
      if (down) throw new Error("down");
    });
    const leases = candidate("a");
    await clock.advance(4_000);
    down = true;
    await clock.advance(4_000);
    expect([leases.isLeader(), leases.validForMs()]).toEqual([true, 7_000]);
    await clock.advance(4_000);
    expect(reports.at(-1)).toBe(`+10000 a lost: Lost Lease "ns/${lock}": not renewed for 10000 ms`);
    expect(clock.waiting).toBe(0);
  });

  test("but not by a renewal that was stored and never answered: it counts, from when it was sent", async () => {
    let lost = false;
    const { candidate, client, clock, reports, asked, spec } = world();
    const silent: KubeClient = {
      ...client,
      async request<T>(request: KubeRequest) {
        const answer = await client.request<T>(request);
        if (!lost) return answer;
        await new Promise<void>((resolve) => clock.after(request.timeoutMs ?? 0, resolve));
        throw new Error("no answer");
      },
    };
    const lease = candidate("a", { client: silent });
    await clock.advance(0);
    asked();
    lost = true;
    await clock.advance(8_900);
    lost = false;
    await clock.advance(500);
    // Sent at 5 s without an answer for 4 s, found by the conflict of the next one.
    expect(asked()).toEqual([`PUT ${lock}`, `PUT ${lock}`, `GET ${lock}`]);
    expect(lease.validForMs()).toBe(15_000 - 4_400);
    expect(reports).toEqual(["+0 a leads", "+9000 a error: no answer"]);
    expect(spec(lock).renewTime).toBe("2023-11-14T22:13:25.000000Z");
  });

  test("but not by a label that somebody puts on its Lease", async () => {
    const { candidate, clock, reports, core, lease } = world();
    candidate("a");
    await clock.advance(1_000);
    const labels = { x: "y" };
    core.modify({ resource: LEASES, namespace: "ns", name: lock }, (old) => ({
      ...old,
      metadata: { ...old.metadata, labels },
    }));
    await clock.advance(5_000);
    expect(reports).toEqual(["+0 a leads"]);
    expect(lease(lock)?.metadata.labels).toEqual(labels);
  });
});

test("an answer after an error is told, whoever holds the Leases", async () => {
  let missing = true;
  const answers: string[] = [];
  const { candidate, clock, put } = world(() => {
    if (missing) throw new Error("no such namespace");
  });
  put(lock, { holderIdentity: "b", leaseDurationSeconds: 15 });
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
