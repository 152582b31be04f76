import { expect, test } from "bun:test";
import type { Rollout, RolloutStatus } from "../../schema/rollout.ts";
import { shownPhaseWith } from "./workloadPhase.ts";

const rollout = (status: RolloutStatus): Rollout => ({
  metadata: { name: "web", namespace: "shop", generation: 4 },
  spec: {},
  status: { observedGeneration: "4", phase: "Healthy", message: "", ...status },
});

const REFERENCE = "waiting for rollout spec update to be observed for the reference workload";

test.each<[string, RolloutStatus, number | undefined, string, string]>([
  ["the workload that the controller has seen", { workloadObservedGeneration: "7" }, 7, "Healthy", ""],
  ["one that has changed since", { workloadObservedGeneration: "7" }, 8, "Progressing", REFERENCE],
  ["one that was made again", { workloadObservedGeneration: "7" }, 1, "Progressing", REFERENCE],
  ["one that is not there, or may not be read", { workloadObservedGeneration: "7" }, undefined, "Healthy", ""],
  ["one whose generation nobody wrote down", {}, 8, "Healthy", ""],
  [
    "a Rollout that has changed, too",
    { workloadObservedGeneration: "7", observedGeneration: "3" },
    8,
    "Progressing",
    "waiting for rollout spec update to be observed",
  ],
])("the phase with %s", (_, status, generation, phase, message) => {
  expect(shownPhaseWith(rollout(status), generation)).toEqual({ phase, message });
});
