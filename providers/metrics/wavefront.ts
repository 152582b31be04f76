/** Wavefront: the last of a series, or all of it. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const wavefront: MetricProviderRow<"wavefront"> = {
  kind: "wavefront",
  title: "Wavefront",
  conditions: { kind: "checked", results: ["number", "numbers"] },
  reaches: ["address of the metric", "Secret"],
};
