/** All metric providers. A new one is a file of its own and a line here. */
import { isObject } from "../../kube/object/json.ts";
import type { MetricProviderKind } from "../../schema/analysis.ts";
import { cloudWatch } from "./cloudWatch.ts";
import { datadog } from "./datadog.ts";
import { externalMetrics } from "./externalMetrics.ts";
import { graphite } from "./graphite.ts";
import { influxdb } from "./influxdb.ts";
import { job } from "./job.ts";
import { kayenta } from "./kayenta.ts";
import { newRelic } from "./newRelic.ts";
import { plugin } from "./plugin.ts";
import { OWN_PREFIX } from "./pluginService.ts";
import { pods } from "./pods.ts";
import { prometheus } from "./prometheus.ts";
import type { MetricProviderRow } from "./provider.ts";
import { resourceMetrics } from "./resourceMetrics.ts";
import { skywalking } from "./skywalking.ts";
import { wavefront } from "./wavefront.ts";
import { web } from "./web.ts";

/** In the order in which the reference checks for them. */
const TABLE: { readonly [Kind in MetricProviderKind]: MetricProviderRow<Kind> } = {
  prometheus,
  kayenta,
  web,
  datadog,
  wavefront,
  newRelic,
  job,
  cloudWatch,
  graphite,
  influxdb,
  skywalking,
  plugin,
};

export const PROVIDERS: readonly MetricProviderRow[] = Object.values(TABLE);

/**
 * Ours alone. They stand under `plugin`, by names that are not for others, so that both CRDs keep them
 * (docs/adr/0010-own-providers-are-plugins.md).
 */
export const OWN_PROVIDERS: readonly MetricProviderRow[] = [pods, resourceMetrics, externalMetrics];

export interface Chosen {
  readonly row: MetricProviderRow;
  readonly settings: unknown;
}

/** By what a metric is measured; undefined: by none that is known. @param provider of the metric */
export function providerOf(provider: unknown, providers: readonly MetricProviderRow[] = PROVIDERS): Chosen | undefined {
  const given = isObject(provider) ? provider : {};
  const row = providers.find(({ kind }) => given[kind] !== undefined && given[kind] !== null);
  if (row === undefined) return undefined;
  const settings = given[row.kind];
  const own = row.kind === "plugin" && isObject(settings) ? ownNames(settings) : [];
  const [name] = own;
  if (name === undefined) return { row, settings };
  const chosen = [...providers, ...OWN_PROVIDERS].find(({ kind }) => kind === name);
  return chosen === undefined
    ? undefined
    : { row: chosen, settings: (settings as Readonly<Record<string, unknown>>)[name] };
}

export const ownNames = (plugins: object): readonly string[] =>
  Object.keys(plugins).filter((name) => name.startsWith(OWN_PREFIX));
