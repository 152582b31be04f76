/** Carries out what traffic routers want written: one object after the other, each decided on its latest version. */
import { isAlreadyExists, isConflict, isNotFound } from "../../../kube/client/apiError.ts";
import { type ApiPath, objectPath } from "../../../kube/client/path.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type {
  ObjectRef,
  ReleaseWrite,
  RoutedObject,
  RoutedWrite,
  RouterEvent,
  Traffic,
} from "../../../providers/traffic/router.ts";
import { routersOf } from "../../../providers/traffic/routers.ts";
import { resourceName } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { planOf, type Routed } from "../facts/routedObjects.ts";
import { routedRequest } from "../actions/routeTraffic.ts";
import { kubeRequest } from "./kubeRequest.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import { messageOf } from "../../../kube/object/errors.ts";

export interface RoutePorts {
  readonly routed: Routed;
  /** For reading. */
  readonly get: <T>(path: ApiPath) => Promise<T>;
  /** For writing, as the leader. */
  readonly send: <T>(request: KubeRequest) => Promise<T>;
  /** Puts what was written or read into the cache. */
  readonly remember: (ref: ObjectRef, object: RoutedObject) => void;
  /** Takes what was deleted out of the cache. */
  readonly forget: (ref: ObjectRef, uid: string) => void;
  readonly emit: (event: RouterEvent) => void;
}

/** What could not be done at an object, and why; the Rollout has been told by an event. */
export class UnroutedError extends Error {}

/**
 * Makes the objects of all routers of a Rollout match `traffic`. When one cannot be written, the others still are, but for
 * those that rely on it: an abort has to reach all that it can.
 * @throws {ApiError} when a version has changed; {UnroutedError}: the first of several
 */
export async function routeTraffic(ports: RoutePorts, rollout: Rollout, traffic: Traffic): Promise<undefined> {
  const failures: unknown[] = [];
  for (const router of routersOf(rollout, ports.routed.routers)) {
    const before = failures.length;
    for (const write of planOf(ports.routed, router, rollout, traffic).writes) {
      if (write.relies === true && failures.length > before) continue;
      try {
        if (await carryOut(ports, write)) continue;
        // The name was taken: now that the object is known, the router may want something else, or nothing of it.
        const plan = planOf(ports.routed, router, rollout, traffic);
        const again = plan.writes.find(({ ref }) => sameRef(ref, write.ref));
        if (again?.kind === "patch") await carryOut(ports, again);
        else if (plan.kind === "fault") throw failed(ports, plan.message);
      } catch (error) {
        if (error instanceof NotLeaderError) throw error;
        failures.push(error);
      }
    }
  }
  if (failures.length > 0) throw failures[0];
}

const sameRef = (a: ObjectRef, b: ObjectRef): boolean =>
  a.name === b.name && a.namespace === b.namespace && resourceName(a.resource) === resourceName(b.resource);

/** An object that is to be deleted may be gone already. */
async function sent(ports: RoutePorts, write: RoutedWrite): Promise<void> {
  if (write.kind !== "delete") return ports.remember(write.ref, await ports.send<RoutedObject>(requestOf(write)));
  try {
    await ports.send(requestOf(write));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  ports.forget(write.ref, write.uid);
}

/** False when the object to be created exists already; it is in the cache then. */
async function carryOut(ports: RoutePorts, write: RoutedWrite): Promise<boolean> {
  try {
    await sent(ports, write);
  } catch (error) {
    if (write.kind === "create" && isAlreadyExists(error)) {
      ports.remember(write.ref, await ports.get<RoutedObject>(objectPath(write.ref.resource, write.ref)));
      return false;
    }
    if (isConflict(error) || error instanceof NotLeaderError) throw error;
    const message = `${write.failure}: ${messageOf(error)}`;
    if (write.failureReason !== undefined) ports.emit({ type: "Warning", reason: write.failureReason, message });
    throw failed(ports, message, error);
  }
  write.earlier?.forEach(ports.emit);
  if (write.event !== undefined) ports.emit(write.event);
  return true;
}

function failed({ emit }: RoutePorts, message: string, cause?: unknown): UnroutedError {
  emit({ type: "Warning", reason: "TrafficRoutingError", message });
  return new UnroutedError(message, { cause });
}

export const requestOf = (write: RoutedWrite | ReleaseWrite): KubeRequest => kubeRequest(routedRequest(write));
