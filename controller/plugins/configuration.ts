/**
 * What plugins there are (docs/plugins.md#configuration): read when something asks for a plugin, and again ten seconds
 * later at the earliest. A controller whose objects name no plugin reads it once, at its start, to report mistakes.
 */
import { ApiError } from "../../kube/client/apiError.ts";
import { textOf } from "../../kube/client/errorText.ts";
import { objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { CONFIG_MAPS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { equal } from "../../kube/object/equality.ts";
import {
  PLUGIN_CONFIG_MAP,
  PLUGIN_LISTS,
  type ConfiguredPlugin,
  type PluginConfiguration,
  type PluginList,
  pluginsOf,
} from "../../providers/metrics/pluginService.ts";
import type { Log } from "../process/log.ts";

export interface PluginsConfigured {
  /** Undefined: not read yet; `changed` is called when it is. Has it read again where it is old. */
  known(): PluginConfiguration | undefined;
  /** As it is now, or was ten seconds ago; reads it first where that is not known. Never throws. */
  read(): Promise<PluginConfiguration>;
}

export interface ConfigurationPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly clock: Clock;
  readonly log: Pick<Log, "error">;
  /** Where the ConfigMap is: Sluice's own. */
  readonly ownNamespace: string;
  /** Called when something else is configured than before. */
  readonly changed: () => void;
}

const KEPT_MS = 10_000;
const RETRY_MS = 5_000;
const TIMEOUT_MS = 5_000;

interface RawConfigMap {
  readonly data?: Readonly<Record<string, string>> | null;
}

interface Found {
  readonly configuration: PluginConfiguration;
  readonly problems: readonly string[];
  readonly keepsMs: number;
}

export function createPluginsConfigured(ports: ConfigurationPorts): PluginsConfigured {
  const { clock, changed } = ports;
  let last: { readonly found: Found; readonly at: number } | undefined;
  let reading: Promise<PluginConfiguration> | undefined;
  const read = async (): Promise<PluginConfiguration> => {
    const before = last?.found;
    const found = await find(ports);
    // A server that is away for a moment has not changed the configuration.
    const isWorse = found.configuration.kind === "unread" && found.keepsMs < KEPT_MS && before !== undefined;
    const next = isWorse ? { ...before, keepsMs: found.keepsMs } : found;
    last = { found: next, at: clock.now() };
    reading = undefined;
    report(ports, next.problems, before?.problems);
    if (!equal(textOfAll(next.configuration), before && textOfAll(before.configuration))) changed();
    if (found.keepsMs < KEPT_MS) clock.after(found.keepsMs, () => void fresh());
    return next.configuration;
  };
  const fresh = (): Promise<PluginConfiguration> => {
    const isOld = last === undefined || clock.now() - last.at >= last.found.keepsMs;
    if (last !== undefined && !isOld) return Promise.resolve(last.found.configuration);
    reading ??= read();
    return reading;
  };
  return {
    known() {
      void fresh();
      return last?.found.configuration;
    },
    read: fresh,
  };
}

const textOfAll = (configuration: PluginConfiguration): unknown =>
  configuration.kind === "unread"
    ? configuration
    : PLUGIN_LISTS.map((list) => [...configuration.lists[list]].toSorted(([a], [b]) => (a < b ? -1 : 1)));

function report({ log, ownNamespace }: ConfigurationPorts, problems: readonly string[], before: unknown): void {
  if (equal(problems, before)) return;
  for (const error of problems)
    log.error("Plugin cannot be used", { configMap: `${ownNamespace}/${PLUGIN_CONFIG_MAP}`, error });
}

async function find({ client, ownNamespace }: ConfigurationPorts): Promise<Found> {
  const path = objectPath(CONFIG_MAPS, { namespace: ownNamespace, name: PLUGIN_CONFIG_MAP });
  try {
    const { data } = (await readIfThere<RawConfigMap>(client, path, { timeoutMs: TIMEOUT_MS })) ?? {};
    return listsIn(data ?? {});
  } catch (error) {
    const isLasting = error instanceof ApiError && error.status >= 400 && error.status < 429;
    const problem = `ConfigMap "${PLUGIN_CONFIG_MAP}" cannot be read: ${textOf(error)}`;
    const configuration: PluginConfiguration = { kind: "unread", problem };
    return { configuration, problems: [problem], keepsMs: isLasting ? KEPT_MS : RETRY_MS };
  }
}

function listsIn(data: Readonly<Record<string, string>>): Found {
  const problems: string[] = [];
  const lists: Record<PluginList, ReadonlyMap<string, ConfiguredPlugin>> = {
    metricProviderPlugins: new Map(),
    stepPlugins: new Map(),
    trafficRouterPlugins: new Map(),
  };
  for (const list of PLUGIN_LISTS) {
    const parsed = yaml(list, data[list] ?? "");
    const found = "problem" in parsed ? { plugins: new Map(), problems: [parsed.problem] } : pluginsOf(list, parsed.it);
    lists[list] = found.plugins;
    problems.push(...found.problems);
  }
  return { configuration: { kind: "read", lists }, problems, keepsMs: KEPT_MS };
}

function yaml(list: string, text: string): { readonly it: unknown } | { readonly problem: string } {
  try {
    return { it: text.trim() === "" ? undefined : Bun.YAML.parse(text) };
  } catch {
    return { problem: `${list} is not YAML` };
  }
}
