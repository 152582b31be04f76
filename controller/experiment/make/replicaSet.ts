/** The ReplicaSet of a template (docs/behaviour/experiments.md#pods). */
import { controllerReference } from "../../../kube/object/ownerReference.ts";
import type { Experiment, ExperimentTemplate } from "../../../schema/experiment.ts";
import { EXPERIMENT_KIND } from "../../../schema/kinds.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import { EXPERIMENT_NAME, EXPERIMENT_TEMPLATE, HASH_LABEL } from "../../../schema/labels.ts";
import { podTemplateHash } from "../../rollout/hash/podHash.ts";

export const replicaSetNameOf = ({ metadata }: Experiment, template: string): string => `${metadata.name}-${template}`;

/** By these a template finds what was made of it. */
export const marksOf = ({ metadata }: Experiment, template: string) => ({
  [EXPERIMENT_NAME]: metadata.name,
  [EXPERIMENT_TEMPLATE]: template,
});

/**
 * Without pods yet. A template that was copied from a Rollout's ReplicaSet has that one's hash among its labels, which
 * gives way to its own.
 */
export function replicaSetOf(
  experiment: Experiment,
  { name, template, selector, minReadySeconds = 0 }: ExperimentTemplate,
  collisionCount: number | undefined,
): ReplicaSet {
  const { [HASH_LABEL]: copied, ...labels } = template.metadata?.labels ?? {};
  const metadata = template.metadata === undefined ? undefined : { ...template.metadata, labels };
  const plain = copied === undefined || metadata === undefined ? template : { ...template, metadata };
  const hash = podTemplateHash(plain, collisionCount);
  const own = { ...labels, [HASH_LABEL]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: replicaSetNameOf(experiment, name),
      namespace: experiment.metadata.namespace,
      labels: own,
      annotations: marksOf(experiment, name),
      ownerReferences: [controllerReference(EXPERIMENT_KIND, experiment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels: own } },
    },
  };
}
