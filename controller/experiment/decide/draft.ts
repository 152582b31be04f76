/** One pass over an Experiment. A draft is the only mutable thing in this folder, and never leaves the decision. */
import { instant } from "../../../kube/object/time.ts";
import { goDurationMs } from "../../../kube/object/goDuration.ts";
import type { Experiment, ExperimentAnalysisRunStatus, ExperimentTemplateStatus } from "../../../schema/experiment.ts";
import type { EventReason } from "../../../schema/reasons.ts";
import { isCompleted } from "../../analysis/decide/phase.ts";
import type { ExperimentFacts } from "../facts/experimentFacts.ts";
import type { ExperimentAction, ExperimentEvent } from "./decision.ts";

export interface Draft {
  readonly facts: ExperimentFacts;
  readonly now: number;
  /** By the stored status: nothing follows from what only this pass has found. */
  readonly isTerminating: boolean;
  readonly templates: ExperimentTemplateStatus[];
  readonly runs: ExperimentAnalysisRunStatus[];
  readonly actions: ExperimentAction[];
  readonly events: ExperimentEvent[];
  readonly wakeAts: number[];
}

export function emit(
  d: Draft,
  after: "action" | "status",
  event: { readonly reason: EventReason; readonly message: string; readonly type?: ExperimentEvent["type"] },
  on: ExperimentEvent["on"] = "experiment",
): void {
  d.events.push({ type: "Normal", ...event, on, after: after === "action" ? d.actions.length : after });
}

/** Replaces the entry of the same name, or adds it. */
export function put<T extends { readonly name: string }>(list: T[], entry: T): void {
  const index = list.findIndex(({ name }) => name === entry.name);
  if (index < 0) list.push(entry);
  else list[index] = entry;
}

export const named = <T extends { readonly name: string }>(
  list: readonly T[] | undefined,
  name: string,
): T | undefined => list?.find((entry) => entry.name === name);

type Judged = Pick<Experiment, "spec" | "status">;

export const isOver = ({ status }: Judged): boolean => isCompleted(status?.phase);

/** At least one analysis is required, and all that are have succeeded. */
export function requiredSucceeded({ spec, status }: Judged): boolean {
  const required = (spec.analyses ?? []).filter(({ requiredForCompletion }) => requiredForCompletion === true);
  const phaseOf = (name: string): string | undefined => named(status?.analysisRuns, name)?.phase;
  return required.length > 0 && required.every(({ name }) => phaseOf(name) === "Successful");
}

/** Its pods and analyses are to go (docs/behaviour/experiments.md#its-end). */
export function isTerminating(experiment: Judged): boolean {
  const { spec, status } = experiment;
  if (spec.terminate === true || isOver(experiment)) return true;
  const isBad = (status?.templateStatuses ?? []).some(({ status: of }) => of === "Failed" || of === "Error");
  const isUnwell = (status?.analysisRuns ?? []).some(({ phase }) => isCompleted(phase) && phase !== "Successful");
  return isBad || isUnwell || requiredSucceeded(experiment);
}

/** When its duration is over, ms since the epoch; undefined: it has not begun, or has no end of its own. */
export function endOf({ spec, status }: Judged): number | undefined {
  const since = instant(status?.availableAt);
  const ms = spec.duration === undefined || spec.duration === "" ? undefined : goDurationMs(spec.duration);
  return since === undefined || ms === undefined ? undefined : since + ms;
}

export function isPastEnd(experiment: Judged, now: number): boolean {
  const end = endOf(experiment);
  return end !== undefined && end <= now;
}
