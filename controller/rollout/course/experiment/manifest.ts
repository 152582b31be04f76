/** The Experiment that a step describes (docs/behaviour/experiments.md#an-experiment-as-a-step). */
import { controllerReference } from "../../../../kube/object/ownerReference.ts";
import type { Experiment, ExperimentAnalysis, ExperimentSpec } from "../../../../schema/experiment.ts";
import { ROLLOUT_KIND } from "../../../../schema/kinds.ts";
import { HASH_LABEL, INSTANCE_LABEL, REVISION } from "../../../../schema/labels.ts";
import type { RolloutExperiment, RolloutExperimentTemplate } from "../../../../schema/rollout.ts";
import { roles, type Pass } from "../../actions/pass.ts";
import type { TemplateSource } from "../../actions/createExperiment.ts";
import { stepIndexOf } from "../../model/defaults.ts";
import { experimentNameOf } from "../../model/experiments.ts";
import type { AnalysisFault } from "../../model/model.ts";
import { hashOf, rolloutRevision } from "../../model/replicaSets.ts";
import { resolveArguments } from "../analysis/arguments.ts";

export type Made =
  /** The pod templates are not in the manifest yet: they are read when it is sent. */
  | { readonly kind: "made"; readonly manifest: Experiment; readonly sources: readonly TemplateSource[] }
  | { readonly kind: "fault"; readonly fault: AnalysisFault };

export const stepPath = (p: Pass): string =>
  `spec.strategy.canary.steps[${stepIndexOf(p.world.rollout) ?? 0}].experiment`;

const invalid = (p: Pass, why: string): Made => ({
  kind: "fault",
  fault: { reason: "InvalidExperiment", message: `${stepPath(p)}: ${why}` },
});

export function manifestOf(p: Pass, step: RolloutExperiment): Made {
  const { rollout } = p.world;
  const { newRS } = roles(p);
  const sources: TemplateSource[] = [];
  for (const [index, template] of step.templates.entries()) {
    const source = sourceOf(p, template);
    if (source === undefined)
      return invalid(p, `templates[${index}].specRef: Invalid template step SpecRef: must be canary or stable`);
    sources.push(source);
  }
  const analyses = analysesOf(p, step);
  if (typeof analyses === "string") return invalid(p, analyses);
  const { metadata } = rollout;
  const instance = metadata.labels?.[INSTANCE_LABEL] ?? "";
  const manifest: Experiment = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Experiment",
    metadata: {
      name: experimentNameOf(rollout, newRS),
      namespace: metadata.namespace,
      labels: {
        ...metadata.labels,
        [HASH_LABEL]: hashOf(newRS),
        ...(instance === "" ? {} : { [INSTANCE_LABEL]: instance }),
      },
      annotations: { [REVISION]: String(rolloutRevision(rollout)) },
      ownerReferences: [controllerReference(ROLLOUT_KIND, rollout)],
    },
    spec: specOf(p, step, sources, analyses),
  };
  return { kind: "made", manifest, sources };
}

function specOf(
  { world }: Pass,
  step: RolloutExperiment,
  sources: readonly TemplateSource[],
  analyses: readonly ExperimentAnalysis[],
): ExperimentSpec {
  const { progressDeadlineSeconds } = world.rollout.spec;
  const { duration, dryRun, scaleDownDelaySeconds, analysisRunMetadata = {} } = step;
  return {
    templates: step.templates.map(({ name, replicas, selector, weight, service }, index) => ({
      name,
      ...(replicas === undefined ? {} : { replicas }),
      ...(weight === undefined && service === undefined
        ? {}
        : { service: (service?.name ?? "") === "" ? {} : { name: service?.name ?? "" } }),
      selector: selector ?? {},
      template: { metadata: { labels: { [HASH_LABEL]: sources[index]?.hash ?? "" } } },
    })),
    ...(duration === undefined || duration === "" ? {} : { duration }),
    ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
    ...(analyses.length === 0 ? {} : { analyses: [...analyses] }),
    ...(scaleDownDelaySeconds === undefined ? {} : { scaleDownDelaySeconds }),
    ...(dryRun === undefined ? {} : { dryRun }),
    analysisRunMetadata,
  };
}

function sourceOf(p: Pass, template: RolloutExperimentTemplate): TemplateSource | undefined {
  const { newRS, stableRS } = roles(p);
  const { specRef, metadata = {} } = template;
  const set = specRef === "canary" ? newRS : specRef === "stable" ? stableRS : undefined;
  return set && { replicaSet: set.name, hash: hashOf(set), metadata, keepsSelector: template.selector !== undefined };
}

/** Their arguments are resolved against the Rollout; or why one cannot be. */
function analysesOf(p: Pass, { analyses = [] }: RolloutExperiment): readonly ExperimentAnalysis[] | string {
  const { newRS, stableRS } = roles(p);
  const hashes = { latest: hashOf(newRS), stable: hashOf(stableRS) };
  const made: ExperimentAnalysis[] = [];
  for (const [index, { args, ...analysis }] of analyses.entries()) {
    const resolved = resolveArguments(args, p.world.rollout, hashes);
    if (resolved.kind === "unresolved") return `analyses[${index}].${resolved.why}`;
    made.push({ ...analysis, ...(resolved.args.length === 0 ? {} : { args: [...resolved.args] }) });
  }
  return made;
}
