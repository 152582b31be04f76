/** What a controller and the cluster around it spend and write while something happens. */
import { auditMark, isLease, type Write, writesSince } from "../cluster/harness/auditLog.ts";
import type { ControlPlane } from "../cluster/harness/controlPlane.ts";
import type { Fleet } from "./fleet.ts";
import { between, type PlaneUsage, planeUsage } from "./planeUsage.ts";
import { processUsage, type Usage } from "./processUsage.ts";
import type { IsOwn } from "./writesByKind.ts";

/** What of the bench is the same for all that is measured of one controller. */
export interface Session {
  readonly plane: ControlPlane;
  readonly own: IsOwn;
  /** Of the controller; of kube-controller-manager where that is the floor. */
  readonly pid: number;
  readonly fleet: Fleet;
}

interface Spent {
  readonly cpuMs: number;
  readonly plane: PlaneUsage;
  readonly tookMs: number;
}

export interface Observed<T> {
  readonly result: T;
  /** Until the work was done. */
  readonly working: Spent;
  /** Until the controller was quiet, too. */
  readonly whole: Spent;
  /** At that moment. */
  readonly after: Usage;
  readonly writes: readonly Write[];
}

/** Runs `work` and, if asked, waits until the controller is quiet. */
export async function observe<T>(
  session: Session,
  work: () => Promise<T>,
  { settle = true }: { readonly settle?: boolean } = {},
): Promise<Observed<T>> {
  const { plane, pid } = session;
  const mark = auditMark(plane.auditLog);
  const [before, planeBefore] = [await processUsage(pid), await planeUsage(plane)];
  const startedAt = performance.now();
  const spent = async (usage: Usage): Promise<Spent> => ({
    cpuMs: usage.cpuMs - before.cpuMs,
    plane: between(planeBefore, await planeUsage(plane)),
    tookMs: performance.now() - startedAt,
  });
  const result = await work();
  const working = await spent(await processUsage(pid));
  if (settle) await quiet(session);
  const after = await processUsage(pid);
  return { result, working, whole: await spent(after), after, writes: await writesSince(plane.auditLog, mark) };
}

/** After so long without a write, everything that follows Healthy (events, annotations, the last status) is written. */
const quietMs = 4000;
const quietTimeoutMs = 180_000;

/**
 * Waits until the controller has stopped writing. One that limits its own requests has a backlog of events long after
 * all is Healthy; counted later, it would spoil the idle figures.
 */
async function quiet({ plane, own }: Session): Promise<void> {
  const end = performance.now() + quietTimeoutMs;
  let mark = auditMark(plane.auditLog);
  let since = performance.now();
  while (performance.now() - since < quietMs && performance.now() < end) {
    await Bun.sleep(500);
    const next = auditMark(plane.auditLog);
    const writes = await writesSince(plane.auditLog, mark);
    if (writes.some((write) => own(write) && !isLease(write))) since = performance.now();
    mark = next;
  }
}
