/** Graphite: the values of a target. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const graphite: MetricProviderRow<"graphite"> = {
  kind: "graphite",
  title: "Graphite",
  conditions: { kind: "checked", results: ["numbers"] },
  reaches: ["address of the metric"],
};
