/** Plugins of steps and routers in a simulation: a service that is there, and is done at once. */
import { isObject } from "../../kube/object/json.ts";
import { pluginNames } from "../../providers/traffic/pluginTraffic.ts";
import { PLUGIN_CONFIG_MAP } from "../../providers/metrics/pluginService.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ApiServer } from "../model/model.ts";
import { create, createNamespace } from "./requests.ts";
import { PLUGIN_ADDRESS } from "./simulatedMetrics.ts";

/** Of the local cluster (simulator/local/localCluster.ts). */
const OWN_NAMESPACE = "sluice";

/** @returns notes */
export async function installPlugins(server: ApiServer, rollout: Rollout): Promise<readonly string[]> {
  const named = (rollout.spec?.strategy?.canary?.steps ?? []).flatMap(({ plugin }) =>
    isObject(plugin) && typeof plugin["name"] === "string" ? [plugin["name"]] : [],
  );
  const names = [...new Set(named)];
  const routers = pluginNames(rollout);
  if (names.length + routers.length === 0) return [];
  const located = (all: readonly string[]): string =>
    JSON.stringify(all.map((name) => ({ name, location: PLUGIN_ADDRESS })));
  await createNamespace(server, OWN_NAMESPACE);
  const configuration = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: PLUGIN_CONFIG_MAP },
    data: { stepPlugins: located(names), trafficRouterPlugins: located(routers) },
  };
  await create(server, configuration, OWN_NAMESPACE);
  return [
    ...names.map((name) => `Step plugin ${name} is made up: its steps are done at once`),
    ...routers.map((name) => `Router plugin ${name} is made up: it does what it is asked at once`),
  ];
}
