/**
 * A metric provider that does not exist: a new one takes one such file and a line in a table (madeUpProvider.test.ts).
 */
import type { MetricProviderRow } from "../providers/metrics/provider.ts";

export const barometer: MetricProviderRow<"barometer"> = {
  kind: "barometer",
  title: "Barometer",
  conditions: { kind: "checked", results: ["number"] },
  reaches: ["address of the metric"],
  measure: {
    ask: (settings) => ({
      method: "GET",
      url: `http://${(settings as { readonly harbour?: string }).harbour ?? ""}/pressure`,
      headers: {},
      timeoutMs: 1_000,
    }),
    read: (_, { status, body }) =>
      status === 200
        ? { kind: "value", value: Number(body) }
        : { kind: "error", message: `the barometer answered with HTTP ${status}` },
  },
};
