/** Worlds in which a canary step is a plugin: it is asked by the product's own row, and its service is made up. */
import { PLUGIN_CONFIG_MAP } from "../../../providers/metrics/pluginService.ts";
import type { CanaryStep } from "../../../schema/rollout.ts";
import type { ApiCore } from "../../../simulator/model/model.ts";
import type { StepPluginsKnown } from "../../../controller/rollout/facts/stepPluginFacts.ts";
import type { Chance } from "./chance.ts";
import { EDGE_PLUGIN, EDGE_URL } from "./edgeWorlds.ts";
import type { Script } from "./script.ts";

/** The share of canary scripts that have one, in percent. */
const PLUGGED = 8;
const NAME = "acme/gate";
export const PLUGIN_URL = "http://plugin.test/";

export function plugged(script: Script, chance: Chance): Script {
  const { strategy } = script.manifest.spec;
  if (strategy?.canary === undefined || !chance.percent(PLUGGED)) return script;
  const { steps = [] } = strategy.canary;
  const at = chance.below(steps.length + 1);
  const step: CanaryStep = { plugin: { name: NAME, config: { rounds: chance.below(2) } } };
  const next = steps.toSpliced(at, 0, step);
  const spec = { ...script.manifest.spec, strategy: { canary: { ...strategy.canary, steps: next } } };
  return { ...script, manifest: { ...script.manifest, spec } };
}

export function configurePlugins(core: ApiCore, namespace: string): void {
  core.create("configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: PLUGIN_CONFIG_MAP, namespace },
    data: {
      stepPlugins: `- {name: ${NAME}, location: "${PLUGIN_URL}"}`,
      trafficRouterPlugins: `- {name: ${EDGE_PLUGIN}, location: "${EDGE_URL}"}`,
    },
  });
}

/** What a look at the whole world knows of the plugin. */
export const pluginKnown: StepPluginsKnown = {
  of: () => ({
    facts: {
      configured: () => ({ kind: "ready", service: { url: PLUGIN_URL, signedBy: undefined } }),
      outcomes: [],
    },
    inFlight: undefined,
  }),
};

interface Call {
  readonly op: string;
  readonly config?: { readonly rounds?: number };
  readonly status?: { readonly count?: number };
}

/** It goes on for as many rounds as the step says, and then succeeds. */
export function pluginAnswer(body: string): string {
  const { op, config, status } = JSON.parse(body) as Call;
  const count = status?.count ?? 0;
  const isDone = op !== "run" || count >= (config?.rounds ?? 0);
  return JSON.stringify({ phase: isDone ? "Successful" : "Running", resumeAt: "10s", status: { count: count + 1 } });
}
