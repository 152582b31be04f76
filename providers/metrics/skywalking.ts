/** SkyWalking: the JSON of a GraphQL query. It is not measured yet. */
import { JSON_SHAPES, type MetricProviderRow } from "./provider.ts";

export const skywalking: MetricProviderRow<"skywalking"> = {
  kind: "skywalking",
  title: "SkyWalking",
  conditions: { kind: "checked", results: JSON_SHAPES },
  reaches: ["address of the metric"],
};
