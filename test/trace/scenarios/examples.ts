/** The shared example manifests that need neither analysis, experiments nor routers. */
import type { Scenario } from "../scenario.ts";

const yellow = { image: "argoproj/rollouts-demo:yellow" };

export const examples: readonly Scenario[] = [
  {
    name: "example-canary",
    rollout: { example: "rollout-canary.yaml", name: "rollout-canary" },
    story: [
      [yellow, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Paused step 5"],
    ],
  },
  {
    name: "example-blue-green",
    rollout: { example: "rollout-bluegreen.yaml", name: "rollout-bluegreen" },
    story: [
      [yellow, "Paused"],
      ["promote", "Healthy sizes 2 2"],
    ],
  },
  {
    name: "example-rolling-update",
    rollout: { example: "rollout-rolling-update.yaml", name: "rollout-rollingupdate" },
    story: [[yellow, "Healthy sizes 0 5"]],
  },
  {
    name: "example-template-ref",
    rollout: { example: "rollout-template-ref.yaml", name: "rollout-ref-deployment" },
    story: [
      [
        {
          patch: { spec: { template: { spec: { containers: [{ name: "rollouts-demo", ...yellow }] } } } },
          of: "Deployment/rollout-ref-deployment",
        },
        "Paused step 1",
      ],
      ["wait", "Healthy"],
    ],
  },
];
