/** What an audit log says of many updates: who wrote how much of what, and when each update began. Pure. */
import { isEvent, isLease, isObjectWrite, type Write } from "../cluster/harness/auditLog.ts";

/** Whether a write is one of the controller that is measured. */
export type IsOwn = (write: Write) => boolean;

export const ofUser =
  (name: string): IsOwn =>
  ({ user }) =>
    user === name;

/** kube-controller-manager is one user; its controllers tell themselves apart at the end of the user agent. */
export const ofDeploymentController: IsOwn = ({ user, userAgent }) =>
  user === "system:kube-controller-manager" && userAgent.endsWith("/deployment-controller");

/** The user that the bench itself writes as. */
export const BENCH = "bench";

const isOwner = ({ resource }: Write): boolean => resource === "rollouts" || resource === "deployments";

export interface WriteCounts {
  /** All but events, Leases, and what the bench itself asked for. */
  readonly objects: number;
  readonly statuses: number;
  readonly replicaSets: number;
  /** Of the Rollout or the Deployment, beside its status. */
  readonly owners: number;
  readonly events: number;
  /** Of everybody but this controller and the bench: pods, their bindings and statuses, statuses of ReplicaSets, events. */
  readonly cluster: number;
  /** Own writes that were refused. */
  readonly refused: number;
}

/** An update, of so many. */
export function countWrites(writes: readonly Write[], own: IsOwn, updates: number): WriteCounts {
  const mine = writes.filter((write) => own(write) && !isLease(write));
  const perUpdate = (some: readonly Write[], holds: (write: Write) => boolean): number =>
    some.filter(holds).length / Math.max(1, updates);
  return {
    objects: perUpdate(mine, isObjectWrite),
    statuses: perUpdate(mine, (write) => isOwner(write) && write.subresource === "status"),
    replicaSets: perUpdate(mine, ({ resource }) => resource === "replicasets"),
    owners: perUpdate(mine, (write) => isOwner(write) && write.subresource === ""),
    events: perUpdate(mine, isEvent),
    cluster: perUpdate(writes, (write) => !own(write) && !isLease(write) && write.user !== BENCH),
    refused: mine.filter(({ code }) => code >= 400).length,
  };
}

/** ms after the first of the updates was asked for. */
export interface Began {
  readonly storedMs: number;
  readonly firstWriteMs: number;
  /** NaN: it has written none. */
  readonly firstReplicaSetMs: number;
}

/** `bench-00012` of that and of `bench-00012-5d9c7f`, which is one of its ReplicaSets. */
const ownerName = (name: string): string => name.split("-").slice(0, 2).join("-");

/** For each update that the bench asked for, by the Rollout's or Deployment's name, and that was answered by a write. */
export function beginnings(writes: readonly Write[], own: IsOwn): ReadonlyMap<string, Began> {
  const answers = new Map<string, Write[]>();
  for (const write of writes) {
    if (!own(write) || !isObjectWrite(write)) continue;
    const name = ownerName(write.name);
    const list = answers.get(name);
    if (list === undefined) answers.set(name, [write]);
    else list.push(write);
  }
  const updates = writes.filter((write) => write.user === BENCH && isOwner(write) && write.verb === "patch");
  const startMs = updates.reduce((least, { receivedMs }) => Math.min(least, receivedMs), Number.POSITIVE_INFINITY);
  const began = new Map<string, Began>();
  for (const { name, receivedMs, doneMs } of updates) {
    const after = (answers.get(name) ?? []).filter((write) => write.receivedMs > receivedMs);
    const first = Math.min(...after.map((write) => write.receivedMs));
    if (after.length === 0) continue;
    const sets = after.filter(({ resource }) => resource === "replicasets").map((write) => write.receivedMs);
    began.set(name, {
      storedMs: doneMs - startMs,
      firstWriteMs: first - startMs,
      firstReplicaSetMs: sets.length === 0 ? Number.NaN : Math.min(...sets) - startMs,
    });
  }
  return began;
}
