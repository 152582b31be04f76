/** Differences that are on purpose. Each has a heading in docs/differences.md. */
export interface Accepted {
  /** The beginning of the heading. */
  readonly heading: string;
  /** The scenarios to which it applies. An entry for which no scenario shows a difference any more is reported. */
  readonly scenarios: readonly string[] | "all";
  /** Of the fact's path; all by default. */
  readonly path?: RegExp;
  /** Of both values, as `A | B`; `nothing` stands for a missing fact. */
  readonly values?: RegExp;
}

export const acceptedDifferences: readonly Accepted[] = [
  {
    heading: "`status.HPAReplicas`, which autoscalers read, while an update has a pod more than asked for",
    scenarios: "all",
    path: /^status.HPAReplicas$/,
  },
  {
    heading: "Replicas and template are changed in one write",
    scenarios: ["steps-scaled-with-the-image"],
    path: /^events of scaling web-B$/,
  },
  {
    heading: "`scaleDownDelaySeconds: 0`",
    scenarios: ["blue-green-no-delay"],
    path: /^(events of scaling|rs|pods of) web-A$|^counts$/,
  },
  {
    heading: "Blue-green with `previewReplicaCount`: back to the old version within its scale-down delay",
    scenarios: ["blue-green-undo-within-the-delay-with-preview-count"],
  },
  {
    heading: "`scale-down-deadline` on a ReplicaSet of size 0",
    scenarios: [
      "alb-abort",
      "alb-header-route-abort",
      "ambassador-abort",
      "app-mesh-abort",
      "apisix-abort",
      "apisix-header-route-abort",
      "blue-green-abort",
      "blue-green-broken-image",
      "blue-green-deadline-aborts",
      "istio-abort",
      "istio-header-route-abort",
      "istio-mirror-route-abort",
      "istio-subsets-abort",
      "nginx-abort",
      "smi-abort",
      "traefik-abort",
    ],
    path: /^rs web-\w annotation scale-down-deadline$/,
    values: /^nothing \| /,
  },
  {
    heading: "A Service that a Rollout names is deleted, or its selector loses the revision",
    scenarios: [
      "blue-green-active-recreated",
      "blue-green-preview-recreated-in-the-middle",
      "services-follow",
      "services-missing",
    ],
    path: /^(service|event SwitchService|phase$|condition InvalidSpec)/,
  },
  {
    heading: "Undo with anti-affinity",
    scenarios: ["anti-affinity-blue-green-preferred"],
  },
  {
    heading: "Undo with anti-affinity",
    scenarios: ["anti-affinity-canary-required"],
    path: /^rs web-A affinity$/,
  },
  {
    heading: "The progress deadline has passed",
    scenarios: [
      "blue-green-broken-image",
      "blue-green-deadline-aborts",
      "deadline-aborts",
      "deadline-of-the-first-revision",
      "deadline-passes",
      "deadline-without-steps",
    ],
    path: /^(phase|condition Progressing|event Warning RolloutAborted: .*timed out progressing.*)$/,
  },
  {
    heading: "A Deployment that a Rollout has scaled down",
    scenarios: ["workload-deployment-scaled-down-on-success", "workload-deployment-scaled-down-progressively"],
    path: /^(deployment|rs) source.* annotation sluice.dev\/replicas-before-rollout$/,
  },
  {
    heading: "`rollout.argoproj.io/workload-generation` on ReplicaSets",
    scenarios: [
      "workload-deployment",
      "workload-deployment-scaled-down-on-success",
      "workload-deployment-scaled-down-progressively",
    ],
    path: /^rs web-\w annotation rollout.argoproj.io\/(workload-generation|revision-history)$/,
  },
  {
    heading: "Event `NewReplicaSetCreated` of the first revision",
    scenarios: [
      "example-template-ref",
      "workload-deployment",
      "workload-deployment-scaled-down-on-success",
      "workload-deployment-scaled-down-progressively",
      "workload-pod-template",
      "workload-replica-set",
    ],
    path: /^event NewReplicaSetCreated: .* \(revision 1\)$/,
    values: /^1 \| nothing$/,
  },
  {
    heading: "Counts right after a resize",
    scenarios: ["blue-green-no-pods", "blue-green-scaled-at-the-pause"],
    path: /^condition Available times$/,
  },
  {
    heading: "Several passes would follow each other at once",
    scenarios: ["set-resized-by-somebody"],
    path: /^condition Progressing times$/,
  },
  {
    heading: "An aborted canary that still has pods, with a canary Service",
    scenarios: [
      "alb-header-route-abort",
      "ambassador-abort",
      "app-mesh-abort",
      "apisix-abort",
      "apisix-header-route-abort",
      "istio-abort",
      "istio-header-route-abort",
      "istio-mirror-route-abort",
      "istio-subsets-abort",
      "smi-abort",
      "traefik-abort",
    ],
    path: /^course( of service canary)?$/,
  },
  {
    heading: "Istio: a Rollout goes in the middle of an update, or names other routes",
    scenarios: "all",
    path: /^virtualservice \w+ annotation sluice\.dev\/split-by-rollouts$/,
  },
  {
    heading: "Weights that are left in a TraefikService, an ApisixRoute or a VirtualRouter",
    scenarios: "all",
    path: /^(apisixroute|traefikservice|virtualnode|virtualrouter) [\w-]+ annotation sluice\.dev\/traffic-split$/,
  },
  {
    heading: "Istio: `RemoveManagedRoutes` of a promoted Rollout with header or mirror steps",
    scenarios: "all",
    path: /^event Updated VirtualService: .* removed all managed routes\.$/,
    values: /^(nothing|\d+) \| \d+$/,
  },
  {
    heading: "Weights and managed routes of one object",
    scenarios: ["istio-header-and-mirror-route", "istio-header-route-abort", "istio-mirror-route-abort"],
    path: /^course of virtualservice shop$/,
  },
  {
    heading: "Weights and managed routes of one object",
    scenarios: [
      "alb-header-route",
      "alb-header-route-abort",
      "alb-header-route-of-several-values",
      "alb-header-route-on-several-ingresses",
    ],
    path: /^course( of ingress \w+)?$|^event PatchingALBIngress: .* removing managed routes$/,
  },
  {
    heading: "Event `PatchingALBIngress` of a header route",
    scenarios: "all",
    path: /^event PatchingALBIngress: .* to headerRoute '/,
  },
  {
    heading: "A header route of APISIX",
    scenarios: "all",
    path: /^apisixroute beta annotation argo-rollouts\.argoproj\.io\/managed-by-rollouts$/,
  },
  {
    heading: "A step takes the canary's last pod while a header or mirror route leads there",
    scenarios: ["apisix-several-in-one-step"],
    path: /^course( of apisixroute beta)?$/,
  },
  {
    heading: "The canary's Mapping of Ambassador",
    scenarios: "all",
    path: /^mapping \w+-canary owner$/,
  },
  {
    heading: "Event `CanaryMappingWeightUpdate`",
    scenarios: "all",
    path: /^event CanaryMappingWeightUpdate: /,
  },
  {
    heading: "App Mesh",
    scenarios: ["app-mesh-steps"],
    path: /^course$/,
  },
  {
    heading: "Several Mappings, several routers",
    scenarios: ["alb-and-istio", "ambassador-several-mappings"],
    path: /^course$|^event TrafficWeightUpdated: /,
  },
];
