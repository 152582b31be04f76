/** Datadog, whose number may be missing. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const datadog: MetricProviderRow<"datadog"> = {
  kind: "datadog",
  title: "Datadog",
  conditions: { kind: "checked", results: ["number", "numbers", "nothing"] },
  reaches: ["Secret"],
};
