/** What else happens to a canary Rollout: deadlines, restarts, history, metadata, Services, mistakes. */
import { blueGreen, canary, pause, setWeight } from "../../golden/edits.ts";
import { broken, rollout, service, template } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

const halves = canary([setWeight(50), pause()]);
const role = (value: string, note: string) => ({ labels: { role: value }, annotations: { note } });
const pair = [service("canary"), service("stable")];
const withServices = canary([setWeight(50), pause()], { canaryService: "canary", stableService: "stable" });
const quota = (hard: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "room" },
  spec: { hard },
});

export const canaryLife: readonly Scenario[] = [
  {
    name: "deadline-passes",
    rollout: rollout({ progressDeadlineSeconds: 4, strategy: halves }),
    story: [
      [broken, "Degraded message timed out"],
      [{ image: "web:2" }, "Paused step 1"],
      ["wait", "Paused after 8s"],
      ["promote", "Healthy"],
    ],
  },
  {
    name: "deadline-aborts",
    rollout: rollout({ progressDeadlineSeconds: 4, progressDeadlineAbort: true, strategy: halves }),
    story: [
      [broken, "Degraded message aborted"],
      ["retry", "Degraded after 7s message aborted"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "deadline-of-the-first-revision",
    rollout: rollout({ progressDeadlineSeconds: 4, strategy: halves, template: template(broken.image) }),
    first: "Degraded message timed out",
    story: [[{ image: "web:2" }, "Paused step 1"]],
  },
  {
    name: "deadline-without-steps",
    rollout: rollout({ progressDeadlineSeconds: 4, strategy: canary([]) }),
    story: [
      [broken, "Degraded message timed out"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "restart",
    rollout: rollout({ strategy: canary([setWeight(50), pause()], { maxUnavailable: 2 }) }),
    story: [
      ["restart", "Healthy"],
      [{ image: "web:2" }, "Paused step 1"],
      ["restart", "Paused step 1 after 4s"],
    ],
  },
  {
    name: "history-limit",
    rollout: rollout({ replicas: 1, revisionHistoryLimit: 1, strategy: canary([]) }),
    story: [
      [{ image: "web:2" }, "Healthy sizes 0 1"],
      [{ image: "web:3" }, "Healthy sizes 0 1"],
      [{ spec: { revisionHistoryLimit: 0 } }, "Healthy sizes 1"],
      [{ image: "web:4" }, "Healthy sizes 1"],
    ],
  },
  {
    name: "metadata",
    rollout: rollout({
      strategy: canary([setWeight(50), pause()], {
        canaryMetadata: role("canary", "new"),
        stableMetadata: role("stable", "old"),
      }),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [
        { spec: { strategy: { canary: { canaryMetadata: { labels: { role: "next", team: "red" } } } } } },
        "Paused step 1",
      ],
      [{ spec: { strategy: { canary: { canaryMetadata: { annotations: null } } } } }, "Paused step 1"],
      ["promote", "Healthy"],
      [{ spec: { strategy: { canary: { canaryMetadata: null, stableMetadata: null } } } }, "Healthy"],
    ],
  },
  {
    name: "metadata-aborted",
    rollout: rollout({ strategy: canary([setWeight(50), pause()], { canaryMetadata: role("canary", "new") }) }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded"],
      ["retry", "Paused step 1"],
      ["undo", "Healthy"],
    ],
  },
  {
    name: "services-follow",
    objects: pair,
    rollout: rollout({ strategy: withServices }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded"],
      ["retry", "Paused step 1"],
      ["promote", "Healthy"],
      [{ patch: { spec: { selector: { "rollouts-pod-template-hash": null } } }, of: "Service/stable" }, "Healthy"],
    ],
  },
  {
    name: "services-missing",
    rollout: rollout({ strategy: withServices }),
    first: "Degraded",
    story: [
      [pair.map((object) => ({ create: object })), "Healthy"],
      [{ remove: "Service/canary" }, "Any after 4s"],
      [{ image: "web:2" }, "Degraded"],
      [{ create: service("canary") }, "Paused step 1"],
    ],
  },
  {
    name: "services-renamed",
    objects: [...pair, service("other")],
    rollout: rollout({ strategy: withServices }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ spec: { strategy: { canary: { canaryService: "other" } } } }, "Paused step 1"],
      [{ spec: { strategy: { canary: { canaryService: null, stableService: null } } } }, "Paused step 1"],
    ],
  },
  {
    name: "stable-set-deleted",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ remove: "ReplicaSet/1" }, "Healthy"],
    ],
  },
  {
    name: "current-set-deleted",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ remove: "ReplicaSet/2" }, "Paused after 4s"],
    ],
  },
  {
    name: "set-resized-by-somebody",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ patch: { spec: { replicas: 1 } }, of: "ReplicaSet/1" }, "Healthy sizes 3"],
      [{ image: "web:2" }, "Paused step 1"],
      [{ patch: { spec: { replicas: 4 } }, of: "ReplicaSet/2" }, "Paused after 3s"],
    ],
  },
  {
    name: "invalid-spec",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ spec: { minReadySeconds: 5000 } }, "Degraded"],
      // After several failures the recorded controller retries only seconds later.
      [{ spec: { minReadySeconds: 0 } }, "Healthy after 15s"],
      [{ image: "web:2" }, "Paused step 1"],
      [{ spec: { strategy: { canary: { steps: [setWeight(120)] } } } }, "Degraded"],
      [{ spec: { strategy: { canary: { steps: [setWeight(40), pause()] } } } }, "Paused step 1"],
    ],
  },
  {
    name: "invalid-from-the-start",
    rollout: rollout({ strategy: canary([setWeight(50), { pause: { duration: "soon" } }]) }),
    first: "Degraded",
    story: [[{ spec: { strategy: { canary: { steps: [setWeight(50)] } } } }, "Healthy"]],
  },
  {
    name: "annotations-are-copied",
    rollout: rollout({ strategy: halves }),
    story: [
      [{ patch: { metadata: { annotations: { team: "red" }, labels: { tier: "front" } } } }, "Healthy"],
      [{ image: "web:2" }, "Paused step 1"],
      [{ patch: { metadata: { annotations: { team: "blue", room: "4" } } } }, "Paused step 1"],
      [{ patch: { metadata: { annotations: { team: null } } } }, "Paused step 1"],
    ],
  },
  {
    name: "no-room-for-pods",
    objects: [quota({ pods: "3" })],
    rollout: rollout({ strategy: canary([], { maxSurge: 1, maxUnavailable: 0 }) }),
    story: [
      [{ image: "web:2" }, "Progressing after 4s"],
      [{ patch: { spec: { hard: { pods: "9" } } }, of: "ResourceQuota/room" }, "Healthy sizes 0 3"],
    ],
  },
  {
    name: "strategy-becomes-blue-green",
    objects: [service("active"), service("preview")],
    rollout: rollout({ strategy: halves }),
    story: [
      [{ spec: { strategy: { canary: null, ...blueGreen({ autoPromotionEnabled: false }) } } }, "Healthy"],
      [{ image: "web:2" }, "Paused"],
    ],
  },
  {
    name: "strategy-becomes-canary",
    objects: [service("active"), service("preview")],
    rollout: rollout({ strategy: blueGreen({ autoPromotionEnabled: false }) }),
    story: [
      [{ image: "web:2" }, "Paused"],
      [{ spec: { strategy: { blueGreen: null, ...halves } } }, "Paused step 1"],
      ["promote", "Healthy"],
    ],
  },
];
