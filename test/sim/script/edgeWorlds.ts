/**
 * Worlds in which a plugin routes beside NGINX: a made-up service that heeds the later of two requests, answers late,
 * wrongly or never, and does late what it has not answered for. Where it sends requests stands in an object.
 */
import { equal } from "../../../kube/object/equality.ts";
import { isObject } from "../../../kube/object/json.ts";
import type { PluginTraffic } from "../../../providers/traffic/router.ts";
import type { RouterPluginsKnown } from "../../../controller/rollout/facts/routerPluginFacts.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ApiCore, ApiObject } from "../../../simulator/model/model.ts";
import { service, type Way } from "../planes/plane.ts";
import type { Chance } from "./chance.ts";
import type { Script } from "./script.ts";

/** The share of canary scripts by NGINX that have one, in percent. */
const EDGED = 35;
export const EDGE_PLUGIN = "acme/edge";
export const EDGE_URL = "http://edge.test/";
export const EDGE = { resource: "configmaps", namespace: "default", name: "edge" } as const;

export function edged(script: Script, chance: Chance): Script {
  const { strategy } = script.manifest.spec;
  const { trafficRouting } = strategy?.canary ?? {};
  if (trafficRouting?.nginx === undefined || !chance.percent(EDGED)) return script;
  const canary = { ...strategy?.canary, trafficRouting: { ...trafficRouting, plugins: { [EDGE_PLUGIN]: {} } } };
  return { ...script, manifest: { ...script.manifest, spec: { ...script.manifest.spec, strategy: { canary } } } };
}

interface Shares {
  readonly shares: string;
  readonly total: string;
}

/** @returns does what a request asks for, as one of its own would */
export function createEdge(core: ApiCore): (body: string) => void {
  core.create(EDGE.resource, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: EDGE.name, namespace: EDGE.namespace },
    data: { shares: "{}", total: "100" },
  });
  let newest = 0;
  return (body) => {
    const { sequence, traffic } = JSON.parse(body) as { readonly sequence: number; readonly traffic: PluginTraffic };
    if (sequence < newest) return;
    newest = sequence;
    const { canaryService, canaryWeight, stableService, stableWeight, total } = traffic;
    const shares = JSON.stringify({ [canaryService]: canaryWeight, [stableService]: stableWeight });
    const { data } = core.get(EDGE) as unknown as { readonly data: Shares };
    const next = { shares, total: String(total) };
    if (!equal(data, next)) core.modify(EDGE, (object) => ({ ...object, data: next }));
  };
}

const dataOf = (edge: ApiObject | undefined): Shares | undefined =>
  (edge as { readonly data?: Shares } | undefined)?.data;

/** Parts of the traffic by Service, as the plugin was asked last; none for a Rollout that does not name it. */
function edgeShares(edge: ApiObject | undefined, { spec }: Rollout): ReadonlyMap<string, number> {
  const { plugins } = spec.strategy?.canary?.trafficRouting ?? {};
  if (!isObject(plugins) || plugins[EDGE_PLUGIN] === undefined) return new Map();
  return new Map(Object.entries(JSON.parse(dataOf(edge)?.shares ?? "{}") as Readonly<Record<string, number>>));
}

/** Where requests go by it. */
export const edgeWays = (edge: ApiObject | undefined, rollout: Rollout): readonly Way[] =>
  [...edgeShares(edge, rollout)].map(([name, weight]) => ({
    kind: "weight",
    of: EDGE.name,
    to: service(name),
    weight,
    total: Number(dataOf(edge)?.total ?? 100),
  }));

/** At rest it does what the status says. */
export function edgeProblem(edge: ApiObject | undefined, rollout: Rollout): string | undefined {
  const { canary, stable } = rollout.status?.canary?.weights ?? {};
  const shares = edgeShares(edge, rollout);
  if (shares.size === 0 || canary === undefined) return undefined;
  const [at, of] = [shares.get(canary.serviceName ?? ""), shares.get(stable?.serviceName ?? "")];
  if (at === canary.weight && of === stable?.weight) return undefined;
  return `the plugin sends ${at} and ${of} parts, and the status says ${canary.weight} and ${stable?.weight}`;
}

/** What a look at the whole world knows of it: it has done what it was asked. */
export const edgeKnown: RouterPluginsKnown = {
  of: () => ({
    stateOf: () => ({
      kind: "answered",
      answer: { kind: "routes", verified: undefined, message: "" },
      isDue: false,
      dueAt: Infinity,
    }),
  }),
};
