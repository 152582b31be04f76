import type { Api } from "../cluster/harness/api.ts";
import { isLease } from "../cluster/harness/auditLog.ts";
import type { ControlPlane } from "../cluster/harness/controlPlane.ts";
import { freePort } from "../cluster/harness/ports.ts";
import { type Child, newNursery, type Nursery } from "../cluster/harness/processes.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { newFleet } from "./fleet.ts";
import { deploymentKind, rolloutKind } from "./fleetKinds.ts";
import { observe, type Session } from "./observe.ts";
import { unfairlyRefused } from "./planeUsage.ts";
import { processUsage, type Usage } from "./processUsage.ts";
import { beginnings, countWrites, ofDeploymentController, ofUser } from "./writesByKind.ts";

/** A controller to measure. */
export interface Subject {
  readonly label: string;
  readonly command: readonly string[];
  /** Those in which it differs from ours, for the head of its column. */
  readonly flags?: string;
}

/**
 * What is always there: Deployments of the same size, rolled by kube-controller-manager. Nothing that waits for the same
 * pods can be faster, and nothing that makes the same ReplicaSets writes less. Memory and CPU of its own are unknown, as
 * one process runs all controllers of Kubernetes.
 */
export const FLOOR = "floor";

export interface Load {
  readonly rollouts: number;
  readonly replicas: number;
  /** 0: is not measured. */
  readonly idleMs: number;
  readonly singles: number;
  /** Whether all are updated at once. */
  readonly burst: boolean;
  /** From then until memory is measured again; 0: is not. */
  readonly restMs: number;
  readonly timeoutMs: number;
}

/** The q-th quantile (0 to 1) by nearest rank; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

async function idle(session: Session, { idleMs }: Load): Promise<Partial<Figures>> {
  if (idleMs === 0) return {};
  const { whole, writes } = await observe(session, () => Bun.sleep(idleMs), { settle: false });
  const own = writes.filter(session.own);
  return {
    idleCpuPct: (100 * whole.cpuMs) / whole.tookMs,
    idleWrites: own.filter((write) => !isLease(write)).length,
    idleLeaseWrites: own.filter(isLease).length / (whole.tookMs / 1000),
  };
}

async function singles(session: Session, load: Load): Promise<Partial<Figures>> {
  const { fleet, own } = session;
  if (load.singles === 0) return {};
  const { result, whole, writes } = await observe(session, async () => {
    const times: number[] = [];
    for (const name of fleet.names.slice(0, load.singles)) times.push(...(await fleet.update([name])));
    return times;
  });
  const counts = countWrites(writes, own, load.singles);
  const latencies = Array.from(beginnings(writes, own).values(), (began) =>
    Math.max(0, began.firstWriteMs - began.storedMs),
  );
  return {
    singleObjectWrites: counts.objects,
    singleStatusWrites: counts.statuses,
    singleReplicaSetWrites: counts.replicaSets,
    singleEventWrites: counts.events,
    singleCpuMs: whole.cpuMs / load.singles,
    firstWriteP50: quantile(latencies, 0.5),
    firstWriteMax: quantile(latencies, 1),
    singleHealthyP50: quantile(result, 0.5) / 1000,
  };
}

async function burst(session: Session, load: Load): Promise<Partial<Figures>> {
  const { plane, fleet, own } = session;
  if (!load.burst) return {};
  const unfairBefore = await unfairlyRefused(plane);
  const { result, working, whole, after, writes } = await observe(session, () => fleet.update(fleet.names));
  const counts = countWrites(writes, own, load.rollouts);
  const sets = Array.from(beginnings(writes, own).values(), ({ firstReplicaSetMs }) => firstReplicaSetMs);
  const each = (ms: number): number => ms / load.rollouts;
  // Of the floor, the process that is measured is kube-controller-manager, which is among the components already.
  const controllerMs = (cpuMs: number): number => (session.pid === plane.pids().manager ? 0 : cpuMs);
  const { apiserver, etcd, manager, bench } = whole.plane;
  const busyMs =
    controllerMs(working.cpuMs) +
    working.plane.apiserver +
    working.plane.etcd +
    working.plane.manager +
    working.plane.bench;
  const capacityMs = working.tookMs * navigator.hardwareConcurrency;
  return {
    burstP50: quantile(result, 0.5) / 1000,
    burstP99: quantile(result, 0.99) / 1000,
    burstEachMs: each(quantile(result, 1)),
    burstLastBeganPct: (100 * quantile(sets, 1)) / quantile(result, 1),
    burstObjectWrites: counts.objects,
    burstStatusWrites: counts.statuses,
    burstReplicaSetWrites: counts.replicaSets,
    burstOwnerWrites: counts.owners,
    burstEventWrites: counts.events,
    burstClusterWrites: counts.cluster,
    burstConflicts: counts.refused,
    burstUnfair: (await unfairlyRefused(plane)) - unfairBefore,
    burstCpuMs: each(whole.cpuMs),
    burstApiServerCpuMs: each(apiserver),
    burstEtcdCpuMs: each(etcd),
    burstManagerCpuMs: each(manager),
    burstBenchCpuMs: each(bench),
    burstAllCpuMs: each(controllerMs(whole.cpuMs) + apiserver + etcd + manager + bench),
    burstBusyPct: (100 * busyMs) / capacityMs,
    burstForeignPct: (100 * Math.max(0, working.plane.machine - busyMs)) / capacityMs,
    afterRss: after.rss,
    afterAnonymous: after.anonymous,
    peakRss: after.peakRss,
  };
}

async function rest({ pid }: Session, { restMs }: Load): Promise<Partial<Figures>> {
  if (restMs === 0) return {};
  await Bun.sleep(restMs);
  const { rss, anonymous } = await processUsage(pid);
  return { restedRss: rss, restedAnonymous: anonymous };
}

/** What is measured of any of them, in this order. */
async function underLoad(session: Session, load: Load, print: (text: string) => void): Promise<Partial<Figures>> {
  const { fleet } = session;
  const created = await observe(session, () => fleet.create());
  print(`${load.rollouts} created`);
  const quietFigures = { ...(await idle(session, load)), ...(await singles(session, load)) };
  print(`idle (${load.idleMs / 1000} s) and ${load.singles} single updates measured`);
  const together = await burst(session, load);
  if (load.burst) print(`${load.rollouts} updated, p99 ${together.burstP99?.toFixed(1)} s`);
  return {
    createP50: quantile(created.result, 0.5) / 1000,
    createP99: quantile(created.result, 0.99) / 1000,
    createCpuMs: created.whole.cpuMs / load.rollouts,
    fleetRss: created.after.rss,
    fleetAnonymous: created.after.anonymous,
    ...quietFigures,
    ...together,
    ...(await rest(session, load)),
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

/** The group of the Pods' users: in it, the API server lets a controller wait for fairness as in any cluster. */
export const POD_USERS = "system:serviceaccounts";

/**
 * Starts a controller, whose user in the audit log is `user`.
 *
 * @param group of that user; by default one that may do everything
 */
export async function startSubject(plane: ControlPlane, nursery: Nursery, { label, command }: Subject, group?: string) {
  const user = `bench-${label}`;
  const [metricsPort, healthPort] = [freePort(), freePort()];
  const ports = ["--metricsPort", `${metricsPort}`, "--healthzPort", `${healthPort}`];
  const flags = ["--kubeconfig", await plane.identity(user, group), ...ports];
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
  const { user, child, startedAt, healthy } = await startSubject(plane, nursery, subject, POD_USERS);
  try {
    await healthy();
    const startMs = performance.now() - startedAt;
    await Bun.sleep(10_000);
    const empty: Usage = await processUsage(child.pid);
    const fleet = await newFleet(api, load.rollouts, load.replicas, load.timeoutMs, rolloutKind);
    const session: Session = { plane, own: ofUser(user), pid: child.pid, fleet };
    try {
      const loaded = await Promise.race([underLoad(session, load, print), nursery.failure, plane.failure]);
      const fleetEachKb = ((loaded.fleetAnonymous ?? Number.NaN) - empty.anonymous) / 1024 / load.rollouts;
      return figuresOf({ startMs, idleRss: empty.rss, idleAnonymous: empty.anonymous, fleetEachKb, ...loaded });
    } finally {
      await fleet.remove();
    }
  } finally {
    await child.stop();
    await nursery.release();
  }
}

/** Unknown of the floor: they would be those of all controllers of Kubernetes together. */
const ofOneProcess = {
  createCpuMs: Number.NaN,
  fleetRss: Number.NaN,
  fleetAnonymous: Number.NaN,
  singleCpuMs: Number.NaN,
  burstCpuMs: Number.NaN,
  afterRss: Number.NaN,
  afterAnonymous: Number.NaN,
  peakRss: Number.NaN,
} as const satisfies Partial<Figures>;

/** As `measure`, of plain Deployments. */
export async function measureFloor(
  plane: ControlPlane,
  api: Api,
  load: Load,
  print: (text: string) => void,
): Promise<Figures> {
  const fleet = await newFleet(api, load.rollouts, load.replicas, load.timeoutMs, deploymentKind);
  const session: Session = { plane, own: ofDeploymentController, pid: plane.pids().manager, fleet };
  try {
    const loaded = underLoad(session, { ...load, idleMs: 0, restMs: 0 }, print);
    return figuresOf({ ...(await Promise.race([loaded, plane.failure])), ...ofOneProcess });
  } finally {
    await fleet.remove();
  }
}
