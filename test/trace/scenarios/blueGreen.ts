/** Blue-green: two revisions at full size, and a Service that is switched. */
import { blueGreen as strategy } from "../../golden/edits.ts";
import type { RolloutSpec } from "../../../schema/rollout.ts";
import { broken, rollout, service } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

type BlueGreen = Parameters<typeof strategy>[0];

const objects = [service("active"), service("preview")];
/** Short enough to be seen to its end. */
const blueGreen = (rest: BlueGreen = {}, spec: RolloutSpec = {}) => ({
  objects,
  rollout: rollout({ ...spec, strategy: strategy({ scaleDownDelaySeconds: 5, ...rest }) }),
});
const byHand = { autoPromotionEnabled: false };

export const blueGreenScenarios: readonly Scenario[] = [
  { name: "blue-green-auto", ...blueGreen(), story: [[{ image: "web:2" }, "Healthy sizes 0 3"]] },
  {
    name: "blue-green-by-hand",
    ...blueGreen({ ...byHand, scaleDownDelaySeconds: 12 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy sizes 3 3"],
      ["wait", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-after-seconds",
    ...blueGreen({ autoPromotionSeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["wait", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-after-seconds-promoted-full",
    ...blueGreen({ autoPromotionSeconds: 60 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote --full", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-after-seconds-but-by-hand",
    ...blueGreen({ ...byHand, autoPromotionSeconds: 3 }),
    story: [
      [{ image: "web:2" }, "Paused after 8s"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-without-preview",
    objects: [service("active")],
    rollout: rollout({ strategy: { blueGreen: { activeService: "active", ...byHand, scaleDownDelaySeconds: 5 } } }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-preview-count-by-hand",
    ...blueGreen({ ...byHand, previewReplicaCount: 1 }),
    story: [
      [{ image: "web:2" }, "Paused sizes 3 1"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-preview-count-auto",
    ...blueGreen({ previewReplicaCount: 1 }),
    story: [[{ image: "web:2" }, "Healthy sizes 0 3"]],
  },
  {
    name: "blue-green-preview-count-after-seconds",
    ...blueGreen({ previewReplicaCount: 1, autoPromotionSeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused sizes 3 1"],
      ["wait", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-preview-count-promoted-full",
    ...blueGreen({ ...byHand, previewReplicaCount: 1 }),
    story: [
      [{ image: "web:2" }, "Paused sizes 3 1"],
      ["promote --full", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-metadata",
    ...blueGreen({
      ...byHand,
      activeMetadata: { labels: { role: "active" }, annotations: { note: "live" } },
      previewMetadata: { labels: { role: "preview" } },
    }),
    story: [
      [{ image: "web:2" }, "Paused"],
      [{ spec: { strategy: { blueGreen: { previewMetadata: { labels: { team: "red" } } } } } }, "Paused"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-undo-within-the-delay",
    ...blueGreen({ ...byHand, scaleDownDelaySeconds: 40 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "blue-green-undo-within-the-delay-with-preview-count",
    ...blueGreen({ ...byHand, previewReplicaCount: 1, scaleDownDelaySeconds: 40 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "blue-green-undo-after-the-delay",
    ...blueGreen({ ...byHand, scaleDownDelaySeconds: 3 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy sizes 0 3"],
      ["undo", "Paused"],
    ],
  },
  {
    name: "blue-green-undo-within-the-window",
    ...blueGreen({ ...byHand, scaleDownDelaySeconds: 3 }, { rollbackWindow: { revisions: 1 } }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy sizes 0 3"],
      ["undo", "Healthy sizes 3 0"],
    ],
  },
  {
    name: "blue-green-undo-before-the-cutover",
    ...blueGreen(byHand),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["undo", "Healthy sizes 3 0"],
    ],
  },
  {
    name: "blue-green-third-image",
    ...blueGreen({ ...byHand, scaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      [{ image: "web:3" }, "Paused"],
      ["wait", "Paused sizes 3 0 3"],
    ],
  },
  {
    name: "blue-green-revision-limit",
    ...blueGreen({ scaleDownDelaySeconds: 60, scaleDownDelayRevisionLimit: 1 }, { replicas: 1 }),
    story: [
      [{ image: "web:2" }, "Healthy sizes 1 1"],
      [{ image: "web:3" }, "Healthy sizes 0 1 1"],
      [{ image: "web:4" }, "Healthy sizes 0 0 1 1"],
    ],
  },
  {
    name: "blue-green-no-delay",
    ...blueGreen({ scaleDownDelaySeconds: 0 }),
    story: [[{ image: "web:2" }, "Healthy after 6s"]],
  },
  {
    name: "blue-green-abort",
    ...blueGreen({ ...byHand, abortScaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["abort", "Degraded sizes 3 3"],
      ["wait", "Degraded sizes 3 0"],
      ["retry", "Paused"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-abort-and-retry-at-once",
    ...blueGreen({ ...byHand, abortScaleDownDelaySeconds: 60 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["abort", "Degraded"],
      ["retry", "Paused"],
      ["abort", "Degraded"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "blue-green-abort-without-delay",
    ...blueGreen({ ...byHand, abortScaleDownDelaySeconds: 0 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["abort", "Degraded after 4s"],
      [{ image: "web:3" }, "Paused"],
    ],
  },
  {
    name: "blue-green-abort-scaled",
    ...blueGreen({ ...byHand, abortScaleDownDelaySeconds: 60 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["abort", "Degraded"],
      [{ scale: 4 }, "Degraded after 3s"],
    ],
  },
  {
    name: "blue-green-scaled-at-the-pause",
    ...blueGreen(byHand),
    story: [
      [{ image: "web:2" }, "Paused"],
      [{ scale: 4 }, "Paused sizes 4 4"],
      [{ scale: 2 }, "Paused sizes 2 2"],
      ["promote", "Healthy sizes 0 2"],
    ],
  },
  {
    name: "blue-green-scaled-with-the-image",
    ...blueGreen(byHand),
    story: [
      [
        {
          spec: {
            replicas: 4,
            template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:2" }] } },
          },
        },
        "Paused sizes 4 4",
      ],
    ],
  },
  {
    name: "blue-green-no-pods",
    ...blueGreen({}, { replicas: 0 }),
    story: [
      [{ image: "web:2" }, "Healthy"],
      [{ scale: 2 }, "Healthy sizes 0 2"],
      [{ scale: 0 }, "Healthy sizes 0 0"],
    ],
  },
  {
    name: "blue-green-broken-image",
    ...blueGreen({ ...byHand, abortScaleDownDelaySeconds: 3 }, { progressDeadlineSeconds: 4 }),
    story: [
      [broken, "Degraded message timed out"],
      ["abort", "Degraded sizes 3 0 message aborted"],
      [{ image: "web:2" }, "Paused"],
    ],
  },
  {
    name: "blue-green-deadline-aborts",
    ...blueGreen({ abortScaleDownDelaySeconds: 3 }, { progressDeadlineSeconds: 4, progressDeadlineAbort: true }),
    story: [
      [broken, "Degraded sizes 3 0 message aborted"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "blue-green-restart",
    ...blueGreen(byHand),
    story: [
      ["restart", "Healthy after 3s"],
      [{ image: "web:2" }, "Paused"],
    ],
  },
  {
    name: "blue-green-paused-by-the-user",
    ...blueGreen(byHand),
    story: [
      ["pause", "Paused message manually"],
      [{ image: "web:2" }, "Paused after 4s"],
      ["resume", "Paused message BlueGreenPause"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-services-missing",
    rollout: blueGreen().rollout,
    first: "Degraded",
    story: [
      [{ create: service("active") }, "Degraded message preview"],
      [{ create: service("preview") }, "Healthy"],
    ],
  },
  {
    name: "blue-green-active-recreated",
    ...blueGreen(byHand),
    story: [
      [{ remove: "Service/active" }, "Any after 4s"],
      [{ create: service("active") }, "Any after 4s"],
    ],
  },
  {
    name: "blue-green-preview-recreated-in-the-middle",
    ...blueGreen(byHand),
    story: [
      [{ image: "web:2" }, "Paused"],
      [
        { patch: { spec: { selector: { "rollouts-pod-template-hash": null } } }, of: "Service/preview" },
        "Paused after 3s",
      ],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "blue-green-active-renamed",
    objects: [...objects, service("other")],
    rollout: blueGreen(byHand).rollout,
    story: [
      [{ spec: { strategy: { blueGreen: { activeService: "other" } } } }, "Healthy after 3s"],
      [{ image: "web:2" }, "Paused"],
    ],
  },
  {
    name: "blue-green-min-ready-seconds",
    ...blueGreen(byHand, { minReadySeconds: 3 }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
];
