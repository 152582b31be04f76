/** Kayenta judges by itself; conditions are not read. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const kayenta: MetricProviderRow<"kayenta"> = {
  kind: "kayenta",
  title: "Kayenta",
  conditions: { kind: "ignored" },
  reaches: ["address of the metric"],
};
