/** All traffic routers. A new one is a file of its own and a line here. */
import { root } from "../../kube/validation/place.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { RouterKind } from "../../schema/trafficRouting.ts";
import { alb } from "./alb.ts";
import { ambassador } from "./ambassador.ts";
import { apisix } from "./apisix.ts";
import { appMesh } from "./appMesh.ts";
import { istio } from "./istio.ts";
import { nginx } from "./nginx.ts";
import { plugins } from "./plugins.ts";
import { RESOURCE_VERBS, type ResourceUse, type Router, type RouterRow } from "./router.ts";
import type { RouterSetting } from "./settings.ts";
import { smi } from "./smi.ts";
import { traefik } from "./traefik.ts";

/** In the order in which they are called and judged (docs/behaviour/traffic.md#routers). */
const TABLE: { readonly [Kind in RouterKind]: RouterRow<Kind> } = {
  nginx,
  alb,
  smi,
  istio,
  ambassador,
  appMesh,
  traefik,
  apisix,
  plugins,
};

export const ROUTERS: readonly RouterRow[] = Object.values(TABLE);

export const drivenOf = (routers: readonly RouterRow[]): readonly Router[] =>
  routers.filter((router): router is Router => router.route !== undefined);

/** Those that this version drives. */
export const DRIVEN_ROUTERS: readonly Router[] = drivenOf(ROUTERS);

export function isConfigured({ kind, counts }: Router, rollout: Rollout): boolean {
  const routing: Readonly<Record<string, unknown>> | undefined = rollout.spec.strategy?.canary?.trafficRouting;
  return routing?.[kind] !== undefined && counts?.(root(routing[kind])) !== false;
}

/** The routers by which a Rollout's traffic goes; empty for a Rollout without traffic routing. */
export function routersOf(rollout: Rollout, routers: readonly Router[] = DRIVEN_ROUTERS): readonly Router[] {
  return routers.filter((router) => isConfigured(router, rollout));
}

/**
 * Services by which requests come whatever the weights are (docs/behaviour/traffic.md#no-service-is-emptied). Where
 * nobody is named who divides the traffic, it may come by the stable Service.
 */
export function entrancesOf(rollout: Rollout, routers: readonly Router[] = DRIVEN_ROUTERS): readonly string[] {
  const own = routersOf(rollout, routers);
  if (own.length === 0) return [rollout.spec.strategy?.canary?.stableService ?? ""];
  return own.flatMap(({ entrances }) => entrances?.(rollout) ?? []);
}

export const settingsOf = (routers: readonly RouterRow[]): readonly RouterSetting[] =>
  drivenOf(routers).flatMap(({ settings }) => settings);

/** A kind of objects, and why the controller needs its rights: one sentence for all routers that use the kind. */
export interface RoutedRights extends Omit<ResourceUse, "why"> {
  readonly why: string;
}

/** The rights that the routers need. Each kind stands where the first router that uses it does. */
export function rightsOf(routers: readonly RouterRow[]): readonly RoutedRights[] {
  const uses = drivenOf(routers).flatMap(({ title, uses: own }) => own.map((use) => ({ ...use, title })));
  const byKind = Map.groupBy(uses, ({ group, plural }) => `${plural}.${group}`);
  return [...byKind.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { group, plural } = first;
    const verbs = RESOURCE_VERBS.filter((verb) => same.some((use) => use.verbs.includes(verb)));
    return { group, plural, verbs, why: `${reasonOf(same)}.` };
  });
}

/** A verb that the router before has, too, is not repeated. */
function reasonOf(uses: readonly (Pick<ResourceUse, "why"> & { readonly title: string })[]): string {
  return uses
    .map(({ title, why: { verb, what } }, index) => {
      const same = uses[index - 1]?.why.verb === verb;
      return `${index === 0 ? "The" : "the"} ${title} router ${same ? "" : `${verb} `}${what}`;
    })
    .join(", ");
}
