/**
 * What to do about one Experiment, from what is known at one instant (docs/behaviour/experiments.md). Pure and total.
 * What follows from a phase follows from the stored one: a crash between two writes undoes nothing.
 */
import { LIMITS, spend, tooCostly, TooCostlyError, within } from "../../../kube/object/budget.ts";
import { equal } from "../../../kube/object/equality.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { Experiment, ExperimentStatus } from "../../../schema/experiment.ts";
import type { EventReason } from "../../../schema/reasons.ts";
import { isCompleted } from "../../analysis/decide/phase.ts";
import type { ExperimentFacts } from "../facts/experimentFacts.ts";
import { syncAnalysis } from "./analyses.ts";
import { assessAnalyses, assessTemplates, type Outcome } from "./assess.ts";
import { conditionsOf, invalidConditions } from "./conditions.ts";
import { type ExperimentDecision, nothing } from "./decision.ts";
import { type Draft, emit, endOf, isTerminating, requiredSucceeded } from "./draft.ts";
import { syncTemplate } from "./templates.ts";

/** @param now ms since the epoch */
export function decideExperiment(facts: ExperimentFacts, now: number): ExperimentDecision {
  const decided = within(LIMITS.decision, () => decideWithin(facts, now));
  if (!(decided instanceof TooCostlyError)) return decided;
  return held(facts.experiment, `spec: ${tooCostly(decided, LIMITS.decision, "decide about")}`, now);
}

function decideWithin(facts: ExperimentFacts, now: number): ExperimentDecision {
  const { experiment, invalid } = facts;
  if (experiment.metadata.deletionTimestamp !== undefined) return nothing;
  if (invalid !== undefined) return held(experiment, invalid, now);
  const { spec, status = {} } = experiment;
  const d: Draft = {
    facts,
    now,
    isTerminating: isTerminating(experiment),
    templates: [...(status.templateStatuses ?? [])],
    runs: [...(status.analysisRuns ?? [])],
    actions: [],
    events: [],
    wakeAts: [],
  };
  for (const template of spec.templates) {
    spend(100, "looking through its templates");
    syncTemplate(d, template);
  }
  for (const analysis of spec.analyses ?? []) {
    spend(100, "looking through its analyses");
    syncAnalysis(d, analysis);
  }
  return concluded(d, statusOf(d));
}

/** As it is, but for the condition: the edit may be taken back. */
function held(experiment: Experiment, why: string, now: number): ExperimentDecision {
  const { status = {} } = experiment;
  const conditions = invalidConditions(experiment, why, now);
  return conditions === status.conditions
    ? nothing
    : { ...nothing, status: { ...status, conditions: [...conditions] } };
}

function statusOf(d: Draft): ExperimentStatus {
  const { experiment } = d.facts;
  const { spec, status: before = {} } = experiment;
  const draft: ExperimentStatus = {
    ...before,
    templateStatuses: d.templates,
    ...(d.runs.length === 0 ? {} : { analysisRuns: d.runs }),
  };
  const next = { ...draft, ...phaseOf(d, draft) };
  report(d, before.phase ?? "", next.phase ?? "");
  return { ...next, conditions: conditionsOf({ ...experiment, spec }, next, d.now) };
}

/** An Experiment that is over stays what it has come to. */
function phaseOf(d: Draft, draft: ExperimentStatus): Pick<ExperimentStatus, "phase" | "message" | "availableAt"> {
  const { spec } = d.facts.experiment;
  const phase = draft.phase ?? "";
  if (phase === "") return { phase: "Pending" };
  if (isCompleted(phase)) return {};
  const templates = assessTemplates(spec, draft);
  const availableAt = draft.availableAt ?? (templates.phase === "Running" ? timestamp(d.now) : undefined);
  const outcome = outcomeOf(d, draft, templates);
  return { ...outcome, ...(availableAt === undefined ? {} : { availableAt }) };
}

function outcomeOf(d: Draft, draft: ExperimentStatus, templates: Outcome): Outcome {
  const { spec } = d.facts.experiment;
  const analyses = assessAnalyses(spec, draft);
  const isRequired = (spec.analyses ?? []).some(({ requiredForCompletion }) => requiredForCompletion === true);
  if (isCompleted(templates.phase)) {
    const defers = templates.phase === "Successful" && (isCompleted(analyses.phase) || isRequired);
    return defers ? analyses : templates;
  }
  if (isCompleted(analyses.phase) && analyses.phase !== "Successful") return analyses;
  if (requiredSucceeded({ spec, status: draft })) return analyses;
  const waits = d.runs.find(({ phase, message = "" }) => phase === "" && message !== "");
  return templates.message === "" ? { ...templates, message: waits?.message ?? "" } : templates;
}

const REASONS: Readonly<Record<string, EventReason>> = {
  Pending: "ExperimentPending",
  Running: "ExperimentRunning",
  Successful: "ExperimentSuccessful",
  Failed: "ExperimentFailed",
  Error: "ExperimentError",
  Inconclusive: "ExperimentInconclusive",
};

function report(d: Draft, before: string, phase: string): void {
  const reason = REASONS[phase];
  if (reason === undefined || before === phase) return;
  const type = isCompleted(phase) && phase !== "Successful" ? "Warning" : "Normal";
  emit(d, "status", { reason, type, message: `Experiment transitioned from ${before} -> ${phase}` });
}

/** Fields that are empty are left out, as the reference's encoding does. */
function tidy<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function concluded(d: Draft, next: ExperimentStatus): ExperimentDecision {
  const { experiment } = d.facts;
  const { message = "", ...rest } = next;
  const after: ExperimentStatus = tidy({
    ...rest,
    ...(message === "" ? {} : { message }),
    templateStatuses: next.templateStatuses?.map(tidy),
    analysisRuns: next.analysisRuns?.map(({ message: text = "", ...run }) =>
      text === "" ? run : { ...run, message: text },
    ),
  });
  const isChanged = !equal(experiment.status ?? {}, after);
  // Once it ends only the deadline of its pods is left.
  const end = isTerminating({ ...experiment, status: after }) ? undefined : endOf({ ...experiment, status: after });
  const wakeAts = [...d.wakeAts, ...(end === undefined ? [] : [end])].filter((at) => at > d.now);
  return {
    actions: d.actions,
    status: isChanged ? after : undefined,
    events: d.events.filter(({ after: when }) => isChanged || when !== "status"),
    wakeAt: wakeAts.length === 0 ? undefined : Math.min(...wakeAts),
  };
}
