import type { Api } from "../cluster/harness/api.ts";
import { auditMark, isEvent, isLease, isObjectWrite, type Write, writesSince } from "../cluster/harness/auditLog.ts";
import type { ControlPlane } from "../cluster/harness/controlPlane.ts";
import { freePort } from "../cluster/harness/ports.ts";
import { type Child, newNursery, type Nursery } from "../cluster/harness/processes.ts";
import { type Fleet, newFleet } from "./fleet.ts";
import { processUsage, type Usage } from "./processUsage.ts";

/** A controller to measure. */
export interface Subject {
  readonly label: string;
  readonly command: readonly string[];
}

export interface Load {
  readonly rollouts: number;
  readonly replicas: number;
  readonly idleMs: number;
  readonly singles: number;
  readonly timeoutMs: number;
}

/** The figures of one run. Sizes in bytes, times in ms, rates per update; `p50`/`p99` over Rollouts. */
export type Figures = Readonly<Record<FigureName, number>>;

export const figures = {
  startMs: "start to /healthz, ms",
  idleRss: "idle, no Rollout: RSS, MB",
  idleAnonymous: "idle, no Rollout: anonymous, MB",
  createP50: "create all: Healthy p50, s",
  createP99: "create all: Healthy p99, s",
  createCpuMs: "create all: CPU a Rollout, ms",
  fleetRss: "with N Rollouts: RSS, MB",
  fleetAnonymous: "with N Rollouts: anonymous, MB",
  idleCpuPct: "with N, idle: CPU, % of a core",
  idleWrites: "with N, idle: writes (no Lease)",
  singleObjectWrites: "single update: object writes",
  singleStatusWrites: "single update: … of the Rollout's status",
  singleReplicaSetWrites: "single update: … of ReplicaSets",
  singleEventWrites: "single update: event writes",
  singleCpuMs: "single update: CPU, ms",
  firstWriteP50: "single update: event → first write p50, ms",
  firstWriteMax: "single update: event → first write max, ms",
  singleHealthyP50: "single update: Healthy p50, s",
  burstP50: "all at once: Healthy p50, s",
  burstP99: "all at once: Healthy p99, s",
  burstObjectWrites: "all at once: object writes an update",
  burstEventWrites: "all at once: event writes an update",
  burstConflicts: "all at once: refused writes, all",
  burstCpuMs: "all at once: CPU an update, ms",
  afterRss: "after the updates: RSS, MB",
  afterAnonymous: "after the updates: anonymous, MB",
  peakRss: "highest RSS, MB",
} as const;

export type FigureName = keyof typeof figures;

/** The q-th quantile (0 to 1) by nearest rank; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/** For each update: the time from when it is stored to the first write on an object of that Rollout. */
function firstWrites(writes: readonly Write[], user: string): number[] {
  return writes
    .filter(({ user: by, resource, verb }) => by === "bench" && resource === "rollouts" && verb === "patch")
    .flatMap((update) => {
      const answer = writes.find(
        (write) =>
          write.user === user &&
          isObjectWrite(write) &&
          write.name.startsWith(update.name) &&
          write.receivedMs > update.receivedMs,
      );
      return answer === undefined ? [] : Math.max(0, answer.receivedMs - update.doneMs);
    });
}

const count = (writes: readonly Write[], holds: (write: Write) => boolean): number => writes.filter(holds).length;

interface Session {
  readonly plane: ControlPlane;
  readonly user: string;
  readonly child: Child;
  readonly fleet: Fleet;
  readonly load: Load;
}

/** Runs `work`; @returns what the controller spent and wrote meanwhile. */
async function observe<T>({ plane, user, child }: Session, work: () => Promise<T>) {
  const mark = auditMark(plane.auditLog);
  const before = await processUsage(child.pid);
  const startedAt = performance.now();
  const result = await work();
  const tookMs = performance.now() - startedAt;
  const after = await processUsage(child.pid);
  const all = await writesSince(plane.auditLog, mark);
  const own = all.filter((write) => write.user === user && !isLease(write));
  return { result, tookMs, after, all, own, cpuMs: after.cpuMs - before.cpuMs };
}

/** After so long without a write, everything that follows Healthy (events, annotations, the last status) is written. */
const quietMs = 4000;
const quietTimeoutMs = 180_000;

/**
 * Waits until the controller has stopped writing. One that limits its own requests has a backlog of events long after
 * all is Healthy; counted later, it would spoil the idle figures.
 */
async function quiet({ plane, user }: Session): Promise<void> {
  const end = performance.now() + quietTimeoutMs;
  let mark = auditMark(plane.auditLog);
  let since = performance.now();
  while (performance.now() - since < quietMs && performance.now() < end) {
    await Bun.sleep(500);
    const next = auditMark(plane.auditLog);
    const writes = await writesSince(plane.auditLog, mark);
    if (writes.some((write) => write.user === user && !isLease(write))) since = performance.now();
    mark = next;
  }
}

/** The work, and the wait until the controller is quiet. */
const settled = async <T>(session: Session, work: Promise<T>): Promise<T> => {
  const result = await work;
  await quiet(session);
  return result;
};

async function idleAndSingles(session: Session) {
  const { fleet, load, user } = session;
  const idle = await observe(session, () => Bun.sleep(load.idleMs));
  const singles = await observe(session, () =>
    settled(
      session,
      (async () => {
        const times: number[] = [];
        for (const name of fleet.names.slice(0, load.singles)) times.push(...(await fleet.update([name])));
        return times;
      })(),
    ),
  );
  const updates = Math.max(1, singles.result.length);
  const latencies = firstWrites(singles.all, user);
  return {
    idleCpuPct: (100 * idle.cpuMs) / idle.tookMs,
    idleWrites: idle.own.length,
    singleObjectWrites: count(singles.own, isObjectWrite) / updates,
    singleStatusWrites:
      count(singles.own, ({ resource, subresource }) => resource === "rollouts" && subresource === "status") / updates,
    singleReplicaSetWrites: count(singles.own, ({ resource }) => resource === "replicasets") / updates,
    singleEventWrites: count(singles.own, isEvent) / updates,
    singleCpuMs: singles.cpuMs / updates,
    firstWriteP50: quantile(latencies, 0.5),
    firstWriteMax: quantile(latencies, 1),
    singleHealthyP50: quantile(singles.result, 0.5) / 1000,
  };
}

async function burst(session: Session) {
  const { fleet, load } = session;
  const all = await observe(session, () => settled(session, fleet.update(fleet.names)));
  return {
    burstP50: quantile(all.result, 0.5) / 1000,
    burstP99: quantile(all.result, 0.99) / 1000,
    burstObjectWrites: count(all.own, isObjectWrite) / load.rollouts,
    burstEventWrites: count(all.own, isEvent) / load.rollouts,
    burstConflicts: count(all.own, ({ code }) => code >= 400),
    burstCpuMs: all.cpuMs / load.rollouts,
    afterRss: all.after.rss,
    afterAnonymous: all.after.anonymous,
    peakRss: all.after.peakRss,
  };
}

async function untilHealthz(url: string, child: Child): Promise<void> {
  const end = Date.now() + 60_000;
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (!child.running() || Date.now() > end)
      throw new Error(`${child.name} does not answer ${url}; its log is ${child.logFile}`);
    await Bun.sleep(10);
  }
}

/** Starts a controller, whose user in the audit log is `user`. */
export async function startSubject(plane: ControlPlane, nursery: Nursery, { label, command }: Subject) {
  const user = `bench-${label}`;
  const [metricsPort, healthPort] = [freePort(), freePort()];
  const ports = ["--metricsPort", `${metricsPort}`, "--healthzPort", `${healthPort}`];
  const flags = ["--kubeconfig", await plane.identity(user), ...ports];
  const startedAt = performance.now();
  const child = nursery.spawn(label, [...command, ...flags], { logFile: `${plane.dir}/logs/${user}.log` });
  return { user, child, startedAt, healthy: () => untilHealthz(`http://127.0.0.1:${healthPort}/healthz`, child) };
}

/** Measures one controller on a running cluster: starts it, puts load on it, stops it, and removes its objects. */
export async function measure(
  plane: ControlPlane,
  api: Api,
  subject: Subject,
  load: Load,
  print: (text: string) => void,
): Promise<Figures> {
  const nursery = newNursery();
  const { user, child, startedAt, healthy } = await startSubject(plane, nursery, subject);
  try {
    await healthy();
    const startMs = performance.now() - startedAt;
    await Bun.sleep(10_000);
    const empty: Usage = await processUsage(child.pid);
    const fleet = await newFleet(api, load.rollouts, load.replicas, load.timeoutMs);
    const session: Session = { plane, user, child, fleet, load };
    const run = async (): Promise<Figures> => {
      const created = await observe(session, () => settled(session, fleet.create()));
      print(`${load.rollouts} created`);
      const single = await idleAndSingles(session);
      print(`idle and ${load.singles} single updates measured`);
      const together = await burst(session);
      print(`${load.rollouts} updated`);
      return {
        startMs,
        idleRss: empty.rss,
        idleAnonymous: empty.anonymous,
        createP50: quantile(created.result, 0.5) / 1000,
        createP99: quantile(created.result, 0.99) / 1000,
        createCpuMs: created.cpuMs / load.rollouts,
        fleetRss: created.after.rss,
        fleetAnonymous: created.after.anonymous,
        ...single,
        ...together,
      };
    };
    try {
      return await Promise.race([run(), nursery.failure, plane.failure]);
    } finally {
      await fleet.remove();
    }
  } finally {
    await child.stop();
    await nursery.release();
  }
}
