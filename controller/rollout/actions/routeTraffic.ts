/** Writes into the objects of all routers how the traffic is split (docs/behaviour/traffic.md). */
import type { ReleaseWrite, RoutedWrite, Traffic } from "../../../providers/traffic/router.ts";
import type { ActionRow, WriteRequest } from "./row.ts";

export interface RouteTraffic {
  readonly kind: "routeTraffic";
  readonly traffic: Traffic;
}

/** What the Rollout's routers want written for this traffic, as their objects are now. */
interface Needs {
  readonly writes: readonly RoutedWrite[];
}

/** A patch names the version that it was made for, a deletion the object and where it matters its version. */
export function routedRequest(write: RoutedWrite | ReleaseWrite): WriteRequest {
  const { resource, namespace, name } = write.ref;
  switch (write.kind) {
    case "create":
      return { verb: "create", resource, namespace, name, body: write.object };
    case "patch":
      return { verb: "patch", resource, namespace, name, resourceVersion: write.resourceVersion, body: write.patch };
    case "delete": {
      const { uid, resourceVersion } = write;
      const preconditions = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
      const body = { propagationPolicy: "Background", preconditions };
      return { verb: "delete", resource, namespace, name, body };
    }
    default:
      return write satisfies never;
  }
}

export const routeTraffic = {
  effect: (world, { traffic }) => ({ ...world, traffic }),
  requests: (_, { writes }) => writes.map(routedRequest),
  words: ({ traffic: { canaryHash, canaryWeight, total, routes, affinity } }) =>
    [
      `route ${canaryWeight} of ${total} parts of the traffic to hash "${canaryHash}"`,
      ...routes.map(({ kind, name }) => `${kind} route "${name}"`),
      ...(affinity === undefined ? [] : [`sessions by the cookie "${affinity.cookieName}"`]),
    ].join(", with "),
  target: () => "routers",
  join: (first, second) => (first.kind === "routeTraffic" ? second : undefined),
  divides: () => "traffic",
} as const satisfies ActionRow<RouteTraffic, Needs>;
