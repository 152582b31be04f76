/** Canaries whose traffic a router splits: nginx and ALB, of which the Rollout's controller sees only the Ingress. */
import { canary, pause, setWeight } from "../../golden/edits.ts";
import type { KubeObject } from "../../cluster/harness/api.ts";
import type { CanaryStep, CanaryStrategy, SetCanaryScale } from "../../../schema/rollout.ts";
import { broken, rollout, service } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

const ingress = (backend: string, port: object): KubeObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "front" },
  spec: {
    rules: [
      {
        host: "web.example",
        http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: backend, port } } }] },
      },
    ],
  },
});
const services = [service("stable"), service("canary")];
const pair = { stableService: "stable", canaryService: "canary" };

/**
 * Delays are short enough to be seen to their end. Keyframes of an abort are taken after it: until the canary's pods
 * are gone the reference's controller moves the canary Service back and forth.
 */
const nginx = (steps: readonly CanaryStep[], rest: CanaryStrategy = {}, replicas = 4) => ({
  objects: [...services, ingress("stable", { number: 80 })],
  rollout: rollout({
    replicas,
    strategy: canary(steps, {
      ...pair,
      // The two fields exclude each other.
      ...(rest.dynamicStableScale === true ? {} : { scaleDownDelaySeconds: 5 }),
      trafficRouting: { nginx: { stableIngress: "front" } },
      ...rest,
    }),
  }),
});
const alb = (steps: readonly CanaryStep[], rest: CanaryStrategy = {}) => ({
  ...nginx(steps, { trafficRouting: { alb: { ingress: "front", servicePort: 80 } }, ...rest }),
  objects: [...services, ingress("stable", { name: "use-annotation" })],
});
const quarters = [setWeight(25), pause(), setWeight(50), pause()];
const setCanaryScale = (scale: SetCanaryScale): CanaryStep => ({ setCanaryScale: scale });

export const routed: readonly Scenario[] = [
  {
    name: "nginx-steps",
    ...nginx(quarters),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 4"],
    ],
  },
  {
    name: "nginx-abort",
    ...nginx(quarters, { abortScaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded sizes 4 0"],
      ["retry", "Paused step 1"],
    ],
  },
  {
    name: "nginx-abort-without-delay",
    ...nginx(quarters, { abortScaleDownDelaySeconds: 0 }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded after 3s"],
    ],
  },
  {
    name: "nginx-undo-in-the-middle",
    ...nginx(quarters),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["undo", "Healthy sizes 4 0"],
    ],
  },
  {
    name: "nginx-third-image",
    ...nginx(quarters),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ image: "web:3" }, "Paused step 1"],
    ],
  },
  {
    name: "nginx-promote-full",
    ...nginx(quarters),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy sizes 0 4"],
    ],
  },
  {
    name: "nginx-scaled-in-the-middle",
    ...nginx(quarters),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ scale: 8 }, "Paused sizes 8 2"],
      [{ scale: 2 }, "Paused sizes 2 1"],
    ],
  },
  {
    name: "nginx-set-canary-scale",
    ...nginx([
      setCanaryScale({ replicas: 2 }),
      pause(),
      setWeight(50),
      pause(),
      setCanaryScale({ weight: 75 }),
      pause(),
      setCanaryScale({ matchTrafficWeight: true }),
      pause(),
    ]),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Paused step 5"],
      ["promote", "Paused step 7"],
    ],
  },
  {
    name: "nginx-dynamic-stable-scale",
    ...nginx(quarters, { dynamicStableScale: true }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 4"],
    ],
  },
  {
    name: "nginx-dynamic-stable-scale-aborted",
    ...nginx(quarters, { dynamicStableScale: true }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["abort", "Degraded sizes 4 0"],
    ],
  },
  {
    name: "nginx-min-pods",
    ...nginx([setWeight(10), pause(), setWeight(90), pause()], { minPodsPerReplicaSet: 2, dynamicStableScale: true }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
    ],
  },
  {
    name: "nginx-weights-of-a-thousand",
    ...nginx([setWeight(50), pause()], {
      trafficRouting: { maxTrafficWeight: 1000, nginx: { stableIngress: "front" } },
    }),
    story: [[{ image: "web:2" }, "Paused step 1"]],
  },
  {
    name: "nginx-broken-image",
    ...nginx(quarters),
    story: [
      [broken, "Progressing step 0 sizes 4 1"],
      ["abort", "Degraded after 3s"],
    ],
  },
  {
    name: "nginx-revision-limit",
    ...nginx([], { scaleDownDelaySeconds: 60, scaleDownDelayRevisionLimit: 1 }, 1),
    story: [
      [{ image: "web:2" }, "Healthy sizes 1 1"],
      [{ image: "web:3" }, "Healthy sizes 0 1 1"],
    ],
  },
  {
    name: "nginx-metadata",
    ...nginx(quarters, {
      canaryMetadata: { labels: { role: "canary" } },
      stableMetadata: { labels: { role: "stable" } },
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy sizes 0 4"],
    ],
  },
  {
    name: "nginx-ingress-missing",
    ...nginx(quarters),
    objects: services,
    first: "Degraded",
    story: [[{ create: ingress("stable", { number: 80 }) }, "Healthy"]],
  },
  {
    name: "alb-steps",
    ...alb(quarters),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 4"],
    ],
  },
  {
    name: "alb-abort",
    ...alb(quarters, { abortScaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded sizes 4 0"],
    ],
  },
  {
    name: "alb-ping-pong",
    objects: [service("root"), service("ping"), service("pong"), ingress("root", { name: "use-annotation" })],
    rollout: rollout({
      strategy: canary([setWeight(50), pause()], {
        scaleDownDelaySeconds: 5,
        pingPong: { pingService: "ping", pongService: "pong" },
        trafficRouting: { alb: { ingress: "front", servicePort: 80, rootService: "root" } },
      }),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Healthy sizes 0 3"],
      [{ image: "web:3" }, "Paused step 1"],
      ["abort", "Degraded after 3s"],
    ],
  },
];
