/** What deciding needs to know of the step plugins of a Rollout. */
import type { Rollout } from "../../../schema/rollout.ts";
import { stepsOf } from "../model/defaults.ts";
import type { Snapshot } from "../model/model.ts";
import type { StepPluginFacts } from "../model/stepPlugins.ts";

/** Where they are known; `waiting`: what plugins there are has not been read yet, and the Rollout is queued once it has. */
export interface StepPluginsKnown {
  of(uid: string): { readonly facts: StepPluginFacts; readonly inFlight: string | undefined } | "waiting";
}

type Known = Pick<Snapshot, "stepPlugins" | "stepPluginCall">;

export function stepPluginsOf(plugins: StepPluginsKnown | undefined, rollout: Rollout): Known | "waiting" {
  if (plugins === undefined || !namesPlugins(rollout)) return {};
  const known = plugins.of(rollout.metadata.uid ?? "");
  if (known === "waiting") return "waiting";
  const { facts, inFlight } = known;
  return { stepPlugins: facts, ...(inFlight !== undefined && { stepPluginCall: inFlight }) };
}

/** In a step, or in what earlier steps have done. */
export const namesPlugins = (rollout: Rollout): boolean =>
  stepsOf(rollout).some(({ plugin }) => plugin !== undefined) ||
  (rollout.status?.canary?.stepPluginStatuses ?? []).length > 0;
