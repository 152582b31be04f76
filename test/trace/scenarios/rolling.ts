/** How pods are replaced: maxSurge, maxUnavailable, with steps and without. */
import { canary, pause, setWeight } from "../../golden/edits.ts";
import { broken, crashing, rollout, template } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

export const rolling: readonly Scenario[] = [
  {
    name: "rolling-default",
    rollout: rollout({ replicas: 4, strategy: canary([]) }),
    story: [
      [{ image: "web:2" }, "Healthy sizes 0 4"],
      ["undo", "Healthy sizes 4 0"],
    ],
  },
  {
    name: "rolling-one-more-none-less",
    rollout: rollout({ strategy: canary([], { maxSurge: 1, maxUnavailable: 0 }) }),
    story: [
      [broken, "Progressing sizes 3 1"],
      ["abort", "Degraded sizes 3 0"],
      [{ image: "web:2" }, "Healthy sizes 0 0 3"],
    ],
  },
  {
    name: "rolling-none-more-one-less",
    rollout: rollout({ strategy: canary([], { maxSurge: 0, maxUnavailable: 1 }) }),
    story: [
      [crashing, "Progressing sizes 2 1"],
      ["undo", "Healthy sizes 3 0"],
      [{ image: "web:2" }, "Healthy sizes 0 0 3"],
    ],
  },
  {
    name: "rolling-all-at-once",
    rollout: rollout({ strategy: canary([], { maxSurge: "100%", maxUnavailable: "0" }) }),
    story: [
      [broken, "Progressing sizes 3 3"],
      [{ image: "web:2" }, "Healthy sizes 0 0 3"],
    ],
  },
  {
    name: "rolling-all-unavailable",
    rollout: rollout({ strategy: canary([], { maxSurge: 0, maxUnavailable: "100%" }) }),
    story: [
      [broken, "Progressing sizes 0 3"],
      ["undo", "Healthy sizes 3 0"],
    ],
  },
  {
    name: "rolling-shares-that-come-to-nothing",
    rollout: rollout({ strategy: canary([], { maxSurge: 0, maxUnavailable: "1%" }) }),
    story: [[{ image: "web:2" }, "Healthy sizes 0 3"]],
  },
  {
    name: "rolling-weights-without-surge",
    rollout: rollout({
      replicas: 5,
      strategy: canary([setWeight(20), pause(), setWeight(75), pause(), setWeight(90), pause()], {
        maxSurge: 0,
        maxUnavailable: 1,
      }),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
    ],
  },
  {
    name: "rolling-weights-by-percent",
    rollout: rollout({
      replicas: 10,
      strategy: canary([setWeight(33), pause(), setWeight(66), pause(), setWeight(99), pause()], {
        maxSurge: "30%",
        maxUnavailable: "20%",
      }),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Paused step 5"],
    ],
  },
  {
    name: "rolling-weights-none-unavailable",
    rollout: rollout({
      strategy: canary([setWeight(1), pause(), setWeight(50), pause(), setWeight(100), pause()], {
        maxSurge: 1,
        maxUnavailable: 0,
      }),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Paused step 5"],
    ],
  },
  {
    name: "rolling-weights-of-one-pod",
    rollout: rollout({
      replicas: 1,
      strategy: canary([setWeight(5), pause(), setWeight(50), pause(), setWeight(100), pause()]),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Paused step 5"],
      ["promote", "Healthy"],
    ],
  },
  {
    name: "rolling-weights-of-one-pod-without-surge",
    rollout: rollout({
      replicas: 1,
      strategy: canary([setWeight(5), pause(), setWeight(50), pause()], { maxSurge: 0 }),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
    ],
  },
  {
    name: "rolling-min-ready-seconds",
    rollout: rollout({ minReadySeconds: 3, strategy: canary([setWeight(50), pause()]) }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ spec: { minReadySeconds: 1 } }, "Paused step 1"],
      ["promote", "Healthy"],
    ],
  },
  {
    name: "rolling-size-not-given",
    rollout: (() => {
      const { replicas: _, ...spec } = { replicas: 1, strategy: canary([setWeight(50), pause()]) };
      return {
        ...rollout(spec),
        spec: { ...spec, selector: { matchLabels: { app: "web" } }, template: template("web:1") },
      };
    })(),
    story: [[{ image: "web:2" }, "Paused step 1"]],
  },
  {
    name: "rolling-no-pods",
    rollout: rollout({ replicas: 0, strategy: canary([setWeight(50), pause()]) }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ scale: 2 }, "Paused sizes 1 1"],
      ["promote", "Healthy"],
      [{ scale: 0 }, "Healthy sizes 0 0"],
    ],
  },
];
