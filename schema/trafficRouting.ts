/** How a canary splits traffic (reference/api.md §2.4): the routers and what each needs to know. */
import type * as v from "valibot";
import { about, boolean, int32, int64, list, map, object, opaque, optional, string } from "./scalars.ts";

export const IstioVirtualService = object({
  name: string,
  ...optional({
    routes: list(string),
    tlsRoutes: list(object(optional({ port: int64, sniHosts: list(string) }))),
    tcpRoutes: list(object(optional({ port: int64 }))),
  }),
});
export type IstioVirtualService = v.InferOutput<typeof IstioVirtualService>;

const named = object({ name: string });

/** The routers; more than one may be set. */
export const TrafficRouting = object(
  optional({
    istio: object(
      optional({
        virtualService: IstioVirtualService,
        virtualServices: list(IstioVirtualService),
        destinationRule: object({
          name: string,
          canarySubsetName: string,
          stableSubsetName: string,
          ...optional({ additionalSubsetNames: list(string) }),
        }),
      }),
    ),
    nginx: object(
      optional({
        annotationPrefix: string,
        stableIngress: string,
        stableIngresses: list(string),
        additionalIngressAnnotations: map(string),
        canaryIngressAnnotations: map(string),
      }),
    ),
    alb: object({
      servicePort: int32,
      ...optional({
        ingress: string,
        ingresses: list(string),
        rootService: string,
        annotationPrefix: string,
        stickinessConfig: object({ enabled: boolean, durationSeconds: int64 }),
      }),
    }),
    smi: object(optional({ rootService: string, trafficSplitName: string })),
    ambassador: object({ mappings: list(string) }),
    appMesh: object(
      optional({
        virtualService: object({ name: string, ...optional({ routes: list(string) }) }),
        virtualNodeGroup: object({ canaryVirtualNodeRef: named, stableVirtualNodeRef: named }),
      }),
    ),
    traefik: object({ weightedTraefikServiceName: string }),
    apisix: object(optional({ route: object({ name: string, ...optional({ rules: list(string) }) }) })),
    plugins: about("Configuration of traffic router plugins, by name.", opaque()),
    managedRoutes: about("Names for header and mirror routes, first wins.", list(named)),
    maxTrafficWeight: about("What counts as all traffic. Default 100.", int32),
  }),
);
export type TrafficRouting = v.InferOutput<typeof TrafficRouting>;
