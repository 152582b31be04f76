import { expect, test } from "bun:test";
import type { Rollout } from "../../schema/rollout.ts";
import { progressLine } from "./lines.ts";

const web = (spec: Rollout["spec"], status: Rollout["status"]): Rollout => ({
  metadata: { name: "web", namespace: "shop" },
  spec: { replicas: 4, ...spec },
  status,
});
const steps: Rollout["spec"] = { strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } } };
const moving = { phase: "Progressing", message: "" };

test.each<[string, Rollout, { phase: string; message: string }, number, string]>([
  [
    "in its steps",
    web(steps, { currentStepIndex: 0, updatedReplicas: 1, availableReplicas: 4 }),
    moving,
    30_000,
    "web is Progressing after 30s: step 1 of 2, 1 of 4 pods updated, 4 available",
  ],
  [
    "behind its steps",
    web(steps, { currentStepIndex: 2, updatedReplicas: 4, availableReplicas: 3 }),
    moving,
    90_000,
    "web is Progressing after 1m30s: 4 of 4 pods updated, 3 available",
  ],
  [
    "without a status",
    web({}, undefined),
    moving,
    120_000,
    "web is Progressing after 2m: 0 of 4 pods updated, 0 available",
  ],
  [
    "that waits for a person",
    web(steps, { currentStepIndex: 1, updatedReplicas: 1, availableReplicas: 4 }),
    { phase: "Paused", message: "CanaryPauseStep" },
    60_000,
    "web is Paused after 1m: step 2 of 2, 1 of 4 pods updated, 4 available; sluice promote web goes on",
  ],
])("a person is told how far a Rollout is %s", (_, rollout, shown, waited, line) => {
  expect(progressLine(rollout, shown, waited)).toBe(line);
});
