/** Step plugins in a simulation: a service that is there, and is done at once. */
import { isObject } from "../../kube/object/json.ts";
import { PLUGIN_CONFIG_MAP } from "../../providers/metrics/pluginService.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ApiServer } from "../model/model.ts";
import { create } from "./requests.ts";
import { PLUGIN_ADDRESS } from "./simulatedMetrics.ts";

/** Of the local cluster (simulator/local/localCluster.ts). */
const OWN_NAMESPACE = "sluice";

/** @returns notes */
export async function installPlugins(server: ApiServer, { spec }: Rollout): Promise<readonly string[]> {
  const names = (spec?.strategy?.canary?.steps ?? []).flatMap(({ plugin }) =>
    isObject(plugin) && typeof plugin["name"] === "string" ? [plugin["name"]] : [],
  );
  if (names.length === 0) return [];
  const stepPlugins = JSON.stringify([...new Set(names)].map((name) => ({ name, location: PLUGIN_ADDRESS })));
  if (server.core.get({ resource: "namespaces", name: OWN_NAMESPACE }) === undefined)
    await create(server, { apiVersion: "v1", kind: "Namespace", metadata: { name: OWN_NAMESPACE } }, "");
  const configuration = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: PLUGIN_CONFIG_MAP },
    data: { stepPlugins },
  };
  await create(server, configuration, OWN_NAMESPACE);
  return [...new Set(names)].map((name) => `Step plugin ${name} is made up: its steps are done at once`);
}
