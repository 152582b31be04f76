/** All metric providers. A new one is a file of its own and a line here. */
import type { MetricProviderKind } from "../../schema/analysis.ts";
import { cloudWatch } from "./cloudWatch.ts";
import { datadog } from "./datadog.ts";
import { graphite } from "./graphite.ts";
import { influxdb } from "./influxdb.ts";
import { job } from "./job.ts";
import { kayenta } from "./kayenta.ts";
import { newRelic } from "./newRelic.ts";
import { plugin } from "./plugin.ts";
import { prometheus } from "./prometheus.ts";
import type { MetricProviderRow } from "./provider.ts";
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

/** Why a provider does not measure; undefined when it does. */
export const notMeasured = ({ title, measure }: MetricProviderRow): string | undefined =>
  measure === undefined ? `this version of Sluice does not measure by ${title} yet` : undefined;
