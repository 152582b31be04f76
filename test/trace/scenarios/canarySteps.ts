/** Canary steps without a router: the share of pods is the share of traffic. */
import { canary, pause, setWeight } from "../../golden/edits.ts";
import { apart, broken, rollout } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

const halves = canary([setWeight(50), pause()]);
const quarters = canary([setWeight(25), pause(), setWeight(50), pause()]);

/** Of the new revision, three pods at most are ever ready. */
const threeReady = {
  template: {
    metadata: { labels: { app: "web", apart: "yes" } },
    spec: { affinity: apart, containers: [{ name: "web", image: "web:2" }] },
  },
};

export const canarySteps: readonly Scenario[] = [
  {
    name: "steps-to-the-end",
    rollout: rollout({
      replicas: 5,
      strategy: canary([setWeight(20), pause(), setWeight(40), pause(3), setWeight(60), pause("3s"), setWeight(80)]),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Healthy"],
    ],
  },
  {
    name: "steps-pause-first-and-last",
    rollout: rollout({ strategy: canary([pause(), setWeight(50), pause(0), pause("4"), pause()]) }),
    story: [
      [{ image: "web:2" }, "Paused step 0"],
      ["promote", "Paused step 4"],
      ["promote", "Healthy"],
    ],
  },
  {
    name: "steps-abort-at-the-first",
    rollout: rollout({ replicas: 4, strategy: quarters }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded sizes 4 0"],
      ["retry", "Paused step 1"],
    ],
  },
  {
    name: "steps-abort-at-the-last",
    rollout: rollout({ replicas: 4, strategy: quarters }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["abort", "Degraded sizes 4 0"],
    ],
  },
  {
    name: "steps-abort-then-undo",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "steps-abort-then-new-image",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded"],
      [{ image: "web:3" }, "Paused step 1"],
      ["promote", "Healthy"],
    ],
  },
  {
    name: "steps-abort-then-promote-full",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded"],
      ["promote --full", "Healthy"],
    ],
  },
  {
    name: "steps-promote-full",
    rollout: rollout({ replicas: 4, strategy: quarters }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy"],
    ],
  },
  {
    name: "steps-promote-early",
    rollout: rollout({ strategy: canary([setWeight(50), setWeight(70), pause()]) }),
    story: [
      [broken, "Progressing step 0"],
      ["promote", "Progressing step 1"],
      [{ image: "web:2" }, "Paused step 2"],
    ],
  },
  {
    name: "steps-undo-to-stable",
    rollout: rollout({ replicas: 4, strategy: quarters }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["undo", "Healthy"],
      [{ undo: 2 }, "Paused step 1"],
    ],
  },
  {
    name: "steps-new-image-in-the-middle",
    rollout: rollout({ replicas: 4, strategy: quarters }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      [{ image: "web:3" }, "Paused step 1"],
      [{ image: "web:2" }, "Paused step 1"],
    ],
  },
  {
    name: "steps-edited-in-the-middle",
    rollout: rollout({ replicas: 4, strategy: quarters }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ spec: { strategy: { canary: { steps: [setWeight(50), setWeight(75), pause()] } } } }, "Paused step 2"],
      [{ spec: { strategy: { canary: { steps: null } } } }, "Healthy"],
      [{ spec: { strategy: { canary: { steps: [setWeight(10), pause()] } } } }, "Healthy step 2"],
    ],
  },
  {
    name: "steps-scaled-in-the-middle",
    rollout: rollout({ replicas: 4, strategy: halves }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ scale: 6 }, "Paused sizes 3 3"],
      [{ scale: 2 }, "Paused sizes 1 1"],
      [{ scale: 0 }, "Paused sizes 0 0"],
      [{ scale: 3 }, "Paused step 1"],
    ],
  },
  {
    name: "steps-scaled-while-aborted",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded"],
      [{ scale: 5 }, "Degraded sizes 5 0"],
    ],
  },
  {
    name: "steps-scaled-with-the-image",
    rollout: rollout({ replicas: 5, strategy: canary([setWeight(20), pause()]) }),
    story: [
      [
        {
          spec: {
            replicas: 10,
            template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:2" }] } },
          },
        },
        "Paused step 1",
      ],
    ],
  },
  {
    name: "steps-paused-by-the-user",
    rollout: rollout({ strategy: halves }),
    story: [
      ["pause", "Paused"],
      [{ image: "web:2" }, "Paused after 3s"],
      ["resume", "Paused step 1 message CanaryPauseStep"],
      ["pause", "Paused message manually"],
      ["resume", "Paused step 1 message CanaryPauseStep"],
    ],
  },
  {
    name: "steps-paused-during-a-timed-pause",
    rollout: rollout({ strategy: canary([setWeight(50), pause(9), setWeight(80)]) }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["pause", "Paused after 9s message manually"],
      ["resume", "Healthy"],
    ],
  },
  {
    name: "steps-broken-image",
    rollout: rollout({ strategy: halves }),
    story: [
      [broken, "Progressing step 0 sizes 3 1"],
      [{ image: "web:2" }, "Paused step 1"],
    ],
  },
  {
    name: "steps-threshold-percent",
    rollout: rollout({
      replicas: 5,
      strategy: canary([setWeight(80), pause()], { replicaProgressThreshold: { type: "Percent", value: 75 } }),
    }),
    story: [
      [{ spec: threeReady }, "Paused step 1"],
      ["promote", "Progressing after 5s"],
      [{ spec: { strategy: { canary: { replicaProgressThreshold: { value: 60 } } } } }, "Progressing after 5s"],
    ],
  },
  {
    name: "steps-threshold-pods",
    rollout: rollout({
      replicas: 5,
      strategy: canary([setWeight(80), pause()], { replicaProgressThreshold: { type: "Pods", value: 3 } }),
    }),
    story: [
      [{ spec: threeReady }, "Paused step 1"],
      ["promote", "Progressing after 5s"],
    ],
  },
  {
    name: "steps-back-within-the-window",
    rollout: rollout({ replicas: 2, strategy: halves, rollbackWindow: { revisions: 1 } }),
    story: [
      [[{ image: "web:2" }], "Paused step 1"],
      ["promote --full", "Healthy"],
      [{ image: "web:3" }, "Paused step 1"],
      ["promote --full", "Healthy"],
      [{ undo: 2 }, "Healthy sizes 0 2 0"],
    ],
  },
  {
    name: "steps-back-beyond-the-window",
    rollout: rollout({ replicas: 1, strategy: halves, rollbackWindow: { revisions: 1 } }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy"],
      [{ image: "web:3" }, "Paused step 1"],
      ["promote --full", "Healthy"],
      [{ undo: 1 }, "Paused step 1"],
    ],
  },
];
