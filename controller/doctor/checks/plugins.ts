/** Plugins and Secrets that are named, and that are not configured or not there. */
import type { Json } from "../../../kube/object/json.ts";
import { at, items, keys, present, root, text } from "../../../kube/validation/place.ts";
import {
  OWN_PREFIX,
  PLUGIN_CONFIG_MAP,
  type PluginList,
  pluginNamed,
} from "../../../providers/metrics/pluginService.ts";
import { GATEWAY_PLUGIN } from "../../../providers/traffic/gatewayStanza.ts";
import type { DoctorFacts, NamedSecret } from "../facts/facts.ts";
import { type Finding, ifKnown, listOf, objectNamed, withoutStop } from "../facts/finding.ts";

export const plugins = (facts: DoctorFacts): readonly Finding[] => [
  ...usesOf(facts).flatMap((use) => unusable(use, facts)),
  ...facts.secrets.flatMap(missing),
];

interface Use {
  readonly about: string;
  readonly list: PluginList;
  readonly plugin: string;
}

function usesOf({ rollouts, templates }: DoctorFacts): readonly Use[] {
  return [
    ...listOf(rollouts).flatMap((rollout) =>
      items(at(root(rollout), "spec", "strategy", "canary", "steps"))
        .filter((step) => present(at(step, "plugin")))
        .map((step) => use(rollout, "Rollout", "stepPlugins", text(at(step, "plugin", "name")))),
    ),
    ...listOf(rollouts).flatMap((rollout) =>
      keys(at(root(rollout), "spec", "strategy", "canary", "trafficRouting", "plugins"))
        // Built in.
        .filter((name) => name !== GATEWAY_PLUGIN)
        .map((name) => use(rollout, "Rollout", "trafficRouterPlugins", name)),
    ),
    ...templates.flatMap((template) =>
      items(at(root(template), "spec", "metrics"))
        .flatMap((metric) => keys(at(metric, "provider", "plugin")))
        // Sluice's own need no configuration; one that it does not have is refused by admission.
        .filter((name) => !name.startsWith(OWN_PREFIX))
        .map((name) => use(template, text(at(root(template), "kind")), "metricProviderPlugins", name)),
    ),
  ];
}

function use(object: Json, kind: string, list: PluginList, plugin: string): Use {
  const metadata = at(root(object), "metadata");
  return { about: objectNamed(kind, text(at(metadata, "namespace")), text(at(metadata, "name"))), list, plugin };
}

function unusable(
  { about, list, plugin }: Use,
  { plugins: configured, controllerNamespace }: DoctorFacts,
): readonly Finding[] {
  const mend = `kubectl edit configmap ${PLUGIN_CONFIG_MAP} -n ${controllerNamespace}   # see docs/plugins.md`;
  if (configured.kind === "unread") {
    const why = withoutStop(configured.problem);
    return [{ severity: "unknown", about, what: `whether plugin ${plugin} is configured is not known`, why }];
  }
  const found = pluginNamed(configured, list, plugin);
  if (found.kind !== "unusable") return [];
  return [
    { severity: "error", about, what: `plugin ${plugin} cannot be asked`, why: withoutStop(found.problem), mend },
  ];
}

const missing = ({ namespace, name, usedBy, isThere }: NamedSecret): readonly Finding[] =>
  ifKnown(
    isThere,
    { about: usedBy, what: `whether Secret ${namespace}/${name} is there is not known` },
    (is): readonly Finding[] =>
      is
        ? []
        : [
            {
              severity: "error",
              about: usedBy,
              what: `Secret ${namespace}/${name} does not exist`,
              why: "what takes its value fails when it is used",
              mend: `kubectl create secret generic ${name} -n ${namespace} --from-literal=KEY=VALUE`,
            },
          ],
  );
