/**
 * Worlds in which a canary step runs an Experiment: by the product's own row, with pods of the simulated kubelet and
 * the made-up source of metrics.
 */
import type { CanaryStep, RolloutExperiment } from "../../../schema/rollout.ts";
import type { Chance } from "./chance.ts";
import type { Script } from "./script.ts";

/** The share of canary scripts that have one, in percent. */
const TRIED = 12;

export const EXPERIMENTS = "experiments.argoproj.io";

function experiment(chance: Chance): RolloutExperiment {
  const isAnalysed = chance.percent(50);
  const isRequired = chance.percent(50);
  const args = [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" } }];
  return {
    // Without a time it lasts until the analysis has succeeded.
    ...(isAnalysed && isRequired ? {} : { duration: `${chance.pick([3, 10])}s` }),
    scaleDownDelaySeconds: chance.pick([0, 2]),
    templates: [
      { name: "baseline", specRef: "stable" },
      { name: "canary", specRef: "canary", replicas: chance.pick([1, 2]), metadata: { labels: { trial: "yes" } } },
    ],
    ...(isAnalysed
      ? { analyses: [{ name: "errors", templateName: "errors", args, requiredForCompletion: isRequired }] }
      : {}),
  };
}

export function tried(script: Script, chance: Chance): Script {
  const { strategy } = script.manifest.spec;
  if (strategy?.canary === undefined || !chance.percent(TRIED)) return script;
  const { steps = [] } = strategy.canary;
  const at = chance.below(steps.length + 1);
  const next: CanaryStep[] = [...steps.slice(0, at), { experiment: experiment(chance) }, ...steps.slice(at)];
  const spec = { ...script.manifest.spec, strategy: { canary: { ...strategy.canary, steps: next } } };
  return { ...script, manifest: { ...script.manifest, spec } };
}
