/** InfluxDB: the values of a Flux query. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const influxdb: MetricProviderRow<"influxdb"> = {
  kind: "influxdb",
  title: "InfluxDB",
  conditions: { kind: "checked", results: ["list"] },
  reaches: ["Secret"],
};
