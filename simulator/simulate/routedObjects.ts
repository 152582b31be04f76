/** What traffic routers find in a cluster, made up where it is not given (docs/cli/simulate.md#what-is-made-up). Pure. */
import { isObject } from "../../kube/object/json.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { RouterKind } from "../../schema/trafficRouting.ts";
import type { Manifest } from "../model/manifest.ts";
import { alb } from "./routed/alb.ts";
import { ambassador } from "./routed/ambassador.ts";
import { apisix } from "./routed/apisix.ts";
import { appMesh } from "./routed/appMesh.ts";
import { gatewayApi } from "./routed/gatewayApi.ts";
import { istio } from "./routed/istio.ts";
import type { MadeUpRouter } from "./routed/madeUp.ts";
import { nginx } from "./routed/nginx.ts";
import { smi } from "./routed/smi.ts";
import { traefik } from "./routed/traefik.ts";

/** By the name of its member in `trafficRouting`. A new router is a file of its own and a line here. */
export const MADE_UP: { readonly [Kind in RouterKind]: MadeUpRouter } = {
  nginx,
  alb,
  smi,
  istio,
  plugins: gatewayApi,
  traefik,
  apisix,
  ambassador,
  appMesh,
};

export interface Routed {
  readonly services: readonly string[];
  readonly objects: readonly Manifest[];
}

/** A router that this version does not drive is refused by admission. */
export function routed(rollout: Rollout, table: Readonly<Record<string, MadeUpRouter>> = MADE_UP): Routed {
  const routing: Readonly<Record<string, unknown>> = rollout.spec?.strategy?.canary?.trafficRouting ?? {};
  const found = Object.entries(table).flatMap(([kind, row]) => {
    const settings = routing[kind];
    return isObject(settings) ? [{ row, settings }] : [];
  });
  return {
    services: found.flatMap(({ row, settings }) => row.services?.(settings) ?? []),
    objects: found.flatMap(({ row, settings }) => row.objects(settings, rollout)),
  };
}

/** The kinds of all routers. */
export const kindsOf = (table: Readonly<Record<string, MadeUpRouter>>): readonly Manifest[] =>
  Object.values(table).flatMap(({ kinds }) => kinds);

export const ROUTER_KINDS = kindsOf(MADE_UP);
