/** Runs a step plugin and waits for its end (docs/plugins.md#step-plugins). */
import { done, hold, type StepKind } from "./kind.ts";

export const plugin: StepKind = {
  verdict(_, { pluginEntries }) {
    const entries = pluginEntries();
    const run = entries.find(({ operation }) => operation === "Run");
    if (run === undefined) return hold("PluginNotStarted");
    // One that has failed aborts the update; and one that was ended is not waited for.
    const { phase = "Running", disabled } = run;
    const isOver = disabled === true || phase === "Successful" || (phase === "Running" && entries.length > 1);
    return isOver ? done : hold("PluginNotOver");
  },
  words: (step) => `plugin: ${step.plugin?.name}`,
};
