/** The Service of a template (docs/behaviour/experiments.md#services). */
import { controllerReference } from "../../../kube/object/ownerReference.ts";
import { at, items, root, text, whole } from "../../../kube/validation/place.ts";
import type { Experiment, ExperimentTemplate } from "../../../schema/experiment.ts";
import { EXPERIMENT_KIND } from "../../../schema/kinds.ts";
import type { Service } from "../../../schema/kube.ts";
import type { ReplicaSetFacts } from "../../rollout/model/model.ts";
import { marksOf } from "./replicaSet.ts";

export const serviceNameOf = (template: ExperimentTemplate, { name }: ReplicaSetFacts): string =>
  template.service?.name === undefined || template.service.name === "" ? name : template.service.name;

/** All ports of all containers; undefined: they have none, so there is nothing to serve. */
export function serviceOf(
  experiment: Experiment,
  template: ExperimentTemplate,
  replicaSet: ReplicaSetFacts,
): Service | undefined {
  const ports = items(at(root(template.template), "spec", "containers"))
    .flatMap((container) => items(at(container, "ports")))
    .flatMap((place) => {
      const port = whole(at(place, "containerPort"));
      if (port === undefined) return [];
      const name = text(at(place, "name"));
      const protocol = text(at(place, "protocol")) || "TCP";
      return [{ ...(name === "" ? {} : { name }), protocol, port, targetPort: port }];
    });
  if (ports.length === 0) return undefined;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: serviceNameOf(template, replicaSet),
      namespace: experiment.metadata.namespace,
      annotations: marksOf(experiment, template.name),
      ownerReferences: [controllerReference(EXPERIMENT_KIND, experiment)],
    },
    spec: { selector: { ...replicaSet.labels }, ports },
  };
}
