/** What the golden stories of analyses and of Experiments have in common: how what judges an update ends, and the update. */
import { image } from "./edits.ts";
import type { World } from "./goldenWorld.ts";

interface Outcome {
  readonly afterMs: number;
  readonly phase: string;
  readonly message?: string;
}

/** Of an AnalysisRun or an Experiment, by name. */
export const OUTCOMES: Readonly<Record<string, Outcome | undefined>> = {
  successful: { afterMs: 30_000, phase: "Successful" },
  failed: {
    afterMs: 30_000,
    phase: "Failed",
    message: 'Metric "errors" assessed Failed due to failed (1) > failureLimit (0)',
  },
  error: { afterMs: 30_000, phase: "Error" },
  inconclusive: { afterMs: 30_000, phase: "Inconclusive" },
};

export const SERVICES = ["stable", "canary", "active", "preview"];

/** `web:1` serves, and `web:2` is rolled out. */
export function update(world: World): World {
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  return world;
}
