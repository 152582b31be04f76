/**
 * Worlds in which a canary step runs an Experiment: by the product's own row, with pods of the simulated kubelet and
 * the made-up source of metrics.
 */
import type { CanaryStep, Rollout, RolloutExperiment, RolloutStrategy } from "../../../schema/rollout.ts";
import type { Chance } from "./chance.ts";
import type { Script } from "./script.ts";
import { abilitiesOf } from "./trafficWorlds.ts";

type Template = Rollout["spec"]["template"];
type Canary = NonNullable<RolloutStrategy["canary"]>;

/** The share of canary scripts that have one, in percent: of all, and of those with a router. */
const TRIED = 12;
const TRIED_WITH_ROUTER = 25;
/** Of those with a router, the share whose Experiment gets requests of its own, in percent. */
const WEIGHED = 80;

/** Of those whose router cannot do that, the share that has ALB instead, in percent. */
const REPLACED = 30;

export const EXPERIMENTS = "experiments.argoproj.io";

function experiment(chance: Chance, isWeighed: boolean): RolloutExperiment {
  const isAnalysed = chance.percent(50);
  const isRequired = chance.percent(50);
  const args = [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" } }];
  return {
    // Without a time it lasts until the analysis has succeeded.
    ...(isAnalysed && isRequired ? {} : { duration: `${chance.pick([3, 10])}s` }),
    scaleDownDelaySeconds: chance.pick([0, 2]),
    templates: [
      { name: "baseline", specRef: "stable", ...(isWeighed ? { weight: chance.pick([5, 10]) } : {}) },
      {
        name: "canary",
        specRef: "canary",
        replicas: chance.pick([1, 2]),
        metadata: { labels: { trial: "yes" } },
        ...(isWeighed && chance.percent(60) ? { weight: 5 } : {}),
      },
    ],
    ...(isAnalysed
      ? { analyses: [{ name: "errors", templateName: "errors", args, requiredForCompletion: isRequired }] }
      : {}),
  };
}

/** Routers that can send requests to an Experiment; undefined: there is none, or none is wanted. */
function weighing(canary: Canary, chance: Chance): Canary | undefined {
  const { trafficRouting } = canary;
  if (trafficRouting === undefined || !chance.percent(WEIGHED)) return undefined;
  const { istio, managedRoutes, maxTrafficWeight } = trafficRouting;
  const all = abilitiesOf(trafficRouting);
  // A subset of its own would have pods that are not the Rollout's.
  if (all.every(({ experimentWeights }) => experimentWeights) && istio?.destinationRule === undefined) return canary;
  const isBare = managedRoutes === undefined && maxTrafficWeight === undefined && canary.stableService !== undefined;
  if (!isBare || !chance.percent(REPLACED)) return undefined;
  return { ...canary, trafficRouting: { alb: { ingress: "door", servicePort: 80, rootService: "root" } } };
}

/** Pods without ports get no Service, and so no requests. */
function withPorts(template: Template): { readonly template?: Template } {
  if (template === undefined) return {};
  const { spec = {} } = template as { readonly spec?: { readonly containers?: readonly object[] } };
  const containers = (spec.containers ?? []).map((one) => ({ ...one, ports: [{ containerPort: 80 }] }));
  return { template: { ...template, spec: { ...spec, containers } } };
}

export function tried(script: Script, chance: Chance): Script {
  const { strategy, template } = script.manifest.spec;
  if (strategy?.canary === undefined) return script;
  const share = strategy.canary.trafficRouting === undefined ? TRIED : TRIED_WITH_ROUTER;
  if (!chance.percent(share)) return script;
  const { steps = [] } = strategy.canary;
  const at = chance.below(steps.length + 1);
  const weighed = template === undefined ? undefined : weighing(strategy.canary, chance.fork("weights"));
  const next: CanaryStep[] = steps.toSpliced(at, 0, { experiment: experiment(chance, weighed !== undefined) });
  const spec = {
    ...script.manifest.spec,
    ...(weighed === undefined ? {} : withPorts(template)),
    strategy: { canary: { ...(weighed ?? strategy.canary), steps: next } },
  };
  return { ...script, manifest: { ...script.manifest, spec } };
}
