/** Any JSON that an address answers with. It is not measured yet. */
import { JSON_SHAPES, type MetricProviderRow } from "./provider.ts";

export const web: MetricProviderRow<"web"> = {
  kind: "web",
  title: "Web",
  conditions: { kind: "checked", results: JSON_SHAPES },
  reaches: ["address of the metric"],
};
