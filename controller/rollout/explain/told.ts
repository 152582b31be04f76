/**
 * What only the process that drives a Rollout knows, as far as it has told it in the status: refusals of the API server,
 * and plugins that it cannot ask.
 */
import type { Rollout } from "../../../schema/rollout.ts";
import type { Snapshot } from "../model/model.ts";
import { findCondition } from "../model/rolloutConditions.ts";
import type { StepPluginFacts } from "../model/stepPlugins.ts";

type Refusals = Pick<Snapshot, "createFailure" | "runFailure" | "experimentFailure">;

const refusals: readonly (readonly [member: keyof Refusals, type: string, reason: string, text: RegExp])[] = [
  ["createFailure", "Progressing", "ReplicaSetCreateError", /^Failed to create new replica set "([^"]+)": (.*)$/s],
  ["runFailure", "AnalysisFailure", "AnalysisRunCreateError", /: Failed to create AnalysisRun "([^"]+)": (.*)$/s],
  ["experimentFailure", "AnalysisFailure", "ExperimentCreateError", /: Failed to create Experiment "([^"]+)": (.*)$/s],
];

/** The refusals that the status tells, as facts of the next decision: the same will be tried, and refused, again. */
export function toldRefusals({ status }: Rollout): Refusals {
  return Object.fromEntries(
    refusals.flatMap(([member, type, reason, text]) => {
      const condition = findCondition(status?.conditions, type);
      const [, name, message] = condition?.reason === reason ? (text.exec(condition.message) ?? []) : [];
      return name === undefined || message === undefined ? [] : [[member, { name, message }] as const];
    }),
  );
}

/** Plugins are taken for usable unless the status says otherwise: their configuration is the controller's own. */
export function toldPlugins({ status }: Rollout): StepPluginFacts {
  const failure = findCondition(status?.conditions, "StepPluginFailure")?.message;
  const [, named, problem = ""] = /failed to get step plugin (\S+): (.*)$/s.exec(failure ?? "") ?? [];
  return {
    outcomes: [],
    configured: (name) =>
      name === named
        ? { kind: "unusable", problem }
        : { kind: "ready", service: { url: "http://plugin.invalid", signedBy: undefined } },
  };
}
