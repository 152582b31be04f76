import { describe, expect, test } from "bun:test";
import { HASH_LABEL, MANAGED_BY } from "../../../schema/labels.ts";
import {
  canary,
  type Given,
  type Mistakes,
  nginx,
  pods,
  refs,
  rollout,
  routed,
  rowsOf,
  shown,
  steps,
} from "./testing.ts";

const map = <T>(members: Readonly<Record<string, T>>) => new Map(Object.entries(members));

const services = (selector: Readonly<Record<string, string>>, manager?: string): Given => {
  const annotations = manager === undefined ? {} : { [MANAGED_BY]: manager };
  return refs({ services: map({ stable: { selector: { ...selector, [HASH_LABEL]: "1" }, annotations } }) });
};
const leadingTo = (service: string) => ({
  spec: { rules: [{ http: { paths: [{ backend: { service: { name: service } } }] } }] },
});

const deployment = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const referring = (workloadRef: object) => rollout({ template: undefined, workloadRef, strategy: { canary: {} } });

const success = { metrics: [{ name: "success", provider: { prometheus: { address: "http://p", query: "q" } } }] };
const metric = (given: object) => ({ spec: { metrics: [{ ...success.metrics[0], ...given }] } });
const query = (text: string, args: readonly object[]) => ({
  spec: { args, metrics: [{ name: "success", provider: { prometheus: { query: text } } }] },
});
const templates = (namespaced: Readonly<Record<string, unknown>>): Given =>
  refs({ templates: { namespaced: map(namespaced), cluster: map({}) } });
const analysis = (...names: readonly string[]) =>
  steps({ analysis: { templates: names.map((templateName) => ({ templateName })) } });
const experiment = (template: object, spec: object = {}) => ({
  metadata: { name: "e" },
  spec: { ...spec, templates: [{ name: "a", selector: { matchLabels: { app: "web" } }, template: pods, ...template }] },
});

const pod = (container: object, spec: object = {}) =>
  rollout({
    strategy: { canary: {} },
    template: { ...pods, spec: { containers: [{ name: "web", image: "web:1", ...container }], ...spec } },
  });

const mistakes: Mistakes = [
  [
    "a Service that is missing",
    canary({ stableService: "stabel" }),
    services({ app: "web" }),
    'spec.strategy.canary.stableService: Invalid value: "stabel": service "stabel" not found. Did you mean "stable"? Create the Service in the Rollout\'s namespace, or correct the name; the Rollout waits for it',
  ],
  [
    "a Service of other pods",
    canary({ stableService: "stable" }),
    services({ app: "shop" }),
    'spec.strategy.canary.stableService: Invalid value: "stable": Service "stable" has unmatch label "app" in rollout. The Service selects app=shop, and the pod template has app=web: change one of the two',
  ],
  [
    "a Service of another Rollout",
    canary({ stableService: "stable" }),
    services({ app: "web" }, "shop"),
    'spec.strategy.canary.stableService: Invalid value: "stable": Service "stable" is managed by another Rollout. That is Rollout "shop", says the Service\'s annotation argo-rollouts.argoproj.io/managed-by-rollouts: name another Service here, or take this one out of that Rollout first; if that Rollout is gone, remove the annotation',
  ],
  [
    "an Ingress that is missing",
    routed(nginx),
    refs({ routed: () => map({ web2: {} }) }),
    'spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: "web": ingress.networking.k8s.io "web" not found. Did you mean "web2"? Create it in the Rollout\'s namespace, or correct the name; the Rollout waits for it',
  ],
  [
    "an Ingress that leads elsewhere",
    routed(nginx),
    refs({ routed: () => map({ web: leadingTo("shop") }) }),
    'spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: "web": ingress `web` has no rules using service stable backend. Its rules lead to shop: lead a path to stable, or name another Ingress or Service here',
  ],
  [
    "a template and a reference",
    rollout({ workloadRef: deployment, strategy: { canary: {} } }),
    {},
    "spec.template: Forbidden: must be empty beside spec.workloadRef, whose workload has the template: remove one of the two",
  ],
  [
    "a reference to a StatefulSet",
    referring({ ...deployment, kind: "StatefulSet" }),
    {},
    'spec.workloadRef.kind: Unsupported value: "apps/v1 StatefulSet": supported values: "apps/v1 Deployment", "apps/v1 ReplicaSet", "v1 PodTemplate". Other kinds, such as StatefulSet and DaemonSet, are not rolled out this way',
  ],
  [
    "a reference without apiVersion",
    referring({ kind: "Deployment", name: "web" }),
    {},
    'spec.workloadRef.kind: Unsupported value: "Deployment": supported values: "apps/v1 Deployment", "apps/v1 ReplicaSet", "v1 PodTemplate". The apiVersion of a Deployment is apps/v1, not ""',
  ],
  [
    "a reference without a name",
    referring({ ...deployment, name: "" }),
    {},
    "spec.workloadRef.name: Required value. Write the name of the Deployment whose pod template the Rollout takes",
  ],
  [
    "a reference to a workload that is missing",
    referring({ ...deployment, scaleDown: "Never" }),
    refs({ workloads: { find: () => "absent", scaledBy: () => [] } }),
    'spec.workloadRef.name: Invalid value: "web": Deployment "web" not found. Create it in the Rollout\'s namespace, or correct the name; the Rollout waits for it',
    'spec.workloadRef.scaleDown: Unsupported value: "Never": supported values: "never", "onsuccess", "progressively". Did you mean "never"?',
  ],
  [
    "a Deployment that another Rollout scales down",
    referring({ ...deployment, scaleDown: "onsuccess" }),
    refs({ workloads: { find: () => undefined, scaledBy: () => ["shop"] } }),
    'spec.workloadRef.name: Invalid value: "web": Rollout "shop" scales this Deployment down, too. Set scaleDown: never in one of the two Rollouts, or name another Deployment',
  ],
  [
    "a template that is missing",
    analysis("sucess-rate"),
    templates({ "success-rate": success }),
    'spec.strategy.canary.steps[0].analysis.templates: Invalid value: "sucess-rate": AnalysisTemplate \'sucess-rate\' not found. Did you mean "success-rate"? Create it, or correct the name; a Rollout waits for it',
  ],
  [
    "a template of the cluster, named as one of the namespace",
    analysis("success-rate"),
    refs({ templates: { namespaced: map({}), cluster: map({ "success-rate": success }) } }),
    "spec.strategy.canary.steps[0].analysis.templates: Invalid value: \"success-rate\": AnalysisTemplate 'success-rate' not found. There is a ClusterAnalysisTemplate of this name: set clusterScope: true to use it. Create it, or correct the name; a Rollout waits for it",
  ],
  [
    "an argument without a value",
    steps({ analysis: { templates: [{ templateName: "t" }], args: [{ name: "servce", value: "web" }] } }),
    templates({ t: { ...success, args: [{ name: "service" }] } }),
    'spec.strategy.canary.steps[0].analysis.templates: Invalid value: "templateNames: [t]": args.service was not resolved. The templates have no value for it: write {name: service, value: …} in args, beside templates; "servce" is there',
  ],
  [
    "a step that would wait for ever",
    analysis("t"),
    templates({ t: { metrics: [{ ...success.metrics[0], interval: "30s" }] } }),
    'spec.strategy.canary.steps[0].analysis.templates: Invalid value: "t": AnalysisTemplate t has metric success which runs indefinitely. Invalid value for count: <nil>. A step or a promotion waits for the end: give the metric a count, or use the template in the background (canary.analysis)',
  ],
  [
    "two templates with one metric",
    analysis("a", "b"),
    templates({ a: success, b: success }),
    "spec.strategy.canary.steps[0].analysis.templates: Invalid value: \"templateNames: [a b]\": two metrics have the same name 'success'. The metrics of all these templates come into one AnalysisRun: rename one, or use the templates in two analyses",
  ],
  [
    "templates in a circle",
    analysis("a"),
    templates({ a: { templates: [{ templateName: "a" }] } }),
    "spec.strategy.canary.steps[0].analysis.templates: Invalid value: [{\"templateName\":\"a\"}]: a template cannot include itself: AnalysisTemplate 'a' → AnalysisTemplate 'a'. Take one of these out of the templates of the one before it",
  ],
  [
    "a member that is misspelt, linted",
    canary({ steps: [{ setWeight: 5 }], maxSurg: 1 }),
    { context: { strict: true } },
    'spec.strategy.canary.maxSurg: Forbidden: unknown field "maxSurg". Did you mean "maxSurge"?',
  ],
  [
    "a member in the wrong place, linted",
    rollout({ stableService: "web", strategy: { canary: {} } }),
    { context: { strict: true } },
    'spec.stableService: Forbidden: unknown field "stableService". It is known as spec.strategy.canary.stableService: indent it there, or remove it',
  ],
  [
    "a member of a pod that is not known, linted",
    pod({ imagePullPolcy: "Always" }),
    { context: { strict: true } },
    'spec.template.spec.containers[0].imagePullPolcy: Forbidden: unknown field "imagePullPolcy". Did you mean "imagePullPolicy"?',
  ],
  [
    "an interval in days",
    metric({ interval: "1d" }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].interval: Invalid value: "1d": invalid interval string: time: unknown unit "d" in duration "1d". "1d" is not a duration: write "24h". Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m"',
  ],
  [
    "an interval without a unit",
    metric({ interval: "30" }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].interval: Invalid value: "30": invalid interval string: time: missing unit in duration "30". "30" has no unit: write "30s". Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m"',
  ],
  [
    "several measurements at once",
    metric({ count: 5 }),
    { kind: "AnalysisTemplate" },
    "spec.metrics[0].interval: Required value: interval must be specified when count > 1. Write how long to wait from one measurement to the next, such as interval: 30s",
  ],
  [
    "more failures allowed than measured",
    metric({ count: 2, interval: "10s", failureLimit: 3 }),
    { kind: "AnalysisTemplate" },
    "spec.metrics[0].count: Invalid value: 2: count (2) must be >= failureLimit + consecutiveSuccessLimit (3 + 0) if both >= 0. With count 2, failureLimit 3, consecutiveSuccessLimit 0 and inconclusiveLimit 0 the limits cannot be reached: raise count, lower the limits, or leave count out to measure without end",
  ],
  [
    "a failure limit below -1",
    metric({ failureLimit: -2 }),
    { kind: "AnalysisTemplate" },
    "spec.metrics[0].failureLimit: Invalid value: -2: failureLimit must be >= 0, or -1 to be disabled. It is how many measurements may fail before the metric fails: 0 is none, and -1 needs a consecutiveSuccessLimit of 1 or more",
  ],
  [
    "nothing that could end a metric",
    metric({ failureLimit: -1 }),
    { kind: "AnalysisTemplate" },
    "spec.metrics[0].failureLimit: Invalid value: -1: failureLimit and consecutiveSuccessLimit cannot both be disabled. It is how many measurements may fail before the metric fails: 0 is none, and -1 needs a consecutiveSuccessLimit of 1 or more",
  ],
  [
    "a limit that is a word",
    metric({ failureLimit: "three" }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].failureLimit: Invalid value: "three": is not a number and counts as 0. Write a whole number, such as 3 or "3", or a tag such as "{{args.count}}"',
  ],
  [
    "a provider that is misspelt",
    metric({ provider: { promethues: {} } }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].provider: Required value: no provider specified. Did you mean "prometheus"? Write one of cloudWatch, datadog, graphite, influxdb, job, kayenta, newRelic, plugin, prometheus, skywalking, wavefront, web under provider',
  ],
  [
    "two providers",
    metric({ provider: { prometheus: {}, web: {} } }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].provider: Invalid value: "prometheus, web": multiple providers specified. A metric is measured by one of them: make a metric of each',
  ],
  [
    "a condition that is not finished",
    metric({ successCondition: "result[0] >" }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].successCondition: Invalid value: "result[0] >": it ends too early: expected a value (1:11)\n | result[0] >\n | ..........^\nA condition on Prometheus is true or false, such as result[0] >= 0.95',
  ],
  [
    "a condition on the wrong kind of result",
    metric({ successCondition: "result.rate > 0.9" }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].successCondition: Invalid value: "result.rate > 0.9": elements of a []float64 are found by an integer, not by a string (1:8)\n | result.rate > 0.9\n | .......^\nA condition on Prometheus is true or false, such as result[0] >= 0.95',
  ],
  [
    "a tag that is misspelt",
    query("{{args.servce}}", [{ name: "service" }]),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].provider.prometheus.query: Invalid value: "{{args.servce}}": failed to resolve {{args.servce}}. Did you mean "args.service"? A tag is written {{args.NAME}}, where NAME is one of spec.args: service',
  ],
  [
    "a run without a value",
    query("{{args.service}}", [{ name: "service" }]),
    { kind: "AnalysisRun" },
    'spec.args[0].value: Required value: argument "service" was not supplied. A run needs every value: write value, or valueFrom.secretKeyRef with name and key',
  ],
  [
    "a tag of another language",
    metric({ provider: { prometheus: { query: "{{ .Values.x }}" } } }),
    { kind: "AnalysisTemplate" },
    'spec.metrics[0].provider.prometheus.query: Invalid value: "{{ .Values.x }}": failed to resolve {{ .Values.x }}. A tag is written {{args.NAME}}, where NAME is one of spec.args; there are none',
  ],
  [
    "a run without metrics",
    { spec: {} },
    { kind: "AnalysisRun" },
    "spec.metrics: Required value: no metrics specified. List at least one metric, with a name and a provider",
  ],
  [
    "a dry run of a metric that is not there",
    { spec: { dryRun: [{ metricName: "sucess" }], ...success } },
    { kind: "AnalysisRun" },
    'spec.dryRun[0].metricName: Invalid value: "sucess": Rule didn\'t match any metric name(s). metricName is a regular expression, such as .* for all; the metrics are success',
  ],
  [
    "an experiment without a selector",
    experiment({ selector: undefined }),
    { kind: "Experiment" },
    "spec.templates[0].selector: Required value: Rollout has missing field '.Spec.Templates[0].Selector'. Write selector.matchLabels with labels that this template's pods have, such as {app: web}",
  ],
  [
    "an experiment's duration in words",
    experiment({}, { duration: "1 hour" }),
    { kind: "Experiment" },
    'spec.duration: Invalid value: "1 hour": never ends, because this is not a duration: time: unknown unit " hour" in duration "1 hour". "1 hour" is not a duration: write "1h". Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m"',
  ],
  [
    "no container",
    rollout({ template: { ...pods, spec: { containers: [] } }, strategy: { canary: {} } }),
    {},
    "spec.template.spec.containers: Required value. List at least one container, with a name and an image",
  ],
  [
    "a container without an image",
    pod({ image: "" }),
    {},
    'spec.template.spec.containers[0].image: Required value. Name the image to run, such as "nginx:1.29"',
  ],
  [
    "a container's name with capitals",
    pod({ name: "My_App" }),
    {},
    "spec.template.spec.containers[0].name: Invalid value: \"My_App\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'). Write \"my-app\", for instance",
  ],
  [
    "a volume that is not there",
    pod({ volumeMounts: [{ name: "confg", mountPath: "/etc/app" }] }, { volumes: [{ name: "config", emptyDir: {} }] }),
    {},
    'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "confg". Did you mean "config"? The pod has config under volumes: name one of those, or add this one',
  ],
  [
    "memory in MB",
    pod({ resources: { limits: { memory: "512MB" } } }),
    {},
    'spec.template.spec.containers[0].resources.limits[memory]: Invalid value: "512MB": quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'. Write "512M". A quantity is a number with or without a unit, such as 500m or 2 for cpu, 128Mi or 2Gi for memory',
  ],
  [
    "a request above its limit",
    pod({ resources: { limits: { cpu: "100m" }, requests: { cpu: "1" } } }),
    {},
    'spec.template.spec.containers[0].resources.requests[cpu]: Invalid value: "1": must be less than or equal to cpu limit of 100m. Lower requests.cpu, or raise limits.cpu',
  ],
  [
    "a probe that does nothing",
    pod({ readinessProbe: { periodSeconds: 5 } }),
    {},
    "spec.template.spec.containers[0].readinessProbe: Required value: must specify a handler type. Write one of httpGet, tcpSocket, exec and (in a probe) grpc, such as httpGet: {path: /healthz, port: 8080}",
  ],
  [
    "a pull policy in lower case",
    pod({ imagePullPolicy: "always" }),
    {},
    'spec.template.spec.containers[0].imagePullPolicy: Unsupported value: "always": supported values: "Always", "IfNotPresent", "Never". Did you mean "Always"?',
  ],
  [
    "a variable with two sources",
    pod({ env: [{ name: "A", value: "b", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] }),
    {},
    'spec.template.spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty. A variable has either a value or one source under valueFrom: keep one',
  ],
  [
    "a restart policy of a Job",
    pod({}, { restartPolicy: "Never" }),
    {},
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always". Pods that should end are made by a Job; for a Rollout leave restartPolicy out',
  ],
];

describe("what somebody reads who has written", () => {
  test.each(rowsOf(mistakes))("$mistake", ({ object, given, messages }) => {
    expect(shown(object, given)).toEqual(messages);
  });
});
