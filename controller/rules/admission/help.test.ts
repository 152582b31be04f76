import { describe, expect, test } from "bun:test";
import { alb, canary, type Mistakes, nginx, rollout, routed, rowsOf, shown, steps } from "./testing.ts";

const blueGreen = (given: object) => rollout({ strategy: { blueGreen: given } });

const mistakes: Mistakes = [
  [
    "a pause in days",
    steps({ pause: { duration: "1d" } }),
    {},
    'spec.strategy.canary.steps[0].pause.duration: Invalid value: -1: Duration needs to be greater than 0. "1d" is not a duration: write "24h". Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m", or whole seconds, such as 30; without a duration the step waits for a person',
  ],
  [
    "a pause in words",
    steps({ pause: { duration: "10 minutes" } }),
    {},
    'spec.strategy.canary.steps[0].pause.duration: Invalid value: -1: Duration needs to be greater than 0. "10 minutes" is not a duration: write "10m". Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m", or whole seconds, such as 30; without a duration the step waits for a person',
  ],
  [
    "a pause of a negative time",
    steps({ pause: { duration: "-5m" } }),
    {},
    'spec.strategy.canary.steps[0].pause.duration: Invalid value: -300: Duration needs to be greater than 0. "-5m" is negative. Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m", or whole seconds, such as 30; without a duration the step waits for a person',
  ],
  [
    "a pause that is a word",
    steps({ pause: { duration: "soon" } }),
    {},
    'spec.strategy.canary.steps[0].pause.duration: Invalid value: -1: Duration needs to be greater than 0. "soon" is not a duration. Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m", or whole seconds, such as 30; without a duration the step waits for a person',
  ],
  [
    "an empty step",
    steps({}),
    {},
    'spec.strategy.canary.steps[0]: Invalid value: "step.Experiment: true step.Pause: true step.SetWeight: true step.Analysis: true step.SetCanaryScale: true step.SetHeaderRoute: true step.SetMirrorRoute: true step.Plugin: true": Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause. This step is empty. A step is one of experiment, pause, setWeight, analysis, setCanaryScale, setHeaderRoute, setMirrorRoute or plugin, such as setWeight: 20 or pause: {duration: 10m}',
  ],
  [
    "a pause without a value",
    steps({ pause: null }),
    {},
    'spec.strategy.canary.steps[0]: Invalid value: "step.Experiment: true step.Pause: true step.SetWeight: true step.Analysis: true step.SetCanaryScale: true step.SetHeaderRoute: true step.SetMirrorRoute: true step.Plugin: true": Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause. pause has no value here; a pause without an end is written pause: {}. A step is one of experiment, pause, setWeight, analysis, setCanaryScale, setHeaderRoute, setMirrorRoute or plugin, such as setWeight: 20 or pause: {duration: 10m}',
  ],
  [
    "a step that is misspelt",
    steps({ setWieght: 20 }),
    {},
    'spec.strategy.canary.steps[0]: Invalid value: "step.Experiment: true step.Pause: true step.SetWeight: true step.Analysis: true step.SetCanaryScale: true step.SetHeaderRoute: true step.SetMirrorRoute: true step.Plugin: true": Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause. "setWieght" is no kind of step. Did you mean "setWeight"? A step is one of experiment, pause, setWeight, analysis, setCanaryScale, setHeaderRoute, setMirrorRoute or plugin, such as setWeight: 20 or pause: {duration: 10m}',
  ],
  [
    "two kinds in one step",
    steps({ setWeight: 20, pause: {} }),
    {},
    'spec.strategy.canary.steps[0]: Invalid value: "step.Experiment: false step.Pause: true step.SetWeight: true step.Analysis: false": Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause. This step has pause and setWeight: make a step of each, in the order in which they are to happen',
  ],
  [
    "a weight over 100",
    steps({ setWeight: 120 }),
    {},
    "spec.strategy.canary.steps[0].setWeight: Invalid value: 120: SetWeight needs to be between 0 and 100. The weight is the canary's share of the requests, in percent",
  ],
  [
    "a weight over maxTrafficWeight",
    routed({ ...nginx, maxTrafficWeight: 50 }, { steps: [{ setWeight: 60 }] }),
    {},
    "spec.strategy.canary.steps[0].setWeight: Invalid value: 60: SetWeight needs to be between 0 and 50. The weight is the canary's share of the requests, out of trafficRouting.maxTrafficWeight, which is 50",
  ],
  [
    "a canary scale without a router",
    steps({ setCanaryScale: { replicas: 1 } }),
    {},
    "spec.strategy.canary.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be set. Without a router the canary's size is its share of the requests: use setWeight instead, or add trafficRouting",
  ],
  [
    "a header route that NGINX cannot make",
    routed({ ...nginx, managedRoutes: [{ name: "beta" }] }, { steps: [{ setHeaderRoute: { name: "beta" } }] }),
    {},
    'spec.strategy.canary.steps[0].setHeaderRoute: Invalid value: {"name":"beta"}: SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix. Header routes work with ALB, Istio, APISIX and Gateway API',
  ],
  [
    "a mirror route that NGINX cannot make",
    routed({ ...nginx, managedRoutes: [{ name: "copy" }] }, { steps: [{ setMirrorRoute: { name: "copy" } }] }),
    {},
    'spec.strategy.canary.steps[0].setMirrorRoute: Invalid value: {"name":"copy"}: SetMirrorRoute requires TrafficRouting, supports Istio and Plugins. Mirror routes work with Istio and Gateway API',
  ],
  [
    "a header route without managedRoutes",
    routed(alb, { steps: [{ setHeaderRoute: { name: "beta" } }] }),
    {},
    "spec.strategy.canary.trafficRouting.managedRoutes: Required value: Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'. List the routes that steps make, in the order in which they match: managedRoutes: [{name: beta}]",
  ],
  [
    "a header route of another name",
    routed({ ...alb, managedRoutes: [{ name: "beta" }] }, { steps: [{ setHeaderRoute: { name: "betta" } }] }),
    {},
    'spec.strategy.canary.steps[0].setHeaderRoute: Invalid value: "betta": Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes. Did you mean "beta"? managedRoutes has beta: name one of its routes, or add {name: betta}',
  ],
  [
    "a header match that ALB cannot make",
    routed(
      { ...alb, managedRoutes: [{ name: "beta" }] },
      { steps: [{ setHeaderRoute: { name: "beta", match: [{ headerName: "x", headerValue: { regex: ".*" } }] } }] },
    ),
    {},
    'spec.strategy.canary.steps[0].setHeaderRoute.match[0]: Invalid value: {"regex":".*"}: SetHeaderRoute match value invalid. ALB supports \'exact\' value only. Write the whole value that the header must have, such as headerValue: {exact: "mobile"}',
  ],
  [
    "an argument that reads what a Rollout does not have",
    steps({ analysis: { args: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "metadata.labels.app" } } }] } }),
    {},
    'spec.strategy.canary.steps[0].analyses: Invalid value: [{"name":"a","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels.app"}}}]: Analyses arguments must refer to valid object metadata supported by downwardAPI. "metadata.labels.app" is no such field. fieldPath may be metadata.name, metadata.namespace, metadata.uid, metadata.labels[\'KEY\'] or metadata.annotations[\'KEY\']',
  ],
  [
    "weights of an experiment without a router",
    steps({ experiment: { templates: [{ name: "a", specRef: "stabel", weight: 5 }] } }),
    {},
    "spec.strategy.canary.steps[0].experiment.templates[0].weight: Invalid value: 5: Experiment template weight cannot be set unless TrafficRouting is enabled. Leave the weight out. Weights of experiments work with ALB, SMI, Istio and Gateway API",
    'spec.strategy.canary.steps[0].experiment.templates[0].specRef: Unsupported value: "stabel": supported values: "canary", "stable". Did you mean "stable"?',
  ],
  [
    "an experiment of one day",
    steps({ experiment: { duration: "1day", templates: [] } }),
    {},
    'spec.strategy.canary.steps[0].experiment.duration: Invalid value: "1day": must be a duration such as 10m, or the experiment never ends. "1day" is not a duration: write "24h". Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m", or whole seconds, such as 30',
  ],
  [
    "both strategies",
    rollout({ strategy: { canary: {}, blueGreen: { activeService: "a" } } }),
    {},
    'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be listed. Keep one of spec.strategy.blueGreen and spec.strategy.canary, and remove the other',
  ],
  [
    "no strategy",
    rollout({ strategy: {} }),
    {},
    "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'. Write spec.strategy.canary, with steps such as setWeight: 20, or spec.strategy.blueGreen with activeService; canary: {} alone updates as a Deployment does",
  ],
  [
    "a Deployment's strategy, linted",
    rollout({ strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } }),
    { context: { strict: true } },
    "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'. Write spec.strategy.canary, with steps such as setWeight: 20, or spec.strategy.blueGreen with activeService; canary: {} alone updates as a Deployment does",
    'spec.strategy.rollingUpdate: Forbidden: unknown field "rollingUpdate". That is a Deployment\'s: a Rollout has maxSurge and maxUnavailable in strategy.canary',
    'spec.strategy.type: Forbidden: unknown field "type". That is a Deployment\'s: a Rollout has maxSurge and maxUnavailable in strategy.canary',
  ],
  [
    "no room to move",
    canary({ maxSurge: 0, maxUnavailable: "0%" }),
    {},
    'spec.strategy.canary.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero. maxSurge is 0 and maxUnavailable is "0%": set one of them to 1 or 25%, or leave one out, which is 25%',
  ],
  [
    "a surge that is a word",
    canary({ maxSurge: "abc" }),
    {},
    'spec.strategy.canary.maxSurge: Invalid value: "abc": must be a whole number or a percentage, such as 1 or "25%"',
  ],
  [
    "one Service for both",
    canary({ stableService: "web", canaryService: "web" }),
    {},
    'spec.strategy.canary.stableService: Invalid value: "web": This rollout uses the same service for the stable and canary services, but two different services are required. Make a second Service with the same ports, and name it in canaryService; without a router both may be left out',
  ],
  [
    "a router without Services",
    canary({ trafficRouting: { nginx: { stableIngress: "web" } } }),
    {},
    'spec.strategy.canary.stableService: Invalid value: "": Canary service and Stable service must to be set to use Traffic Routing. Requests by NGINX go to two Services: name one in stableService, another in canaryService',
    'spec.strategy.canary.canaryService: Invalid value: "": Canary service and Stable service must to be set to use Traffic Routing. Requests by NGINX go to two Services: name one in stableService, another in canaryService',
  ],
  [
    "ping-pong behind NGINX",
    routed(nginx, { pingPong: { pingService: "a", pongService: "b" } }),
    {},
    "spec.strategy.canary.trafficRouting.alb: Invalid value: null: Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only. Remove pingPong and name stableService and canaryService instead, or use another router. Ping and pong work with ALB, Istio and Gateway API",
  ],
  [
    "ping-pong with one Service",
    canary({
      pingPong: { pingService: "a", pongService: "a" },
      trafficRouting: { alb: { ingress: "web", rootService: "r" } },
    }),
    {},
    'spec.strategy.canary.pingPong.pingService: Invalid value: "a": This rollout uses the same service for the ping and pong services, but two different services are required. Name another Service in one of the two',
  ],
  [
    "ping-pong without a Service",
    canary({ pingPong: { pingService: "a" }, trafficRouting: alb }),
    {},
    'spec.strategy.canary.pingPong.pongService: Invalid value: "": Ping service and Pong service must to be set to use Ping-Pong feature. Name two Services, in pingPong.pingService and in pingPong.pongService',
    'spec.strategy.canary.trafficRouting.alb.rootService: Invalid value: "": Root service field is required for the configuration with ALB and ping-pong feature enabled. Name in alb.rootService the Service that the Ingress\'s rule leads to; it is neither ping nor pong',
  ],
  [
    "a delay without a router",
    canary({ scaleDownDelaySeconds: 30 }),
    {},
    "spec.strategy.canary.scaleDownDelaySeconds: Invalid value: 30: Canary scaleDownDelaySeconds can only be used with traffic routing. Without a router old pods go as new ones come, so there is nothing to delay: remove it, or add trafficRouting",
  ],
  [
    "a dynamic stable without a router",
    canary({ dynamicStableScale: true }),
    {},
    "spec.strategy.canary.dynamicStableScale: Invalid value: true: Canary dynamicStableScale can only be used with traffic routing. Without a router the stable version always shrinks as the canary grows: remove it, or add trafficRouting",
  ],
  [
    "a dynamic stable with a delay",
    routed(nginx, { dynamicStableScale: true, scaleDownDelaySeconds: 30 }),
    {},
    "spec.strategy.canary.dynamicStableScale: Invalid value: true: Canary dynamicStableScale cannot be used with scaleDownDelaySeconds. The old pods are gone before a delay could begin: remove one of the two",
  ],
  [
    "maxTrafficWeight with SMI",
    routed({ smi: {}, maxTrafficWeight: 1000 }),
    {},
    "spec.strategy.canary.trafficRouting.maxTrafficWeight: Invalid value: 1000: Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins. Remove it: weights are then percent, of 100. Totals other than 100 work with NGINX and Gateway API",
  ],
  [
    "no Ingress for NGINX",
    routed({ nginx: {} }),
    {},
    "spec.strategy.canary.trafficRouting.nginx: Internal error: Either StableIngress or StableIngresses must be configured. Neither are configured. Write stableIngress with the name of an Ingress, or stableIngresses with a list of names",
  ],
  [
    "an Ingress and a list for ALB",
    routed({ alb: { ingress: "a", ingresses: ["b"] } }),
    {},
    "spec.strategy.canary.trafficRouting.alb: Internal error: Either Ingress or Ingresses must be configured. Both are configured. Put all the Ingresses into ingresses, and remove ingress",
  ],
  [
    "no VirtualService for Istio",
    routed({ istio: {} }),
    {},
    "spec.strategy.canary.trafficRouting.istio: Internal error: either VirtualService or VirtualServices must be configured. Write virtualService: {name: …}, or virtualServices with a list of them",
  ],
  [
    "blue-green without a Service",
    blueGreen({}),
    {},
    'spec.strategy.blueGreen.activeService: Invalid value: "": This rollout uses the same service for the active and preview services, but two different services are required. Name the Service that users reach in activeService; previewService, for tests of the new version, may be left out',
  ],
  [
    "blue-green with one Service for both",
    blueGreen({ activeService: "web", previewService: "web" }),
    {},
    'spec.strategy.blueGreen.activeService: Invalid value: "web": This rollout uses the same service for the active and preview services, but two different services are required. Name another Service in previewService, or leave it out',
  ],
  [
    "more delayed versions than history",
    blueGreen({ activeService: "web", scaleDownDelayRevisionLimit: 20 }),
    {},
    "spec.strategy.blueGreen.scaleDownDelayRevisionLimit: Invalid value: 20: This rollout's revision history limit can not be smaller than the rollout's scale down limit. spec.revisionHistoryLimit is 10 by default: raise it to 20, or lower this limit to 10",
  ],
  [
    "a preview larger than the Rollout",
    blueGreen({ activeService: "web", previewReplicaCount: 9 }),
    {},
    "spec.strategy.blueGreen.previewReplicaCount: Invalid value: 9: is more than spec.replicas. spec.replicas is 3; leave previewReplicaCount out for as many",
  ],
  [
    "anti-affinity of no kind",
    canary({ antiAffinity: {} }),
    {},
    'spec.strategy.canary.antiAffinity: Invalid value: "antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: false antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: false": AntiAffinity must have exactly one strategy listed. Write requiredDuringSchedulingIgnoredDuringExecution: {}, or preferredDuringSchedulingIgnoredDuringExecution: {weight: 50}',
  ],
  [
    "anti-affinity without a weight",
    canary({ antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: {} } }),
    {},
    "spec.strategy.canary.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight: Invalid value: 0: AntiAffinity weight must be between 1-100. Write preferredDuringSchedulingIgnoredDuringExecution: {weight: 50}, or another weight",
  ],
  [
    "no selector",
    rollout({ selector: undefined, strategy: { canary: {} } }),
    {},
    'spec.selector: Required value: Rollout has missing field \'.spec.selector\'. Write selector.matchLabels with labels that the pod template has: {"app":"web"}',
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`. There is no selector: write one that selects these labels',
  ],
  [
    "an empty selector",
    rollout({ selector: {}, strategy: { canary: {} } }),
    {},
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment. It would select every pod of the namespace. Write selector.matchLabels with labels that the pod template has: {"app":"web"}',
  ],
  [
    "a selector of other pods",
    rollout({ selector: { matchLabels: { app: "shop" } }, strategy: { canary: {} } }),
    {},
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`. The selector asks for app=shop, and the labels have app=web: make the two agree',
  ],
  [
    "a selector with an unknown operator",
    rollout({
      selector: { matchExpressions: [{ key: "app", operator: "in", values: ["web"] }] },
      strategy: { canary: {} },
    }),
    {},
    'spec.selector.matchExpressions[0].operator: Invalid value: "in": not a valid selector operator. Did you mean "In"? Write In, NotIn, Exists or DoesNotExist',
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"in","values":["web"]}]}: invalid label selector. The pod template is judged once the selector is right',
  ],
  [
    "a selector by expressions of other pods",
    rollout({
      selector: { matchExpressions: [{ key: "app", operator: "In", values: ["shop", "cart"] }] },
      strategy: { canary: {} },
    }),
    {},
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`. The selector asks for app In (shop, cart), and the labels have app=web: make the two agree',
  ],
  [
    "a deadline that is too short",
    rollout({ minReadySeconds: 700, strategy: { canary: {} } }),
    {},
    "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds. minReadySeconds is 700, so no pod could count as available before the deadline, which is 600 s by default: raise progressDeadlineSeconds or lower minReadySeconds",
  ],
  [
    "a negative size",
    rollout({ replicas: -1, strategy: { canary: {} } }),
    {},
    "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
  ],
  [
    "metadata by role that changes the selector's label",
    canary({ canaryMetadata: { labels: { app: "new" } } }),
    {},
    'spec.strategy.canary.canaryMetadata.labels[app]: Invalid value: "new": must not change "app", by which ReplicaSets select their pods. spec.selector has app=web, which all pods need: leave the label out here',
  ],
  [
    "an argument of a name that is too long",
    rollout({ strategy: { canary: {} } }, "w".repeat(250)),
    {},
    'metadata.name: Invalid value: "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww": must have at most 242 characters: its ReplicaSets are named after it, with a hash behind',
  ],
];

describe("what somebody reads who has written", () => {
  test.each(rowsOf(mistakes))("$mistake", ({ object, given, messages }) => {
    expect(shown(object, given)).toEqual(messages);
  });
});
