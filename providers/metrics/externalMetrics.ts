/**
 * A metric of external.metrics.k8s.io, as KEDA and other adapters serve them
 * (docs/behaviour/providers.md#external-metrics).
 */
import * as v from "valibot";
import { collectionPath } from "../../kube/client/path.ts";
import { failed, measuredBy } from "./conversation.ts";
import { kubeAnswer, kubeGet, listAt, queryOf, textAt } from "./kubeQuestions.ts";
import { line, problemWith } from "./ownSettings.ts";
import type { Answer, Asking, MetricProviderRow, Next, Reading } from "./provider.ts";
import { quantityNumber } from "./resourceMetrics.ts";
import { numbersText } from "./text.ts";

/** A metric's name is a part of the path. */
const NAME = /^(?!\.{1,2}$)[^/\\?#%\s]{1,253}$/;

const SETTINGS = v.strictObject({
  metric: v.pipe(
    line,
    v.check((text) => NAME.test(text), "is no name of a metric"),
  ),
  selector: v.optional(v.record(v.string(), line)),
});
type Settings = v.InferOutput<typeof SETTINGS>;

const MOST_SERIES = 1_000;

function begin({ metric, selector = {} }: Settings, { run }: Asking): Next {
  const path = collectionPath({ group: "external.metrics.k8s.io", version: "v1beta1", plural: metric }, run.namespace);
  const labelSelector = Object.entries(selector)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
  const question = kubeGet(`${path}${labelSelector === "" ? "" : queryOf({ labelSelector })}`);
  return { kind: "ask", questions: [question], toleratesFailures: true };
}

const HINTS: ReadonlyMap<number, string> = new Map([
  [403, "; the controller needs the right to list it (docs/behaviour/providers.md)"],
  [404, "; does an adapter such as KEDA serve it?"],
  [503, "; does its adapter run?"],
]);

function read(answer: Answer | undefined): Reading {
  const found = kubeAnswer(answer);
  if (found.kind === "refused")
    return failed(`external.metrics.k8s.io has no answer: ${found.message}${HINTS.get(found.status) ?? ""}`);
  const values = listAt(found.object, "items")
    .slice(0, MOST_SERIES)
    .map((item) => quantityNumber(textAt(item, "value")));
  return { kind: "value", value: values, text: numbersText(values) };
}

export const externalMetrics: MetricProviderRow<"sluice.dev/external-metrics"> = {
  kind: "sluice.dev/external-metrics",
  title: "external.metrics.k8s.io",
  conditions: { kind: "checked", results: ["numbers"] },
  reaches: ["pods"],
  settingsProblem: (settings) => problemWith(SETTINGS, settings),
  measure: measuredBy("external.metrics.k8s.io", SETTINGS, {
    begin,
    read: (_, __, [answer]) => read(answer),
  }),
};
