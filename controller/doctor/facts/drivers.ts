/** Who drives Rollouts: read from Leases and Deployments (docs/cli/doctor.md#who-drives). */
import { EDGE_HOLDER, isSluice } from "../../../schema/locks.ts";
import type { ControllerLease, DoctorFacts, InstalledController } from "./facts.ts";
import { listOf } from "./finding.ts";

/** A controller that works now. */
export interface Driver {
  readonly program: "Sluice" | "Argo Rollouts";
  /** Where its Lease or its Deployment is. */
  readonly namespace: string;
  readonly instanceId: string;
  /** The only namespace whose Rollouts it drives; undefined: all. */
  readonly watches: string | undefined;
  /** Who holds the Lease; undefined: it needs none. */
  readonly holder: string | undefined;
  readonly renewedMs: number | undefined;
}

const isSamePost = (one: Pick<Post, "namespace" | "instanceId">, other: Pick<Post, "namespace" | "instanceId">) =>
  one.namespace === other.namespace && one.instanceId === other.instanceId;

/** Whether a Lease is held, as whoever waits for it sees it. */
export const isHeld = ({ holder, renewedMs, durationMs }: ControllerLease, nowMs: number): boolean =>
  holder !== "" && renewedMs !== undefined && nowMs < renewedMs + durationMs;

/** One of the controllers' places: Leases of one instance in one namespace. */
export interface Post {
  readonly namespace: string;
  readonly instanceId: string;
  /** Whoever holds it works. */
  readonly lease: ControllerLease;
  /** What an earlier version of Sluice holds beside it, or has left. */
  readonly older: ControllerLease | undefined;
}

export function postsOf(leases: readonly ControllerLease[]): readonly Post[] {
  const groups = Map.groupBy(leases, ({ namespace, instanceId }) => `${namespace}/${instanceId}`);
  return [...groups.values()].flatMap((group) => {
    const lease = group.find(({ isOlder }) => !isOlder);
    if (lease === undefined) return [];
    const { namespace, instanceId } = lease;
    return [{ namespace, instanceId, lease, older: group.find(({ isOlder }) => isOlder) }];
  });
}

/** Undefined: it is not known. */
export function driversOf({ leases, controllers, nowMs }: DoctorFacts): readonly Driver[] | undefined {
  if (leases.kind === "unknown") return undefined;
  const installed = listOf(controllers);
  const byLease = postsOf(leases.value).flatMap((post) => driverAt(post, installed, nowMs) ?? []);
  const without = installed
    .filter(({ electsLeader, ready }) => !electsLeader && ready > 0)
    .filter((each) => !each.isEdge || !byLease.some((other) => isSamePost(each, other)))
    .map((each) => ({ ...each, holder: undefined, renewedMs: undefined }));
  return [...byLease, ...without];
}

function driverAt(
  { namespace, instanceId, lease, older }: Post,
  installed: readonly InstalledController[],
  nowMs: number,
): Driver | undefined {
  // With the profile edge it holds it for a second only: its Deployment shows that it works.
  if (!isHeld(lease, nowMs) || lease.holder === EDGE_HOLDER) return undefined;
  const { holder, renewedMs } = lease;
  const isEarlier = older?.holder === holder && isHeld(older, nowMs);
  const program = isSluice(holder) || isEarlier ? "Sluice" : "Argo Rollouts";
  const deployment = installed.find(
    (each) => each.program === program && each.namespace === namespace && each.instanceId === instanceId,
  );
  return { program, namespace, instanceId, watches: deployment?.watches, holder, renewedMs };
}

export const drives = (
  driver: Pick<Driver, "instanceId" | "watches">,
  instanceId: string,
  namespace: string,
): boolean => driver.instanceId === instanceId && (driver.watches === undefined || driver.watches === namespace);

/** Whether both drive some of the same Rollouts. */
export const overlap = (one: Driver, other: Driver): boolean =>
  one.instanceId === other.instanceId &&
  (one.watches === undefined || other.watches === undefined || one.watches === other.watches);

/** ` with instance id "blue"`, or nothing. */
export const ofInstance = (instanceId: string): string =>
  instanceId === "" ? "" : ` with instance id "${instanceId}"`;
