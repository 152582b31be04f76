/** One analysis of an Experiment (docs/behaviour/experiments.md#analyses). */
import { controllerReference } from "../../../kube/object/ownerReference.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment, ExperimentAnalysis, ExperimentAnalysisRunStatus } from "../../../schema/experiment.ts";
import { EXPERIMENT_KIND } from "../../../schema/kinds.ts";
import { INSTANCE_LABEL } from "../../../schema/labels.ts";
import type { EventReason } from "../../../schema/reasons.ts";
import { isCompleted } from "../../analysis/decide/phase.ts";
import { newRun, type NewRun } from "../../analysis/make/newRun.ts";
import { refusalKey } from "../facts/experimentFacts.ts";
import { resolveArguments } from "./arguments.ts";
import { type Draft, emit, isOver, isPastEnd, named, put } from "./draft.ts";

type Status = ExperimentAnalysisRunStatus;

export function syncAnalysis(d: Draft, analysis: ExperimentAnalysis): void {
  const before = named(d.runs, analysis.name) ?? { name: analysis.name, analysisRun: "", phase: "" };
  const after = { ...before, ...next(d, analysis, before) };
  report(d, before, after);
  put(d.runs, after);
}

/** Runs begin once all pods have been available: what they measure is there then. */
function next(d: Draft, analysis: ExperimentAnalysis, before: Status): Partial<Status> {
  const { experiment, runs } = d.facts;
  if (isCompleted(before.phase)) return {};
  if (before.analysisRun === "") {
    if (d.isTerminating || experiment.status?.availableAt === undefined) return {};
    return begun(d, analysis);
  }
  const run = runs.get(before.analysisRun);
  if (run === undefined)
    return { phase: "Error", message: `analysisruns.argoproj.io "${before.analysisRun}" not found` };
  const { phase = "", message } = run.status ?? {};
  // It has not been looked at yet.
  if (phase === "") return d.isTerminating ? ended(d, analysis, run) : {};
  // One that is required is waited for, though all is to end.
  if (!d.isTerminating || (isCompleted(phase) && !isOver(experiment))) return { phase, message };
  return ended(d, analysis, run);
}

function ended(d: Draft, analysis: ExperimentAnalysis, run: AnalysisRun): Partial<Status> {
  if (!isCompleted(run.status?.phase) && run.spec.terminate !== true) {
    d.actions.push({ kind: "terminateAnalysisRun", name: run.metadata.name, uid: run.metadata.uid ?? "" });
    const text = `Terminating ${analysis.name} (${run.metadata.name})`;
    emit(d, "action", { reason: "AnalysisRunTerminating", message: text });
  }
  return {};
}

const baseNameOf = ({ metadata }: Experiment, { name }: Pick<ExperimentAnalysis, "name">): string =>
  `${metadata.name}-${name}`;

/** One that an earlier decision has created before its status could be stored is taken, whatever it has found. */
function begun(d: Draft, analysis: ExperimentAnalysis): Partial<Status> {
  const { runs, refusals, namesTaken, experiment } = d.facts;
  const base = baseNameOf(experiment, analysis);
  const others = new Set((experiment.spec.analyses ?? []).map((each) => baseNameOf(experiment, each)));
  const made = runOf(d, analysis);
  for (let number = 0; ; number += 1) {
    const name = number === 0 ? base : `${base}.${number}`;
    if (namesTaken.includes(name) || (number > 0 && others.has(name))) continue;
    if (runs.has(name)) return { analysisRun: name, phase: "Pending" };
    switch (made.kind) {
      case "missing":
        return waiting(d, analysis, made.message);
      case "invalid":
        return cannotBegin(analysis, made.message);
      case "run": {
        const refusal = refusals.get(refusalKey("createAnalysisRun", name));
        if (refusal !== undefined) return cannotBegin(analysis, refusal);
        const metadata = { ...made.run.metadata, name };
        d.actions.push({ kind: "createAnalysisRun", name, manifest: { ...made.run, metadata } });
        return { analysisRun: name, phase: "Pending", message: undefined };
      }
      default:
        return made satisfies never;
    }
  }
}

const cannotBegin = ({ name }: ExperimentAnalysis, why: string): Partial<Status> => ({
  phase: "Error",
  message: `Failed to create AnalysisRun for analysis '${name}': ${why}`,
});

/** A template may be on its way; but an analysis that has not even begun when all is over has found nothing out. */
function waiting(d: Draft, { name, clusterScope }: ExperimentAnalysis, why: string): Partial<Status> {
  if (!isPastEnd(d.facts.experiment, d.now)) return { message: `${why}; the analysis begins once it is there` };
  const kind = clusterScope === true ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
  return { phase: "Error", message: `${kind} verification failed for analysis '${name}': ${why}` };
}

function runOf({ facts }: Draft, analysis: ExperimentAnalysis): NewRun {
  const { experiment, templates, replicaSets } = facts;
  if (templates === undefined) return { kind: "missing", message: "its templates have not been read yet", names: [] };
  const args = resolveArguments(analysis.args ?? [], experiment, replicaSets);
  if (args.kind === "unresolved") return { kind: "invalid", message: args.why };
  const { dryRun, measurementRetention, analysisRunMetadata: extra } = experiment.spec;
  const instance = experiment.metadata.labels?.[INSTANCE_LABEL] ?? "";
  const labels = { ...(instance === "" ? {} : { [INSTANCE_LABEL]: instance }), ...extra?.labels };
  return newRun({
    refs: [
      {
        templateName: analysis.templateName,
        ...(analysis.clusterScope === undefined ? {} : { clusterScope: analysis.clusterScope }),
      },
    ],
    templates,
    args: args.args,
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(measurementRetention === undefined ? {} : { measurementRetention }),
    metadata: {
      name: baseNameOf(experiment, analysis),
      namespace: experiment.metadata.namespace,
      labels,
      annotations: { ...extra?.annotations },
      ownerReferences: [controllerReference(EXPERIMENT_KIND, experiment)],
    },
  });
}

const REASONS: Readonly<Record<string, EventReason>> = {
  Pending: "AnalysisRunPending",
  Running: "AnalysisRunRunning",
  Successful: "AnalysisRunSuccessful",
  Failed: "AnalysisRunFailed",
  Error: "AnalysisRunError",
  Inconclusive: "AnalysisRunInconclusive",
};

/** The Rollout whose step it is gets the event, too, always as a warning: notifications listen to it. */
function report(d: Draft, before: Status, { name, phase, message = "" }: Status): void {
  const reason = REASONS[phase];
  if (reason === undefined || before.phase === phase) return;
  const text = `AnalysisRun '${name}' transitioned from ${before.phase} -> ${phase}`;
  const event = { reason, message: message === "" ? text : `${text}: ${message}` };
  const isBad = isCompleted(phase) && phase !== "Successful";
  emit(d, "status", { ...event, type: isBad ? "Warning" : "Normal" });
  if (d.facts.rollout !== undefined) emit(d, "status", { ...event, type: "Warning" }, "rollout");
}
