/**
 * Worlds in which analyses watch the updates. Their runs are driven by the product's own row; only the source of the
 * metric is made up: it finds fault with some versions, and answers late, wrongly or never.
 */
import type { AnalysisTemplateSpec } from "../../../schema/analysis.ts";
import type { CanaryStep, RolloutAnalysis, RolloutStrategy } from "../../../schema/rollout.ts";
import type { SendHttp } from "../../../providers/metrics/measuring/http.ts";
import type { Answer } from "../../../providers/metrics/provider.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { ApiCore } from "../../../simulator/model/model.ts";
import type { Chance } from "./chance.ts";
import { EDGE_URL, edged } from "./edgeWorlds.ts";
import { tried } from "./experimentWorlds.ts";
import { PLUGIN_URL, pluginAnswer, plugged } from "./pluginWorlds.ts";
import type { Script } from "./script.ts";

/** The share of scripts that have analyses, in percent. */
const ANALYSED = 20;
const MOST_CERTAIN = 1;

export const RUNS = "analysisruns.argoproj.io";
export const TEMPLATE = { resource: "analysistemplates.argoproj.io", namespace: "default", name: "errors" } as const;

const analysis: RolloutAnalysis = {
  templates: [{ templateName: TEMPLATE.name }],
  args: [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" } }],
};

export interface AnalysisScript {
  /** Analysis templates beside the usual one, or in its place. */
  readonly templates?: Readonly<Record<string, AnalysisTemplateSpec>>;
  /** The image with which analyses find fault; "*": all. */
  readonly failing?: string;
}

/** Some have analyses, some Experiments, some both. */
export const analysed = (script: Script, chance: Chance): Script =>
  edged(
    plugged(tried(withAnalyses(script, chance), chance.fork("experiment")), chance.fork("plugin")),
    chance.fork("edge"),
  );

function withAnalyses(script: Script, chance: Chance): Script {
  if (!chance.percent(ANALYSED)) return script;
  const { strategy } = script.manifest.spec;
  const next = strategy?.blueGreen === undefined ? canaryWith(strategy, chance) : blueGreenWith(strategy, chance);
  const manifest = { ...script.manifest, spec: { ...script.manifest.spec, strategy: next } };
  // What people do later may come before or after the abort: then the end is not certain.
  const isCertain = script.steps.length <= MOST_CERTAIN;
  return { ...script, manifest, ...(isCertain && chance.percent(50) ? { failing: "web:2" } : {}) };
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
const usual: AnalysisTemplateSpec = {
  args: [{ name: "hash" }],
  metrics: [
    {
      name: "errors",
      count: 2,
      interval: "3s",
      successCondition: "result < 5",
      provider: { web: { url: "http://metrics.test/{{args.hash}}", jsonPath: "{$.errors}" } },
    },
  ],
};

export function createTemplates(core: ApiCore, { templates = {} }: Script): void {
  for (const [name, spec] of Object.entries({ [TEMPLATE.name]: usual, ...templates }))
    core.create(TEMPLATE.resource, {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name, namespace: TEMPLATE.namespace },
      spec,
    });
}

const answered = (body: string): Answer => ({ kind: "answered", status: 200, headers: {}, body });

/** Fewer in a row than a metric may have errors. */
const MOST_IN_A_ROW = 3;
const MOST_FAULTS = 12;

export interface MetricSource {
  readonly isGood: (hash: string) => boolean;
  readonly isFaulty: boolean;
  /** A router that is a plugin does what it is asked. */
  readonly route: (body: string) => void;
}

/** The source of the metric, and the plugins; sometimes it does not say which versions are good, or late. */
export function metricSource(clock: Clock, chance: Chance, { isGood, isFaulty, route }: MetricSource): SendHttp {
  let [faults, inARow] = [0, 0];
  const after = (ms: number, answer: Answer): Promise<Answer> =>
    new Promise((resolve) => {
      clock.after(ms, () => resolve(answer));
    });
  return ({ url, timeoutMs, body = "" }) => {
    const isEdge = url === EDGE_URL;
    const truth =
      isEdge || url === PLUGIN_URL
        ? answered(isEdge ? '{"phase":"Successful"}' : pluginAnswer(body))
        : answered(isGood(url.slice(url.lastIndexOf("/") + 1)) ? '{"errors":0}' : '{"errors":9}');
    const isFault = isFaulty && faults < MOST_FAULTS && inARow < MOST_IN_A_ROW && chance.percent(30);
    if (!isFault) {
      inARow = 0;
      if (!isEdge) return after(5, truth);
      // It answers once it has done it.
      const ms = isFaulty ? chance.pick([5, 1_000, 6_000]) : 5;
      clock.after(ms, () => route(body));
      return after(ms, truth);
    }
    faults += 1;
    inARow += 1;
    // It does at once, late or never what it gives no answer to.
    if (isEdge) chance.pick([() => route(body), () => void clock.after(4_000, () => route(body)), () => {}])();
    if (isEdge && chance.percent(30)) return after(5, answered('{"phase":"Error","message":"busy"}'));
    return chance.pick([
      () => after(timeoutMs, { kind: "failed", message: "no answer in time" }),
      () => after(4_000, truth),
      () => after(5, answered("<html>busy</html>")),
    ])();
  };
}
