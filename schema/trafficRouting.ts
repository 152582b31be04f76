/** How a canary splits traffic (docs/behaviour/traffic.md#routers): the routers and the settings of each. */
import type * as v from "valibot";
import {
  Amount,
  boolean,
  few,
  fewNamed,
  int32,
  int64,
  name,
  object,
  opaque,
  openObject,
  optional,
  passage,
  port,
  within,
} from "./scalars.ts";

export const IstioVirtualService = object({
  name,
  ...optional({
    routes: few(name),
    tlsRoutes: few(object(optional({ port, sniHosts: few(name) }))),
    tcpRoutes: few(object(optional({ port }))),
  }),
});
export type IstioVirtualService = v.InferOutput<typeof IstioVirtualService>;

const named = object({ name });

/**
 * The routers and their settings, as spelled in the API. Each has a row in providers/traffic/routers.ts, which is typed
 * over this list: without its row a member here is a type error.
 */
const routers = {
  istio: object(
    optional({
      virtualService: IstioVirtualService,
      virtualServices: few(IstioVirtualService),
      destinationRule: object({
        name,
        canarySubsetName: name,
        stableSubsetName: name,
        ...optional({ additionalSubsetNames: few(name) }),
      }),
    }),
  ),
  nginx: object(
    optional({
      annotationPrefix: name,
      stableIngress: name,
      stableIngresses: few(name),
      additionalIngressAnnotations: fewNamed(passage),
      canaryIngressAnnotations: fewNamed(passage),
    }),
  ),
  alb: object({
    servicePort: port,
    ...optional({
      ingress: name,
      ingresses: few(name),
      rootService: name,
      annotationPrefix: name,
      stickinessConfig: object({ enabled: boolean, durationSeconds: within(int64, 0, 604_800) }),
    }),
  }),
  smi: object(optional({ rootService: name, trafficSplitName: name })),
  ambassador: object({ mappings: few(name) }),
  appMesh: object(
    optional({
      virtualService: object({ name, ...optional({ routes: few(name) }) }),
      virtualNodeGroup: object({ canaryVirtualNodeRef: named, stableVirtualNodeRef: named }),
    }),
  ),
  traefik: object({ weightedTraefikServiceName: name }),
  apisix: object(optional({ route: object({ name, ...optional({ rules: few(name) }) }) })),
  plugins: opaque(),
};
export type RouterKind = keyof typeof routers;

/**
 * The routers, of which more than one may be set, and their common settings. Unknown members are kept, so that
 * admission can warn of a router that does not exist; if they were dropped, nobody would see why nothing routes.
 */
export const TrafficRouting = openObject(
  optional({
    ...routers,
    managedRoutes: few(named),
    sessionAffinity: object(
      optional({
        cookieName: name,
        maxAge: Amount,
      }),
    ),
    maxTrafficWeight: within(int32, 1),
  }),
);
export type TrafficRouting = v.InferOutput<typeof TrafficRouting>;
