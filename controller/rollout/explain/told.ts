/**
 * What only the process that drives a Rollout knows, as far as it has told it in the status: refusals of the API server,
 * and plugins that it cannot ask.
 */
import type { Rollout } from "../../../schema/rollout.ts";
import type { Snapshot } from "../model/model.ts";
import { findCondition } from "../model/rolloutConditions.ts";
import type { RouterPluginFacts } from "../model/routerPlugins.ts";
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

/**
 * What routers that are plugins have answered, as far as the status tells: weights that it records are confirmed, and
 * others are being asked for, unless it says why they cannot be had.
 */
export function toldRouterPlugins({ status }: Rollout): RouterPluginFacts {
  const failure = findCondition(status?.conditions, "TrafficRoutingFailure")?.message ?? "";
  const [, unasked, problem = ""] = /^plugin (\S+) cannot be asked to [^:]+: (.*)$/s.exec(failure) ?? [];
  const [, failing, message = ""] = /^setting .+ by plugin (\S+) failed: (.*)$/s.exec(failure) ?? [];
  const { canary, verified } = status?.canary?.weights ?? {};
  return {
    stateOf({ plugin, traffic: { canaryHash, canaryWeight } }) {
      if (plugin === unasked) return { kind: "unusable", problem };
      const answered = { kind: "answered", isDue: false, dueAt: Infinity } as const;
      if (plugin === failing) return { ...answered, answer: { kind: "failed", message } };
      const isSet = canary?.weight === canaryWeight && canary.podTemplateHash === canaryHash;
      return isSet
        ? { ...answered, answer: { kind: "routes", verified, message: "" } }
        : { kind: "unanswered", isAsked: true };
    },
  };
}
