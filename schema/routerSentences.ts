/** A sentence for each field of traffic routing: what all routers have in common, and the settings of each. */
import { below, type Sentences } from "./sentences.ts";

const virtualServiceSentences: Sentences = {
  name: "The VirtualService, as NAME, or NAME.NAMESPACE where it is in another namespace.",
  routes: "Names of the HTTP routes that are divided. By default the only one, those of managedRoutes apart.",
  tlsRoutes: "Which TLS routes are divided, by what they match. By default the only one.",
  "tlsRoutes.port": "Port that the TLS route matches.",
  "tlsRoutes.sniHosts": "SNI hosts that the TLS route matches: all of them, and no others.",
  tcpRoutes: "Which TCP routes are divided. By default the only one.",
  "tcpRoutes.port": "Port that the TCP route matches.",
};

const istioSentences: Sentences = {
  "": "Istio: weights are written into routes of VirtualServices that you have written.",
  virtualService: "The one VirtualService whose routes are divided; for several of them use virtualServices instead.",
  ...below("virtualService", virtualServiceSentences),
  virtualServices: "Several VirtualServices whose routes are divided, in place of virtualService.",
  ...below("virtualServices", virtualServiceSentences),
  destinationRule:
    "Tells the revisions apart by two subsets of a DestinationRule, whose label Sluice sets, instead of by two Services.",
  "destinationRule.name": "The DestinationRule, in the namespace of the Rollout.",
  "destinationRule.canarySubsetName": "The subset that selects the new revision's pods.",
  "destinationRule.stableSubsetName": "The subset that selects the stable revision's pods.",
  "destinationRule.additionalSubsetNames":
    "Further subsets whose weights stay as you have set them; stable gets what they and the canary leave.",
};

const nginxSentences: Sentences = {
  "": "NGINX (ingress-nginx): a canary Ingress of Sluice's beside each stable one has the weight; your Ingress is never changed.",
  annotationPrefix:
    "Prefix of the annotations, for an ingress-nginx that was started with another one. Default: nginx.ingress.kubernetes.io.",
  stableIngress: "The Ingress by which requests come; a rule of it must lead to the stable Service.",
  stableIngresses: "Several such Ingresses, in place of stableIngress; each gets a canary Ingress of its own.",
  additionalIngressAnnotations:
    "Further annotations of the canary Ingress, named without the prefix, such as canary-by-header; the weight is not theirs to set.",
  canaryIngressAnnotations: "Further annotations of the canary Ingress, with their whole names.",
};

const albSentences: Sentences = {
  "": "AWS load balancer controller: weights stand in an annotation of your Ingress, which names an action.",
  servicePort: "Port of the stable and the canary Service.",
  ingress: "The Ingress by which requests come; a rule of it must lead to rootService or the stable Service.",
  ingresses: "Several such Ingresses, in place of ingress.",
  rootService:
    "Name of the backend, with the port name use-annotation, that the action divides; it need not be a Service that exists. By default that of the stable Service. pingPong needs it.",
  annotationPrefix:
    "Prefix of the annotations, for a load balancer controller with another one. Default: alb.ingress.kubernetes.io.",
  stickinessConfig: "Keeps a client with the target group that it was sent to first.",
  "stickinessConfig.enabled": "True turns stickiness on.",
  "stickinessConfig.durationSeconds":
    "For how many seconds a client is kept, from 1 to 604,800; with another number the weight is written without stickiness, and the fault told.",
};

const otherRouterSentences: Sentences = {
  smi: "Service Mesh Interface: a TrafficSplit of Sluice's own divides the requests; {} is enough.",
  "smi.rootService": "The Service that clients call, and whose requests are divided. By default the stable Service.",
  "smi.trafficSplitName": "Name of the TrafficSplit. By default the Rollout's.",
  ambassador: "Ambassador (Emissary-ingress): a Mapping for the canary stands beside yours while it has a weight.",
  "ambassador.mappings":
    "Your Mappings that lead to the stable Service and have no weight; Sluice reads them, and makes MAPPING-canary beside each.",
  appMesh: "AWS App Mesh: weights are written into the VirtualRouter, and two VirtualNodes select the revisions' pods.",
  "appMesh.virtualService": "The VirtualService whose VirtualRouter divides the requests.",
  "appMesh.virtualService.name": "Name of that VirtualService; a VirtualRouter has to provide it.",
  "appMesh.virtualService.routes":
    "Names of the routes that are divided. By default all that have both VirtualNodes as targets.",
  "appMesh.virtualNodeGroup":
    "The two VirtualNodes, which must be different ones; Sluice sets the hash that they select.",
  "appMesh.virtualNodeGroup.canaryVirtualNodeRef": "The VirtualNode that selects the new revision's pods.",
  "appMesh.virtualNodeGroup.canaryVirtualNodeRef.name": "The canary's VirtualNode, in the Rollout's namespace.",
  "appMesh.virtualNodeGroup.stableVirtualNodeRef": "The VirtualNode that selects the stable revision's pods.",
  "appMesh.virtualNodeGroup.stableVirtualNodeRef.name": "Stable's VirtualNode, in the Rollout's namespace.",
  traefik: "Traefik: weights are written into a TraefikService or IngressRoute that lists both Services.",
  "traefik.weightedTraefikServiceName":
    "A TraefikService of the type weighted, or ingressroute/NAME for an IngressRoute.",
  apisix: "Apache APISIX: weights are written into rules of an ApisixRoute.",
  "apisix.route": "The ApisixRoute, and which of its rules are divided.",
  "apisix.route.name": "The ApisixRoute, in the namespace of the Rollout.",
  "apisix.route.rules":
    "Names of the HTTP rules that are divided; each must list both Services as backends. By default the one that has the route's own name.",
  plugins:
    "Settings by plugin name: argoproj-labs/gatewayAPI is the Gateway API, which is built in; any other is a service that an administrator has configured.",
};

const commonSentences: Sentences = {
  managedRoutes:
    "Names of the routes that setHeaderRoute and setMirrorRoute may make, in the order in which they match, before all other routes.",
  "managedRoutes.name":
    "Name of such a route, which no route of yours should have: it may be removed when no step asks for it.",
  sessionAffinity:
    "Brings clients whom the canary has answered back to it until the update is over, by a cookie, whatever the weights are; NGINX, Istio, Traefik and the Gateway API can. Sluice's own: Argo Rollouts does not know it.",
  "sessionAffinity.cookieName":
    "Name of the cookie, 1 to 64 letters, digits, dashes, underscores and dots. Default: sluice-affinity.",
  "sessionAffinity.maxAge":
    "How long a client keeps the cookie: a number of seconds, or a duration such as 24h; above 0. Default: 24h.",
  maxTrafficWeight:
    "The weight that means all requests, so that setWeight may be finer than a percent; NGINX, the Gateway API and plugins only. Default: 100.",
};

export const routerSentences: Sentences = below("spec.strategy.canary.trafficRouting", {
  ...below("istio", istioSentences),
  ...below("nginx", nginxSentences),
  ...below("alb", albSentences),
  ...otherRouterSentences,
  ...commonSentences,
});
