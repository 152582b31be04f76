/** Writes into the objects of all routers how the traffic is split (docs/behaviour/traffic.md). */
import type { RoutedWrite, Traffic } from "../../../providers/traffic/router.ts";
import type { ActionRow, WriteRequest } from "./row.ts";

export interface RouteTraffic {
  readonly kind: "routeTraffic";
  readonly traffic: Traffic;
}

/** What the Rollout's routers want written for this traffic, as their objects are now. */
interface Needs {
  readonly writes: readonly RoutedWrite[];
}

/** A patch names the version that it was made for. */
export function routedRequest(write: RoutedWrite): WriteRequest {
  const { resource, namespace, name } = write.ref;
  return write.kind === "create"
    ? { verb: "create", resource, namespace, name, body: write.object }
    : { verb: "patch", resource, namespace, name, resourceVersion: write.resourceVersion, body: write.patch };
}

export const routeTraffic = {
  effect: (world, { traffic }) => ({ ...world, traffic }),
  requests: (_, { writes }) => writes.map(routedRequest),
  words: ({ traffic: { canaryHash, canaryWeight, total } }) =>
    `route ${canaryWeight} of ${total} parts of the traffic to hash "${canaryHash}"`,
  target: () => "routers",
  join: (first, second) => (first.kind === "routeTraffic" ? second : undefined),
  divides: () => "traffic",
} as const satisfies ActionRow<RouteTraffic, Needs>;
