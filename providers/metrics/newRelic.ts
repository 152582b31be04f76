/** New Relic: the rows of an NRQL query. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const newRelic: MetricProviderRow<"newRelic"> = {
  kind: "newRelic",
  title: "New Relic",
  conditions: { kind: "checked", results: ["map", "maps"] },
  reaches: ["Secret"],
};
