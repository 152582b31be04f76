/** Making the run that a Rollout wants, under a name that leads to it again after a crash. */
import { controllerReference } from "../../../../kube/object/ownerReference.ts";
import { equal } from "../../../../kube/object/equality.ts";
import { root } from "../../../../kube/validation/place.ts";
import {
  HASH_LABEL,
  INSTANCE_LABEL,
  REVISION,
  ROLLOUT_TYPE,
  STEP_INDEX,
  TEMPLATE_GENERATIONS,
} from "../../../../schema/labels.ts";
import type { AnalysisRun, AnalysisRunSpec } from "../../../../schema/analysis.ts";
import { ROLLOUT_KIND } from "../../../../schema/kinds.ts";
import type { RolloutAnalysis } from "../../../../schema/rollout.ts";
import { newRun } from "../../../analysis/make/newRun.ts";
import { collectTemplates } from "../../../rules/analysis/templateCollection.ts";
import { type CreateAnalysisRun, createdRun } from "../../actions/createAnalysisRun.ts";
import { act, roles, statusOf, type Pass } from "../../actions/pass.ts";
import { stepIndexOf } from "../../model/defaults.ts";
import type { AnalysisFault, AnalysisKind, AnalysisRunFacts, KnownTemplates } from "../../model/model.ts";
import { hashOf, rolloutRevision } from "../../model/replicaSets.ts";
import { resolveArguments } from "./arguments.ts";
import { hasEnded, KINDS } from "../analysisKinds.ts";
import { baseNameOf } from "../analysisWishes.ts";

type Made =
  { readonly kind: "run"; readonly run: AnalysisRun } | { readonly kind: "fault"; readonly fault: AnalysisFault };

const invalid = (p: Pass, kind: AnalysisKind, why: string): Made => ({
  kind: "fault",
  fault: { reason: "InvalidAnalysis", message: `${KINDS[kind].path(p.world.rollout)}: ${why}` },
});

const NO_TEMPLATES: KnownTemplates = { namespaced: new Map(), cluster: new Map(), generationOf: () => undefined };

/** The run that a kind of analysis of this Rollout is now, under its first name. */
export function runOf(p: Pass, kind: AnalysisKind): Made {
  const { rollout } = p.world;
  const analysis = KINDS[kind].analysisOf(rollout);
  const refs = analysis?.templates ?? [];
  if (analysis === undefined || refs.length === 0)
    return invalid(p, kind, "it names no templates, so that nothing can be found out: name one, or leave it out");
  const { newRS, stableRS } = roles(p);
  const hashes = {
    latest: hashOf(newRS),
    stable: stableRS === undefined ? (statusOf(p).stableRS ?? "") : hashOf(stableRS),
  };
  const resolved = resolveArguments(analysis.args, rollout, hashes);
  if (resolved.kind === "unresolved") return invalid(p, kind, resolved.why);
  const templates = p.snapshot.templates ?? NO_TEMPLATES;
  const made = newRun({
    refs,
    templates,
    args: resolved.args,
    ...(analysis.dryRun === undefined ? {} : { dryRun: analysis.dryRun }),
    ...(analysis.measurementRetention === undefined ? {} : { measurementRetention: analysis.measurementRetention }),
    metadata: {
      name: baseNameOf(p, kind),
      namespace: rollout.metadata.namespace,
      labels: labelsOf(p, kind, analysis),
      annotations: {
        [REVISION]: String(rolloutRevision(rollout)),
        ...analysis.analysisRunMetadata?.annotations,
        [TEMPLATE_GENERATIONS]: generationsOf(analysis, templates),
      },
      ownerReferences: [controllerReference(ROLLOUT_KIND, rollout)],
    },
  });
  switch (made.kind) {
    case "run":
      return made;
    case "missing": {
      const message = `${KINDS[kind].path(rollout)}: ${made.message}; the analysis begins once it is there`;
      return { kind: "fault", fault: { reason: "AnalysisTemplateMissing", message } };
    }
    case "invalid":
      return invalid(p, kind, made.message);
    default:
      return made satisfies never;
  }
}

/** The Rollout's own labels for pods win, so that whoever selects by them finds the run, too. */
function labelsOf(p: Pass, kind: AnalysisKind, analysis: RolloutAnalysis): Record<string, string> {
  const { rollout } = p.world;
  const instance = rollout.metadata.labels?.[INSTANCE_LABEL];
  return {
    [HASH_LABEL]: hashOf(roles(p).newRS),
    [ROLLOUT_TYPE]: kind,
    ...(kind === "Step" ? { [STEP_INDEX]: String(stepIndexOf(rollout) ?? 0) } : {}),
    ...(instance === undefined || instance === "" ? {} : { [INSTANCE_LABEL]: instance }),
    ...analysis.analysisRunMetadata?.labels,
    ...rollout.spec.selector?.matchLabels,
  };
}

/** Of all templates that an analysis consists of now. */
function generationsOf({ templates: refs = [] }: RolloutAnalysis, templates: KnownTemplates): string {
  return collectTemplates(root(refs), templates)
    .found.map((template) => {
      const kind = template.cluster ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
      return `${kind}/${template.name}:${templates.generationOf(template) ?? 0}`;
    })
    .join(",");
}

/** What two runs have to agree on to be the same. */
const essence = ({ metrics, dryRun, measurementRetention, args }: AnalysisRunSpec): object => ({
  metrics,
  dryRun,
  measurementRetention,
  args,
});

const measuresTheSame = (a: AnalysisRunSpec, b: AnalysisRunSpec): boolean => equal(essence(a), essence(b));

/** A run that measures this and is not over: one that was told to end is no run to wait for. */
export const isSameRun = (existing: AnalysisRunFacts, spec: AnalysisRunSpec): boolean =>
  !hasEnded(existing) && !existing.terminated && !existing.deleting && measuresTheSame(existing.spec, spec);

/**
 * Creates the run, or takes the one that an earlier decision has created before its status could be stored. A name that
 * another run has gets a number, as in Argo Rollouts; one that was told to end is no run to wait for.
 */
export function begin(p: Pass, kind: AnalysisKind): AnalysisRunFacts | AnalysisFault {
  const made = runOf(p, kind);
  if (made.kind === "fault") return made.fault;
  const base = made.run.metadata.name;
  const { runNamesTaken = [], runFailure } = p.snapshot;
  const runs = p.world.analysisRuns ?? [];
  // Whatever its number: earlier ones may have been deleted meanwhile, and their names are free again.
  const begun = runs.find((run) => isNamedAfter(base, run.name) && isSameRun(run, made.run.spec));
  if (begun !== undefined) return begun;
  for (let number = 0; ; number += 1) {
    const name = number === 0 ? base : `${base}.${number}`;
    if (runNamesTaken.includes(name)) continue;
    const existing = runs.find((run) => run.name === name);
    if (existing === undefined) {
      if (runFailure?.name === name) return refused(p, kind, runFailure);
      const manifest = { ...made.run, metadata: { ...made.run.metadata, name } };
      const action: CreateAnalysisRun = { kind: "createAnalysisRun", name, manifest };
      act(p, action);
      return createdRun(action, p);
    }
  }
}

const isNamedAfter = (base: string, name: string): boolean => name === base || name.startsWith(`${base}.`);

const refused = (p: Pass, kind: AnalysisKind, { name, message }: { name: string; message: string }): AnalysisFault => ({
  reason: "AnalysisRunCreateError",
  message: `${KINDS[kind].path(p.world.rollout)}: Failed to create AnalysisRun "${name}": ${message}`,
});

/**
 * The run was made of templates that have been edited since, and nothing has been measured yet: whoever applies a
 * template and its Rollout together means the new one, whichever arrives first.
 */
export function isOutdated(p: Pass, kind: AnalysisKind, run: AnalysisRunFacts): boolean {
  const analysis = KINDS[kind].analysisOf(p.world.rollout);
  const { templates } = p.snapshot;
  if (analysis === undefined || templates === undefined) return false;
  if (hasEnded(run) || run.terminated || run.measured || run.generations === undefined) return false;
  if (generationsOf(analysis, templates) === run.generations) return false;
  const made = runOf(p, kind);
  return made.kind === "run" && !measuresTheSame(made.run.spec, run.spec);
}
