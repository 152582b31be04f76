/** Creates the Experiment of a canary step (docs/behaviour/experiments.md#an-experiment-as-a-step). */
import { EXPERIMENTS } from "../../../kube/client/resources.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { Experiment, ExperimentSpec } from "../../../schema/experiment.ts";
import type { LabelsAndAnnotations, ReplicaSet } from "../../../schema/kube.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { ExperimentFacts } from "../model/model.ts";
import type { ActionRow, Basis } from "./row.ts";

/** Where a template gets its pods from, in the order of the templates. */
export interface TemplateSource {
  readonly replicaSet: string;
  readonly hash: string;
  /** What its pods get beside that. */
  readonly metadata: LabelsAndAnnotations;
  /** The step has a selector of its own. */
  readonly keepsSelector: boolean;
}

export interface CreateExperiment {
  readonly kind: "createExperiment";
  readonly name: string;
  /** Without the pods, which are copied from the ReplicaSets as they are when it is sent. */
  readonly manifest: Experiment;
  readonly sources: readonly TemplateSource[];
}

/** ReplicaSets by name. */
export type CopiedFrom = ReadonlyMap<string, ReplicaSet>;

type Template = ExperimentSpec["templates"][number];

/** What two Experiments have to agree on to be the same; their pods are told apart by the hashes they come from. */
export const outlineOf = (spec: ExperimentSpec): ExperimentFacts["outline"] => ({
  ...spec,
  terminate: undefined,
  templates: spec.templates.map(({ name, replicas, service, template }) => ({
    name,
    replicas,
    service,
    hash: template.metadata?.labels?.[HASH_LABEL],
  })),
});

const created = ({ name, manifest }: CreateExperiment, { now }: Basis): ExperimentFacts => ({
  name,
  uid: "",
  labels: manifest.metadata.labels ?? {},
  createdAt: Date.parse(timestamp(now)),
  deleting: false,
  phase: "",
  message: "",
  terminated: false,
  templates: [],
  outline: outlineOf(manifest.spec),
});

/** The labels that pods get are selected as well. */
function withPods(template: Template, source: TemplateSource | undefined, copied: CopiedFrom): Template {
  const set = source === undefined ? undefined : copied.get(source.replicaSet);
  if (source === undefined || set === undefined)
    throw new Error(`No ReplicaSet to copy template "${template.name}" from`);
  const { labels = {}, annotations = {} } = source.metadata;
  const { minReadySeconds = 0, template: pods = {} } = set.spec;
  const selector = source.keepsSelector ? template.selector : set.spec.selector;
  const { creationTimestamp: _, ...metadata } = (pods.metadata ?? {}) as { creationTimestamp?: unknown };
  const own = metadata as NonNullable<typeof pods.metadata>;
  return {
    ...template,
    ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
    selector: {
      ...selector,
      ...(Object.keys(labels).length === 0 ? {} : { matchLabels: { ...selector?.matchLabels, ...labels } }),
    },
    template: {
      ...pods,
      metadata: {
        ...own,
        labels: { ...own.labels, ...labels },
        ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...own.annotations, ...annotations } }),
      },
    },
  };
}

export const createExperiment = {
  effect: (world, action, basis) => ({
    ...world,
    experiments: [...(world.experiments ?? []), created(action, basis)],
  }),
  requests: ({ name, manifest, sources }, copied: CopiedFrom) => {
    const templates = manifest.spec.templates.map((template, index) => withPods(template, sources[index], copied));
    return [
      {
        verb: "create",
        resource: EXPERIMENTS,
        name,
        body: { ...manifest, spec: { ...manifest.spec, templates } },
      },
    ];
  },
  words: ({ name }) => `create Experiment "${name}"`,
  target: ({ name }) => `Experiment/${name}`,
} as const satisfies ActionRow<CreateExperiment, CopiedFrom>;
