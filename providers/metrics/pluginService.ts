/**
 * The services that plugins are, as an administrator names them in the ConfigMap `argo-rollouts-config` of Sluice's own
 * namespace (docs/plugins.md#configuration). Pure: the lists are parsed by whoever reads them.
 */
import { isObject, type Json } from "../../kube/object/json.ts";
import { GATEWAY_PLUGIN } from "../traffic/gatewayStanza.ts";

export const PLUGIN_CONFIG_MAP = "argo-rollouts-config";

/** The members of the ConfigMap's data, each a list in YAML. */
export const PLUGIN_LISTS = ["metricProviderPlugins", "stepPlugins", "trafficRouterPlugins"] as const;
export type PluginList = (typeof PLUGIN_LISTS)[number];

/** What names of metric providers begin with that are Sluice's own (docs/adr/0010-own-providers-are-plugins.md). */
export const OWN_PREFIX = "sluice.dev/";

const OWN = `names that begin with ${OWN_PREFIX} are Sluice's own providers, which need no entry here: leave it out, or call it otherwise (docs/behaviour/providers.md#sluices-own-providers)`;

/** What answers for a plugin. */
export interface PluginService {
  readonly url: string;
  /** The key of a Secret in Sluice's own namespace by which requests are signed; undefined: they are not. */
  readonly signedBy: { readonly name: string; readonly key: string } | undefined;
}

export type ConfiguredPlugin =
  | { readonly kind: "ready"; readonly service: PluginService }
  /** A step of it counts as done. */
  | { readonly kind: "disabled" }
  /** Why it cannot be asked, in one sentence without a full stop. */
  | { readonly kind: "unusable"; readonly problem: string };

export type PluginConfiguration =
  | { readonly kind: "read"; readonly lists: Readonly<Record<PluginList, ReadonlyMap<string, ConfiguredPlugin>>> }
  /** Why nothing is known of any plugin, in one sentence without a full stop. */
  | { readonly kind: "unread"; readonly problem: string };

/** What the configuration says about a plugin; one that it does not name is an answer, too. */
export function pluginNamed(configuration: PluginConfiguration, list: PluginList, name: string): ConfiguredPlugin {
  if (configuration.kind === "unread") return unusable(configuration.problem);
  const known = configuration.lists[list].get(name);
  return known ?? unusable(`unable to find plugin (${name}): plugin ${name} not configured in configmap`);
}

/** Names of users and repositories at GitHub. */
const NAME = /^[a-zA-Z0-9-]+\/[a-zA-Z0-9_.-]+$/;

/**
 * The plugins of one list, and what is wrong with the list itself. A plugin that cannot be used is kept with its
 * reason: whoever names it is told. @param list parsed
 */
export function pluginsOf(
  member: PluginList,
  list: unknown,
): { readonly plugins: ReadonlyMap<string, ConfiguredPlugin>; readonly problems: readonly string[] } {
  if (list === undefined || list === null) return { plugins: new Map(), problems: [] };
  if (!Array.isArray(list)) return { plugins: new Map(), problems: [`${member} is no list of plugins`] };
  const plugins = new Map<string, ConfiguredPlugin>();
  const problems: string[] = [];
  for (const [index, item] of list.entries()) {
    const name = isObject(item) ? item["name"] : undefined;
    if (member === "metricProviderPlugins" && typeof name === "string" && name.startsWith(OWN_PREFIX)) {
      problems.push(`${member}[${index}]: ${name.slice(0, 100)} is not asked: ${OWN}`);
      continue;
    }
    // Built in: the program that is named there is never needed.
    if (member === "trafficRouterPlugins" && name === GATEWAY_PLUGIN) continue;
    if (!isObject(item) || typeof name !== "string" || !NAME.test(name)) {
      const shown = typeof name === "string" ? name.slice(0, 100) : "";
      problems.push(`${member}[${index}]: plugin repository (${shown}) must be in the format of <namespace>/<name>`);
      continue;
    }
    const plugin = configured(member, item);
    plugins.set(name, plugin);
    if (plugin.kind === "unusable") problems.push(`${member}[${index}]: plugin ${name}: ${plugin.problem}`);
  }
  return { plugins, problems };
}

function configured(member: PluginList, item: Json): ConfiguredPlugin {
  if (member === "stepPlugins" && item["disabled"] === true) return { kind: "disabled" };
  const { location } = item;
  if (typeof location !== "string" || location === "") return unusable("it has no location");
  if (!/^https?:/i.test(location) || !URL.canParse(location))
    return unusable(
      `its location ${location.slice(0, 200)} is no address: Sluice loads no programs, and asks a service at an address that begins with http:// or https:// (docs/plugins.md)`,
    );
  const ref = item["signingKeyFrom"];
  if (ref === undefined) return { kind: "ready", service: { url: location, signedBy: undefined } };
  const secret = isObject(ref) ? ref["secretRef"] : undefined;
  const name = isObject(secret) ? secret["name"] : undefined;
  const key = isObject(secret) ? (secret["key"] ?? "key") : undefined;
  if (typeof name !== "string" || name === "" || typeof key !== "string")
    return unusable("its signingKeyFrom names no Secret: write signingKeyFrom.secretRef.name and .key");
  return { kind: "ready", service: { url: location, signedBy: { name, key } } };
}

const unusable = (problem: string): ConfiguredPlugin => ({ kind: "unusable", problem });
