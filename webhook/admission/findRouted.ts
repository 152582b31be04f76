/**
 * The objects that the routers of a Rollout under admission read, from the API server: a replica that does not lead does
 * not watch them. Ingresses have an index of their own (neighbours.ts).
 */
import type { References } from "../../controller/rules/admission/admissionFindings.ts";
import { type RoutedAnswer, type RoutedAnswers, refsToJudge } from "../../controller/rules/rollout/routeFaults.ts";
import { ApiError, isNotFound } from "../../kube/client/apiError.ts";
import { canBeName, objectPath } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { equal } from "../../kube/object/equality.ts";
import { at, root } from "../../kube/validation/place.ts";
import type { ObjectRef, RoutedObject } from "../../providers/traffic/router.ts";
import type { RouterSettings } from "../../providers/traffic/settings.ts";
import { resourceName } from "../../schema/kube.ts";

export interface RoutedPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly clock: Clock;
  /** The controller's settings for objects of routers; undefined: they are not known, and nothing is read. */
  readonly routing?: RouterSettings | undefined;
}

/** The second opinion and the rules have to fit into the same second. */
const LONGEST_WAIT_MS = 500;
/** A real Rollout names one or two; of more the first ones are enough. */
const MOST_READ = 16;
/** Of an object; larger ones are rare, and the loop will tell. */
const MOST_BYTES = 2 ** 20;

/**
 * Undefined when there is nothing to read: an edit that leaves alone what routes the traffic says nothing new. Never
 * rejects; what could not be read by `untilMs` (of the clock) stays unknown.
 * @param objects the object, and before it as it is stored, where this is an edit
 */
export function findRouted(
  ports: RoutedPorts,
  objects: readonly unknown[],
  untilMs: number,
): Promise<Pick<References, "routes">> | undefined {
  const { routing } = ports;
  const [next, ...before] = objects.map(routedBy);
  if (routing === undefined || before.some((one) => equal(one, next))) return undefined;
  const refs = objects.flatMap((object) => refsToJudge(object, routing));
  if (refs.length === 0) return undefined;
  return readAll({ ...ports, routing }, objects, refs, Math.min(untilMs, ports.clock.now() + LONGEST_WAIT_MS));
}

function routedBy(object: unknown): unknown {
  const canary = at(root(object), "spec", "strategy", "canary");
  return ["trafficRouting", "stableService", "canaryService", "pingPong"].map((member) => at(canary, member).value);
}

const keyOf = ({ resource, namespace, name }: ObjectRef): string =>
  `${resourceName(resource)} ${resource.version} ${namespace}/${name}`;

async function readAll(
  ports: RoutedPorts & { readonly routing: RouterSettings },
  objects: readonly unknown[],
  refs: readonly ObjectRef[],
  untilMs: number,
): Promise<Pick<References, "routes">> {
  const known = new Map<string, RoutedAnswer | undefined>();
  const routes: RoutedAnswers = { settings: ports.routing, answer: (ref) => known.get(keyOf(ref)) };
  const read = async (wanted: readonly ObjectRef[]): Promise<void> => {
    const unread = [...new Map(wanted.map((ref) => [keyOf(ref), ref]))].filter(([key]) => !known.has(key));
    const few = unread.slice(0, Math.max(0, MOST_READ - known.size));
    await Promise.all(few.map(async ([key, ref]) => known.set(key, await answerTo(ports, ref, untilMs))));
  };
  await read(refs);
  await read(objects.flatMap((object) => refsToJudge(object, ports.routing, routes)));
  return { routes };
}

async function answerTo(
  { client, clock }: RoutedPorts,
  ref: ObjectRef,
  untilMs: number,
): Promise<RoutedAnswer | undefined> {
  if (!canBeName(ref.name)) return { kind: "absent" };
  const timeoutMs = untilMs - clock.now();
  if (timeoutMs <= 0) return undefined;
  try {
    const path = objectPath(ref.resource, ref);
    const how = { timeoutMs, retry: false, urgent: true, mostBytes: MOST_BYTES } as const;
    const object = await client.request<RoutedObject>({ method: "GET", path, ...how });
    return { kind: "found", object };
  } catch (error) {
    // The loop will report any other error. Of a kind that is not served no object is named.
    if (!isNotFound(error) || !(error instanceof ApiError)) return undefined;
    return { kind: (error.details?.name ?? "") === "" ? "unserved" : "absent" };
  }
}
