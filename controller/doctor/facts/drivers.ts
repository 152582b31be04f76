/** Who drives Rollouts: read from Leases and Deployments (docs/cli/doctor.md#who-drives). */
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

/** Whether a Lease is held, as whoever waits for it sees it. */
export const isHeld = ({ holder, renewedMs, durationMs }: ControllerLease, nowMs: number): boolean =>
  holder !== "" && renewedMs !== undefined && nowMs < renewedMs + durationMs;

/** One of the controllers' places: Leases of one instance in one namespace. */
export interface Post {
  readonly namespace: string;
  readonly instanceId: string;
  readonly own: ControllerLease | undefined;
  readonly reference: ControllerLease | undefined;
}

export function postsOf(leases: readonly ControllerLease[]): readonly Post[] {
  const groups = Map.groupBy(leases, ({ namespace, instanceId }) => `${namespace}/${instanceId}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { namespace, instanceId } = first;
    const of = (lock: ControllerLease["lock"]) => group.find((lease) => lease.lock === lock);
    return [{ namespace, instanceId, own: of("Sluice"), reference: of("Argo Rollouts") }];
  });
}

/** Undefined: it is not known. */
export function driversOf({ leases, controllers, nowMs }: DoctorFacts): readonly Driver[] | undefined {
  if (leases.kind === "unknown") return undefined;
  const installed = listOf(controllers);
  const byLease = postsOf(leases.value).flatMap((post) => driverAt(post, installed, nowMs) ?? []);
  const without = installed
    .filter(({ electsLeader, ready }) => !electsLeader && ready > 0)
    .map((each) => ({ ...each, holder: undefined, renewedMs: undefined }));
  return [...byLease, ...without];
}

function driverAt(
  { namespace, instanceId, own, reference }: Post,
  installed: readonly InstalledController[],
  nowMs: number,
): Driver | undefined {
  if (reference === undefined || !isHeld(reference, nowMs)) return undefined;
  const { holder, renewedMs } = reference;
  const program = own?.holder === holder && isHeld(own, nowMs) ? "Sluice" : "Argo Rollouts";
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
