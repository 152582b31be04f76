/** The step plugins of a golden world: each answers after a while, as a script says. */
import type { CallStepPlugin } from "../../controller/rollout/actions/callStepPlugin.ts";
import { namesPlugins } from "../../controller/rollout/facts/stepPluginFacts.ts";
import type { Snapshot } from "../../controller/rollout/model/model.ts";
import type { StepPluginAnswer, StepPluginOutcome } from "../../controller/rollout/model/stepPlugins.ts";
import { type ConfiguredPlugin, pluginNamed } from "../../providers/metrics/pluginService.ts";
import type { Rollout } from "../../schema/rollout.ts";

export type AnswerOf = (call: CallStepPlugin) => { readonly afterMs: number; readonly answer: StepPluginAnswer };

export interface Plugins {
  readonly answerOf: AnswerOf;
  readonly configured: Map<string, ConfiguredPlugin>;
  flight: { readonly key: string; readonly at: number; readonly outcome: StepPluginOutcome } | undefined;
  outcomes: readonly StepPluginOutcome[];
}

const service = { url: "http://plugin", signedBy: undefined };

const nobody: AnswerOf = () => ({ afterMs: 0, answer: { kind: "failed", message: "nobody answers" } });

export const pluginsOf = (answerOf: AnswerOf = nobody): Plugins => ({
  answerOf,
  configured: new Map<string, ConfiguredPlugin>([
    ["acme/load", { kind: "ready", service }],
    ["acme/off", { kind: "disabled" }],
  ]),
  flight: undefined,
  outcomes: [],
});

export function callPlugin(plugins: Plugins, call: CallStepPlugin, now: number): void {
  if (plugins.flight !== undefined) return;
  const { afterMs, answer } = plugins.answerOf(call);
  const at = now + afterMs;
  plugins.flight = { key: call.key, at, outcome: { key: call.key, startedAt: now, arrivedAt: at, answer } };
}

/** What has arrived by `now`. */
export function runPlugins(plugins: Plugins, now: number): void {
  if (plugins.flight === undefined || plugins.flight.at > now) return;
  plugins.outcomes = [...plugins.outcomes, plugins.flight.outcome];
  plugins.flight = undefined;
}

/** The controller starts again: it waits for nothing that its predecessor has asked. */
export function forgetCalls(plugins: Plugins): void {
  plugins.flight = undefined;
  plugins.outcomes = [];
}

export function pluginFacts(plugins: Plugins, rollout: Rollout): Pick<Snapshot, "stepPlugins" | "stepPluginCall"> {
  if (!namesPlugins(rollout)) return {};
  const { configured, outcomes, flight } = plugins;
  const none = new Map<string, ConfiguredPlugin>();
  const lists = { stepPlugins: configured, metricProviderPlugins: none, trafficRouterPlugins: none };
  return {
    stepPlugins: { configured: (name) => pluginNamed({ kind: "read", lists }, "stepPlugins", name), outcomes },
    ...(flight !== undefined && { stepPluginCall: flight.key }),
  };
}
