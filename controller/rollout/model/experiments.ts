/** The Experiment of the step that a Rollout is at (docs/behaviour/experiments.md#an-experiment-as-a-step). */
import type { Traffic } from "../../../providers/traffic/router.ts";
import type { Rollout, RolloutExperiment } from "../../../schema/rollout.ts";
import { currentStepOf, stepIndexOf } from "./defaults.ts";
import type { ExperimentFacts, ReplicaSetFacts, World } from "./model.ts";
import { hashOf, rolloutRevision } from "./replicaSets.ts";

export const experimentStepOf = (rollout: Rollout): RolloutExperiment | undefined => currentStepOf(rollout)?.experiment;

/** `<rollout>-<hash>-<revision>-<step>`. */
export const experimentNameOf = (rollout: Rollout, newRS: ReplicaSetFacts | undefined): string =>
  [rollout.metadata.name, hashOf(newRS), rolloutRevision(rollout), stepIndexOf(rollout) ?? 0].join("-");

/** The one that the status names, while it exists. One of another step, or version, is not the current one. */
export function currentExperiment(
  { rollout, experiments }: World,
  newRS: ReplicaSetFacts | undefined,
): ExperimentFacts | undefined {
  const name = rollout.status?.canary?.currentExperiment ?? "";
  if (name === "" || experimentStepOf(rollout) === undefined) return undefined;
  const base = experimentNameOf(rollout, newRS);
  const number = name.startsWith(`${base}-`) ? name.slice(base.length + 1) : undefined;
  if (name !== base && (number === undefined || !/^\d+$/.test(number))) return undefined;
  return experiments?.find((experiment) => experiment.name === name && !experiment.deleting);
}

/** The Services of its templates that are to get a part of the traffic; none unless all its pods are available. */
export function experimentTraffic(world: World, newRS: ReplicaSetFacts | undefined): Traffic["additional"] {
  const running = currentExperiment(world, newRS);
  if (running?.phase !== "Running") return [];
  const templates = experimentStepOf(world.rollout)?.templates ?? [];
  return running.templates.flatMap(({ name, serviceName, podTemplateHash }) => {
    const weight = templates.find((template) => template.name === name)?.weight;
    return weight === undefined || serviceName === "" ? [] : [{ serviceName, podTemplateHash, weight }];
  });
}
