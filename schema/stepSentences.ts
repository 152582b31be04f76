/** A sentence for each field of a canary's steps. */
import {
  dryRunSentences,
  matchAt,
  metadataSentences,
  rolloutArgumentSentences,
  runMetadataSentences,
  selectorSentences,
} from "./sharedSentences.ts";
import { below, type Sentences } from "./sentences.ts";
import { rolloutAnalysisSentences } from "./strategySentences.ts";

const experimentSentences: Sentences = {
  "": "Runs an Experiment, pods of several templates side by side, and waits until it is over; a failure aborts the update.",
  templates: "The pods of the Experiment, one ReplicaSet for each entry.",
  "templates.name": "Name of the template in the Experiment; each another one.",
  "templates.specRef": "Whose pod template it has: canary for the new revision's, stable for the stable one's.",
  "templates.replicas": "How many pods it has. Default: 1.",
  "templates.metadata": "Labels and annotations on top of the pod template's own; the labels are selected by as well.",
  ...below("templates.metadata", metadataSentences("the template's pods")),
  "templates.selector":
    "Selects the pods in place of the selector of the ReplicaSet that specRef means; seldom needed.",
  ...below("templates.selector", selectorSentences),
  "templates.weight":
    "Share of the requests, in percent, that its pods get while the Experiment runs, taken from stable's; ALB, Istio, SMI, the Gateway API and plugins can do that.",
  "templates.service": "Makes a Service for its pods; one with a weight has a Service anyway.",
  "templates.service.name": "Name of that Service. By default that of the ReplicaSet.",
  duration:
    "How long it runs once all pods are available, such as 90s or 1h30m. By default until its required analyses have succeeded, or it is ended.",
  analyses: "AnalysisRuns that judge the pods while it runs; they begin when all pods are available.",
  "analyses.name": "Name of the analysis in the Experiment; each another one.",
  "analyses.templateName": "The AnalysisTemplate, or ClusterAnalysisTemplate, that it is made of.",
  "analyses.clusterScope": "True takes a ClusterAnalysisTemplate. Default: false.",
  "analyses.args":
    "Values for the template's arguments; {{templates.NAME.podTemplateHash}} and others of the Experiment may stand in them.",
  ...below("analyses", rolloutArgumentSentences),
  "analyses.requiredForCompletion":
    "True lets the Experiment end when this analysis, with all others that are required, has succeeded, and not before. Default: false.",
  ...dryRunSentences,
  ...runMetadataSentences,
  scaleDownDelaySeconds: "Seconds for which its pods go on after its end. Default: 30.",
};

const headerRouteSentences: Sentences = {
  "": "Sends all requests with certain headers to the canary, whatever its weight, until a later step takes the route back; ALB, Istio, APISIX, the Gateway API and plugins can do that.",
  name: "Name of the route, which managedRoutes must list; a later step of the same name replaces it.",
  match:
    "Which requests it is for; without any match the route of this name is removed. Istio takes requests that meet any entry; ALB, APISIX and the Gateway API those that meet all headers named.",
  "match.headerName": "The header that is looked at, in any case.",
  ...matchAt("match.headerValue", "What the value of the header must be; one of exact, prefix and regex."),
};

const mirrorRouteSentences: Sentences = {
  "": "Sends copies of certain requests to the canary, whose answers nobody sees, until a later step takes the route back; Istio, the Gateway API and plugins can do that.",
  name: "Name of the route, which managedRoutes must list; a later step of the same name replaces it.",
  match: "Which requests are copied, those that meet any entry; without any match the route of this name is removed.",
  ...matchAt("match.method", "What the HTTP method must be; one of exact, prefix and regex."),
  ...matchAt("match.path", "What the path of the request must be; one of exact, prefix and regex."),
  ...matchAt("match.headers", "What headers must be, by their names; all of them must match."),
  percentage: "How many percent of these requests are copied. Default: 100.",
};

export const stepSentences: Sentences = below("spec.strategy.canary.steps", {
  setWeight:
    "Gives the canary this part of the requests: percent, or parts of maxTrafficWeight; without a router, that part of the pods. Done when the pods, and routers that can tell, are there.",
  pause: "Waits for a time or for a person; an empty one ({}) waits until somebody promotes.",
  "pause.duration":
    "How long: a number of seconds, or a duration such as 5m or 1h30m, in whole seconds. By default until somebody promotes.",
  ...below("experiment", experimentSentences),
  ...below("analysis", {
    "": "Starts an AnalysisRun and waits for it: Successful goes on, Failed and Error abort the update, Inconclusive pauses it.",
    ...rolloutAnalysisSentences,
  }),
  setCanaryScale:
    "Sizes the canary apart from its traffic, in this and later steps; only with trafficRouting, and with exactly one of its fields.",
  "setCanaryScale.weight": "The canary has this many percent of spec.replicas, rounded up.",
  "setCanaryScale.replicas": "The canary has this many pods.",
  "setCanaryScale.matchTrafficWeight": "True lets the canary's size follow its traffic again. Default: false.",
  ...below("setHeaderRoute", headerRouteSentences),
  ...below("setMirrorRoute", mirrorRouteSentences),
  plugin:
    "Asks a service that an administrator has configured under stepPlugins, and waits until it has succeeded; an abort lets it revert what it did.",
  "plugin.name": "Name of the plugin in the ConfigMap argo-rollouts-config, NAMESPACE/NAME.",
  "plugin.config": "What the plugin is told, in a form of its own.",
});
