/** Prometheus: the result of a query, a scalar or a vector. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const prometheus: MetricProviderRow<"prometheus"> = {
  kind: "prometheus",
  title: "Prometheus",
  conditions: { kind: "checked", results: ["numbers", "number"] },
  reaches: ["address of the metric", "Secret"],
};
