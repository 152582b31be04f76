/** Pods of a new revision that keep away from the nodes of the stable one. */
import { blueGreen, canary, pause, setWeight } from "../../golden/edits.ts";
import { rollout, service } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

const preferred = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 40 } };
const required = { requiredDuringSchedulingIgnoredDuringExecution: {} };
const services = [service("active"), service("preview")];
/** An affinity of the user's own, next to the injected term. */
const own = {
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 10, podAffinityTerm: { labelSelector: { matchLabels: { app: "db" } }, topologyKey: "zone" } },
    ],
  },
};
const apart = {
  metadata: { labels: { app: "web" } },
  spec: { affinity: own, containers: [{ name: "web", image: "web:1" }] },
};

export const antiAffinity: readonly Scenario[] = [
  {
    name: "anti-affinity-canary-preferred",
    rollout: rollout({ strategy: canary([setWeight(50), pause()], { antiAffinity: preferred }) }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Healthy"],
      [{ image: "web:3" }, "Paused step 1"],
      ["abort", "Degraded"],
      ["undo", "Paused step 1"],
    ],
  },
  {
    name: "anti-affinity-canary-required",
    rollout: rollout({ replicas: 1, strategy: canary([setWeight(50), pause()], { antiAffinity: required }) }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy"],
      [{ undo: 1 }, "Paused step 1"],
      ["promote --full", "Healthy"],
      [{ image: "web:3" }, "Paused step 1"],
    ],
  },
  {
    name: "anti-affinity-of-the-users",
    rollout: rollout({ template: apart, strategy: canary([setWeight(50), pause()], { antiAffinity: preferred }) }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ spec: { strategy: { canary: { antiAffinity: null } } } }, "Paused step 1"],
      [{ image: "web:3" }, "Paused step 1"],
      [{ spec: { strategy: { canary: { antiAffinity: preferred } } } }, "Paused step 1"],
      [{ image: "web:4" }, "Paused step 1"],
    ],
  },
  {
    name: "anti-affinity-blue-green-preferred",
    objects: services,
    rollout: rollout({
      strategy: blueGreen({ autoPromotionEnabled: false, antiAffinity: preferred, scaleDownDelaySeconds: 5 }),
    }),
    story: [
      [{ image: "web:2" }, "Paused"],
      ["promote", "Healthy sizes 0 3"],
      ["undo", "Paused"],
      ["promote", "Healthy sizes 3 0"],
    ],
  },
  {
    name: "anti-affinity-blue-green-required",
    objects: services,
    rollout: rollout({ replicas: 1, strategy: blueGreen({ antiAffinity: required, scaleDownDelaySeconds: 5 }) }),
    story: [
      [{ image: "web:2" }, "Healthy sizes 0 1"],
      [{ image: "web:3" }, "Healthy sizes 0 0 1"],
    ],
  },
];
