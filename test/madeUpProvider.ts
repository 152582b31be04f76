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
    begin: ({ settings }) => ({
      kind: "ask",
      questions: [
        {
          to: "address",
          method: "GET",
          url: `http://${(settings as { readonly harbour?: string }).harbour ?? ""}/pressure`,
          timeoutMs: 1_000,
        },
      ],
    }),
    read: (_, [answer]) =>
      answer?.kind === "answered" && answer.status === 200
        ? { kind: "value", value: Number(answer.body) }
        : { kind: "error", message: "the barometer did not answer" },
  },
};
