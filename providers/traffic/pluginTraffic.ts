/** What a router that is a plugin is asked for (docs/plugins.md#traffic-routers). */
import { at, items, keys, root, text } from "../../kube/validation/place.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { type PluginTraffic, type RouterQuestion, stableWeight, type Traffic } from "./router.ts";
import { servicesOf } from "./stableAndCanary.ts";

/** The plugins that a Rollout names beside the one that is built in, in the order of their names. */
export const pluginNames = (rollout: Rollout): readonly string[] =>
  keys(root(rollout.spec.strategy?.canary?.trafficRouting?.plugins))
    .filter((name) => name !== GATEWAY_PLUGIN)
    .toSorted();

/** What gives all to stable; undefined where a question has done so already. */
export function givenBack(question: RouterQuestion): RouterQuestion | undefined {
  const { traffic } = question;
  const { canaryWeight, additional, routes, total } = traffic;
  if (canaryWeight === 0 && additional.length === 0 && routes.length === 0) return undefined;
  return { ...question, traffic: { ...traffic, canaryWeight: 0, stableWeight: total, additional: [], routes: [] } };
}

/** One question for each plugin. */
export function pluginQuestions(rollout: Rollout, traffic: Traffic): readonly RouterQuestion[] {
  const names = pluginNames(rollout);
  if (names.length === 0) return [];
  const { plugins, managedRoutes } = rollout.spec.strategy?.canary?.trafficRouting ?? {};
  const { stable, canary } = servicesOf(rollout, "instead");
  const asked: PluginTraffic = {
    ...traffic,
    stableWeight: stableWeight(traffic),
    stableService: stable,
    canaryService: canary,
    managedRoutes: items(root(managedRoutes)).map((route) => text(at(route, "name"))),
  };
  return names.map((plugin) => ({ plugin, config: at(root(plugins), plugin).value, traffic: asked }));
}
