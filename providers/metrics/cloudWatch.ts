/** CloudWatch: the results of its queries. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const cloudWatch: MetricProviderRow<"cloudWatch"> = {
  kind: "cloudWatch",
  title: "CloudWatch",
  conditions: { kind: "checked", results: ["any list"] },
  reaches: ["AWS"],
};
