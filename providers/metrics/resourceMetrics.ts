/**
 * What the pods of the canary and the stable ones use, from metrics.k8s.io, which k3s brings
 * (docs/behaviour/providers.md#resource-metrics).
 */
import * as v from "valibot";
import { collectionPath } from "../../kube/client/path.ts";
import { quantityOf } from "../../kube/object/quantity.ts";
import type { Resource } from "../../schema/kube.ts";
import { failed, jsonReading, measuredBy, noData } from "./conversation.ts";
import { kubeAnswer, kubeGet, listAt, queryOf, textAt } from "./kubeQuestions.ts";
import { amount, orEmpty, problemWith, revisionMembers } from "./ownSettings.ts";
import type { Answer, Asking, MetricProviderRow, Next, Reading } from "./provider.ts";
import { type Revisions, revisionsIn, revisionsOf, selectorOf } from "./revisions.ts";

const SETTINGS = v.pipe(
  v.unknown(),
  v.transform(orEmpty),
  v.strictObject({ ...revisionMembers, tolerance: v.optional(amount) }),
);
type Settings = v.InferOutput<typeof SETTINGS>;

const POD_METRICS: Resource = { group: "metrics.k8s.io", version: "v1beta1", plural: "pods" };
const TOLERANCE = 0.5;

type State = { readonly step: "rollout" } | { readonly step: "usage"; readonly stable: boolean };

function askUsage({ canary, stable }: Revisions, { run }: Asking): Next {
  const hashes = stable === undefined ? [canary] : [canary, stable];
  const path = collectionPath(POD_METRICS, run.namespace);
  const questions = hashes.map((hash) => kubeGet(`${path}${queryOf({ labelSelector: selectorOf(hash) })}`));
  const state: State = { step: "usage", stable: stable !== undefined };
  return { kind: "ask", questions, state, toleratesFailures: true };
}

/** Averages of pods; cores and bytes. */
interface Usage {
  readonly pods: number;
  readonly cpu: number;
  readonly memory: number;
  readonly maxCpu: number;
  readonly maxMemory: number;
}

/** As a float, which is enough to compare; what is no quantity counts as nothing. */
export function quantityNumber(text: string): number {
  const quantity = quantityOf(text);
  if (quantity === undefined || quantity.digits === "") return 0;
  const value = Number(`${quantity.digits}e${quantity.exponent}`);
  return quantity.negative ? -value : value;
}

function usageIn(answer: Answer | undefined): Usage | { readonly problem: string } {
  const found = kubeAnswer(answer);
  if (found.kind === "refused") {
    const hint = found.status === 404 || found.status === 503 ? "; is a metrics server installed? k3s brings one" : "";
    return { problem: `metrics.k8s.io does not say what pods use: ${found.message}${hint}` };
  }
  const used = listAt(found.object, "items").map((pod) => {
    const sum = (resource: string): number =>
      listAt(pod, "containers").reduce<number>(
        (total, container) => total + quantityNumber(textAt(container, "usage", resource)),
        0,
      );
    return { cpu: sum("cpu"), memory: sum("memory") };
  });
  const average = (member: "cpu" | "memory"): number =>
    used.reduce((total, each) => total + each[member], 0) / Math.max(1, used.length);
  const most = (member: "cpu" | "memory"): number => used.reduce((top, each) => Math.max(top, each[member]), 0);
  const averages = { cpu: average("cpu"), memory: average("memory") };
  return { pods: used.length, ...averages, maxCpu: most("cpu"), maxMemory: most("memory") };
}

function usageRead(settings: Settings, answers: readonly Answer[], hasStable: boolean): Reading {
  const canary = usageIn(answers[0]);
  const stable = hasStable ? usageIn(answers[1]) : undefined;
  if ("problem" in canary) return failed(canary.problem);
  if (stable !== undefined && "problem" in stable) return failed(stable.problem);
  if (canary.pods === 0) return noData("metrics.k8s.io has no pod of the canary yet");
  const { tolerance = TOLERANCE } = settings;
  const compared = stable === undefined || stable.pods === 0 ? undefined : stable;
  const ratio = (member: "cpu" | "memory"): number | null =>
    compared === undefined || compared[member] === 0 ? null : canary[member] / compared[member];
  const [cpuRatio, memoryRatio] = [ratio("cpu"), ratio("memory")];
  const bad = [
    ...(cpuRatio !== null && cpuRatio > 1 + tolerance
      ? [`CPU of the canary is ${cpuRatio.toFixed(2)} times that of the stable pods`]
      : []),
    ...(memoryRatio !== null && memoryRatio > 1 + tolerance
      ? [`memory of the canary is ${memoryRatio.toFixed(2)} times that of the stable pods`]
      : []),
  ];
  const value = { ok: bad.length === 0, canary, stable: compared ?? null, cpuRatio, memoryRatio };
  const reading = jsonReading(value, "metrics.k8s.io");
  if (reading.kind !== "value") return reading;
  return { ...reading, samples: canary.pods, ...(bad.length === 0 ? {} : { message: bad.join("; ") }) };
}

export const resourceMetrics: MetricProviderRow<"sluice.dev/resource-metrics"> = {
  kind: "sluice.dev/resource-metrics",
  title: "metrics.k8s.io",
  conditions: { kind: "checked", results: ["map"] },
  reaches: ["pods"],
  usualCondition: "result.ok",
  settingsProblem: (settings) => problemWith(SETTINGS, settings),
  measure: measuredBy("metrics.k8s.io", SETTINGS, {
    begin(settings, asking) {
      const found = revisionsOf(settings, asking, { step: "rollout" } satisfies State);
      return found.kind === "known" ? askUsage(found.revisions, asking) : found;
    },
    read(settings, asking, answers, raw) {
      const state = raw as State;
      if (state.step === "usage") return usageRead(settings, answers, state.stable);
      const found = revisionsIn(settings, asking, answers[0]);
      return found.kind === "known" ? askUsage(found.revisions, asking) : found;
    },
  }),
};
