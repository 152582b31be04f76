import { expect, test } from "bun:test";
import type { StepPluginStatus } from "../../schema/rollout.ts";
import type { StepFacts } from "./kind.ts";
import { plugin } from "./plugin.ts";

const entry = (operation: string, phase?: string, more: Partial<StepPluginStatus> = {}): StepPluginStatus => ({
  index: 0,
  name: "acme/load",
  operation,
  ...(phase === undefined ? {} : { phase }),
  ...more,
});

test.each<[string, StepPluginStatus[], string]>([
  ["has no entry", [], "PluginNotStarted"],
  ["has not answered yet", [entry("Run")], "PluginNotOver"],
  ["runs", [entry("Run", "Running")], "PluginNotOver"],
  ["has not answered well", [entry("Run", "Error")], "PluginNotOver"],
  ["has failed, which aborts the update", [entry("Run", "Failed")], "PluginNotOver"],
  ["has succeeded", [entry("Run", "Successful")], "done"],
  ["is disabled", [entry("Run", undefined, { disabled: true })], "done"],
  ["was told to end while it ran", [entry("Run", "Running"), entry("Terminate", "Failed")], "done"],
  ["was reverted while it ran", [entry("Run", "Running"), entry("Abort", "Successful")], "done"],
])("a step whose plugin %s", (_, entries, expected) => {
  const verdict = plugin.verdict({ plugin: { name: "acme/load" } }, {
    pluginEntries: () => entries,
  } as unknown as StepFacts);
  expect<string>(verdict.kind === "done" ? "done" : verdict.reason).toBe(expected);
});
