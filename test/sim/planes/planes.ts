/** The data planes of all routers: where users' requests go at an instant. */
import { isObject, type Json } from "../../../kube/object/json.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { RouterKind } from "../../../schema/trafficRouting.ts";
import type { ServiceFacts } from "../../../controller/rollout/model/model.ts";
import { alb } from "./alb.ts";
import { ambassador } from "./ambassador.ts";
import { apisix } from "./apisix.ts";
import { appMesh } from "./appMesh.ts";
import { gatewayApi } from "./gatewayApi.ts";
import { istio } from "./istio.ts";
import { nginx } from "./nginx.ts";
import type { Plane, Seen, Target, Way } from "./plane.ts";
import { smi } from "./smi.ts";
import { traefik } from "./traefik.ts";

export const PLANES: { readonly [Kind in RouterKind]: Plane } = {
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

/** Resources of all routed objects. */
export const ROUTED: ReadonlySet<string> = new Set(Object.values(PLANES).flatMap(({ resources }) => resources));

interface Named {
  readonly plane: Plane;
  readonly settings: Json;
}

/** Those that a Rollout names. */
export function planesOf(rollout: Rollout | undefined): readonly Named[] {
  const routing = (rollout?.spec.strategy?.canary?.trafficRouting ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(PLANES).flatMap(([kind, plane]) => {
    const settings = routing[kind];
    return isObject(settings) ? [{ plane, settings }] : [];
  });
}

/** Where requests go by all the routers that a Rollout names. */
export const waysOf = (seen: Seen, rollout: Rollout): readonly Way[] =>
  planesOf(rollout).flatMap(({ plane, settings }) => plane.ways({ seen, settings, rollout }));

export const entrancesOf = (rollout: Rollout): readonly string[] =>
  planesOf(rollout).flatMap(({ plane, settings }) => plane.entrances?.({ settings, rollout }) ?? []);

/** The revision whose pods a target has; "" for all, undefined where it is not there, or an Experiment's. */
export function hashOfTarget(
  target: Target,
  services: ReadonlyMap<string, Pick<ServiceFacts, "selector" | "experiment">>,
): string | undefined {
  if (target.kind === "pods") return target.hash;
  const found = services.get(target.name);
  return found === undefined || found.experiment !== undefined ? undefined : (found.selector[HASH_LABEL] ?? "");
}
