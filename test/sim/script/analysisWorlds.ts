/**
 * Worlds in which analyses watch the updates. Their runs are driven by the product's own row; only the source of the
 * metric is made up: it finds fault with some versions, and answers late, wrongly or never.
 */
import { HASH_LABEL, ROLLOUT_TYPE, STEP_INDEX } from "../../../schema/labels.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { CanaryStep, Rollout, RolloutAnalysis, RolloutStatus, RolloutStrategy } from "../../../schema/rollout.ts";
import type { SendHttp } from "../../../providers/metrics/measuring/http.ts";
import type { Answer } from "../../../providers/metrics/provider.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { ApiCore } from "../../../simulator/model/model.ts";
import { hasEnded } from "../../../controller/rollout/course/analysisKinds.ts";
import type { Chance } from "./chance.ts";
import type { Script } from "./script.ts";

/** The share of scripts that have analyses, in percent. */
const ANALYSED = 20;

export const RUNS = "analysisruns.argoproj.io";
export const TEMPLATE = { resource: "analysistemplates.argoproj.io", namespace: "default", name: "errors" } as const;

const analysis: RolloutAnalysis = {
  templates: [{ templateName: TEMPLATE.name }],
  args: [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" } }],
};

export function analysed(script: Script, chance: Chance): Script {
  if (!chance.percent(ANALYSED)) return script;
  const { strategy } = script.manifest.spec;
  const next = strategy?.blueGreen === undefined ? canaryWith(strategy, chance) : blueGreenWith(strategy, chance);
  return { ...script, manifest: { ...script.manifest, spec: { ...script.manifest.spec, strategy: next } }, analysed: true };
}

function canaryWith(strategy: RolloutStrategy = {}, chance: Chance): RolloutStrategy {
  const { steps = [] } = strategy.canary ?? {};
  const at = chance.below(steps.length + 1);
  const withStep: CanaryStep[] = [...steps.slice(0, at), { analysis }, ...steps.slice(at)];
  const inBackground = chance.percent(50) ? { analysis: { ...analysis, startingStep: chance.below(3) } } : {};
  return { canary: { ...strategy.canary, steps: chance.percent(70) ? withStep : [...steps], ...inBackground } };
}

function blueGreenWith({ blueGreen }: RolloutStrategy, chance: Chance): RolloutStrategy {
  if (blueGreen === undefined) return {};
  const before = chance.percent(60) ? { prePromotionAnalysis: analysis } : {};
  const after = chance.percent(60) ? { postPromotionAnalysis: analysis } : {};
  return { blueGreen: { ...blueGreen, ...before, ...after } };
}

/** Two measurements, three seconds apart. */
export function createTemplate(core: ApiCore): void {
  const web = { url: "http://metrics.test/{{args.hash}}", jsonPath: "{$.good}" };
  core.create(TEMPLATE.resource, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: TEMPLATE.name, namespace: TEMPLATE.namespace },
    spec: {
      args: [{ name: "hash" }],
      metrics: [{ name: "errors", count: 2, interval: "3s", successCondition: "result == 1", provider: { web } }],
    },
  });
}

const answered = (body: string): Answer => ({ kind: "answered", status: 200, headers: {}, body });

/** Fewer in a row than a metric may have errors. */
const MOST_IN_A_ROW = 3;
const MOST_FAULTS = 12;

/** The source of the metric: every version is good; sometimes it does not say so, or late. */
export function metricSource(clock: Clock, chance: Chance, isFaulty: boolean): SendHttp {
  let [faults, inARow] = [0, 0];
  const after = (ms: number, answer: Answer): Promise<Answer> =>
    new Promise((resolve) => {
      clock.after(ms, () => resolve(answer));
    });
  return ({ timeoutMs }) => {
    const isFault = isFaulty && faults < MOST_FAULTS && inARow < MOST_IN_A_ROW && chance.percent(30);
    if (!isFault) {
      inARow = 0;
      return after(5, answered('{"good":1}'));
    }
    faults += 1;
    inARow += 1;
    return chance.pick([
      () => after(timeoutMs, { kind: "failed", message: "no answer in time" }),
      () => after(4_000, answered('{"good":1}')),
      () => after(5, answered("<html>busy</html>")),
    ])();
  };
}

/** The run that a step of this status was completed by. */
export const hasSucceeded = (
  runs: Iterable<AnalysisRun>,
  { currentPodHash }: RolloutStatus,
  index: number,
): boolean =>
  [...runs].some(
    ({ metadata: { labels = {} }, status }) =>
      labels[HASH_LABEL] === currentPodHash && labels[STEP_INDEX] === String(index) && status?.phase === "Successful",
  );

/** Two runs for the same: one of them is superfluous. */
export function doubled(runs: Iterable<AnalysisRun>, rollout: Rollout | undefined): string | undefined {
  const seen = new Set<string>();
  for (const { metadata, spec, status } of runs) {
    const isOver = hasEnded({ phase: status?.phase ?? "" }) || spec.terminate === true;
    const isOurs = metadata.ownerReferences?.some(({ uid }) => uid === rollout?.metadata.uid) === true;
    if (isOver || !isOurs || metadata.deletionTimestamp !== undefined) continue;
    const { [HASH_LABEL]: hash = "", [ROLLOUT_TYPE]: type = "", [STEP_INDEX]: index = "" } = metadata.labels ?? {};
    const key = `${type} ${index} of ${hash}`;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}
