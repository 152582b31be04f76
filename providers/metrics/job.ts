/** A Job that succeeds or fails; conditions are not read. It is not measured yet. */
import type { MetricProviderRow } from "./provider.ts";

export const job: MetricProviderRow<"job"> = {
  kind: "job",
  title: "Job",
  conditions: { kind: "ignored" },
  reaches: ["Job"],
};
