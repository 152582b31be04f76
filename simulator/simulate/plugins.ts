/** Step plugins in a simulation: a service that is there, and is done at once. */
import { isObject } from "../../kube/object/json.ts";
import { PLUGIN_CONFIG_MAP } from "../../providers/metrics/pluginService.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ApiServer } from "../model/model.ts";
import { create, createNamespace } from "./requests.ts";
import { PLUGIN_ADDRESS } from "./simulatedMetrics.ts";

/** Of the local cluster (simulator/local/localCluster.ts). */
const OWN_NAMESPACE = "sluice";

/** @returns notes */
export async function installPlugins(server: ApiServer, { spec }: Rollout): Promise<readonly string[]> {
  const named = (spec?.strategy?.canary?.steps ?? []).flatMap(({ plugin }) =>
    isObject(plugin) && typeof plugin["name"] === "string" ? [plugin["name"]] : [],
  );
  const names = [...new Set(named)];
  if (names.length === 0) return [];
  const stepPlugins = JSON.stringify(names.map((name) => ({ name, location: PLUGIN_ADDRESS })));
  await createNamespace(server, OWN_NAMESPACE);
  const configuration = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: PLUGIN_CONFIG_MAP },
    data: { stepPlugins },
  };
  await create(server, configuration, OWN_NAMESPACE);
  return names.map((name) => `Step plugin ${name} is made up: its steps are done at once`);
}
