/** A sentence for each setting of a metric provider, below `provider`. */
import { metadataSentences } from "./sharedSentences.ts";
import { below, type Sentences } from "./sentences.ts";

const oauth2Sentences: Sentences = {
  oauth2: "Gets a token by client credentials, keeps it until shortly before its end, and sends it with each request.",
  "oauth2.tokenUrl": "Where the token is got; the other members count only where this is set.",
  "oauth2.clientId": "Who asks for the token, as the token server knows it.",
  "oauth2.clientSecret": "Secret of the client; take it from a Secret by an argument: {{args.NAME}}.",
  "oauth2.scopes": "What the token is to be good for; without any the server decides.",
};

const prometheusSentences: Sentences = {
  "": "Prometheus, and what speaks its API (Thanos, Mimir, VictoriaMetrics, Amazon's).",
  address:
    "Address of the server, such as http://prometheus.monitoring:9090. By default that of the controller's ARGO_ROLLOUTS_PROMETHEUS_ADDRESS.",
  query: "What is asked, in PromQL; a vector or a matrix makes result a list of numbers, a scalar a number.",
  authentication: "How requests are signed; of several ways sigv4 goes before oauth2, and that before basicAuth.",
  ...below("authentication", {
    sigv4:
      "Signs requests for Amazon Managed Prometheus, where the address has aps-workspaces in it and a region, profile or role is given.",
    "sigv4.region": "AWS region. By default that of the controller's environment or of the profile.",
    "sigv4.profile": "Profile of the controller's AWS configuration whose credentials are used, and no others.",
    "sigv4.roleArn": "Role that is assumed with the credentials that were found.",
    ...oauth2Sentences,
    basicAuth: "A user and a password; both or neither.",
    "basicAuth.username": "Who asks; needs a password, too.",
    "basicAuth.password": "The password; take it from a Secret by an argument: {{args.NAME}}.",
  }),
  timeout: "Seconds that an answer may take; 0 is the default, too. Default: 30.",
  insecure: "True does not check the server's certificate. Default: false.",
  headers: "Further headers of the request; an Authorization here goes before all of authentication.",
  "headers.key": "Name of the header; Host, Content-Length and their like cannot be set.",
  "headers.value": "What the header says.",
  rangeQuery: "Asks for a time range (query_range) instead of this moment; result has all numbers of all series.",
  "rangeQuery.start": 'Beginning of the range: an expression that gives a time, such as now() - duration("5m").',
  "rangeQuery.end": "End of the range: an expression that gives a time, such as now().",
  "rangeQuery.step": "Time between two points of the range, such as 1m.",
};

const webSentences: Sentences = {
  "": "Any HTTP address that answers with JSON or text; a status other than 2xx is an error.",
  url: "The address that is asked; addresses of the controller's own machine and of cloud metadata are refused.",
  method: "GET, POST or PUT. Default: GET.",
  headers: "Headers of the request; Authorization is replaced where authentication is set.",
  "headers.key": "Name of the header; Host, Content-Length and their like cannot be set.",
  "headers.value": "What the header says; take secrets by an argument: {{args.NAME}}.",
  body: "What a POST or PUT sends, as text; not together with jsonBody.",
  jsonBody: "What a POST or PUT sends, as JSON; not together with body.",
  timeoutSeconds: "Seconds that an answer may take; 0 is the default, too. Default: 10.",
  jsonPath:
    "Which part of a JSON answer is result, as in kubectl -o jsonpath: {$.data.ok}; the first one where it finds several. Default: {$}.",
  insecure: "True does not check the server's certificate. Default: false.",
  authentication: "How requests are authorized; of a web metric oauth2 alone counts.",
  ...below("authentication", {
    ...oauth2Sentences,
    sigv4: "Has no effect on a web metric.",
    "sigv4.region": "Has no effect on a web metric; it is of Prometheus alone.",
    "sigv4.profile": "Has no effect on a web metric; it is of Prometheus alone.",
    "sigv4.roleArn": "Has no effect on a web metric; it is of Prometheus alone.",
    basicAuth: "Has no effect on a web metric: send a header Authorization instead.",
    "basicAuth.username": "Has no effect on a web metric; it is of Prometheus alone.",
    "basicAuth.password": "Has no effect on a web metric; it is of Prometheus alone.",
  }),
};

const datadogSentences: Sentences = {
  "": "Datadog; keys come from a Secret or from the controller's environment.",
  interval: "How far back the query looks.",
  query: "The query; exactly one of query and queries is set, and v1 knows query alone.",
  queries: "Several queries by names that formula uses; only with v2.",
  formula: "What is made of the queries, such as errors / requests; needed where there is more than one.",
  apiVersion:
    "Which API is asked: v1 gives the last point of the first series, v2 a value, or a list of them for a query that groups.",
  aggregator: "How v2 makes one value of a series; not with v1. Default: last.",
  secretRef:
    "Which Secret has the keys api-key, app-key and, where need be, address. By default those of the controller's environment, else the Secret datadog.",
  "secretRef.name": "Name of the Secret; then no other place is looked at.",
  "secretRef.namespaced":
    "True reads the Secret in the namespace of the run, and needs its name; otherwise it is the controller's. Default: false.",
  requestTimeout: "How long an answer may take.",
};

const newRelicSentences: Sentences = {
  "": "New Relic, by NRQL; one row is the result itself, several are a list of them.",
  query: "What is asked, in NRQL; no row is no data, which is an error.",
  profile: "Secret, in the controller's namespace, that has personal-api-key and account-id. Default: newrelic.",
  timeout: "Seconds that New Relic may take for the query. Default: 5.",
};

const jobSentences: Sentences = {
  "": "A Job of Kubernetes for each measurement, which judges by its end; conditions are not read.",
  spec: "Spec of the Job as in batch/v1; Complete is Successful, Failed is Failed. With backoffLimit 0 the first failure counts.",
  metadata: "Labels and annotations of the Job, beside those that Sluice gives it.",
  ...below("metadata", metadataSentences("the Jobs")),
};

const cloudWatchSentences: Sentences = {
  "": "Amazon CloudWatch (GetMetricData), with the controller's credentials and region.",
  interval: "How far back the queries look. Default: 5m.",
  metricDataQueries: "What is asked; result is the list of the results, each with Values, the newest first.",
  ...below("metricDataQueries", {
    id: "Name of the query in expressions of the others, and in the result.",
    expression: "A metric math or Insights expression, in place of metricStat.",
    label: "How the result is labelled.",
    metricStat: "Which metric is asked for and how it is summed up, in place of expression.",
    "metricStat.metric": "The metric by its name, its namespace at AWS and its dimensions.",
    "metricStat.metric.dimensions": "Names and values that tell this metric from others of its name.",
    "metricStat.metric.dimensions.name": "What the dimension is called at AWS, such as LoadBalancer.",
    "metricStat.metric.dimensions.value": "What it must be.",
    "metricStat.metric.metricName": "The metric as AWS calls it, such as HTTPCode_Target_5XX_Count.",
    "metricStat.metric.namespace": "Namespace of AWS, such as AWS/ApplicationELB.",
    "metricStat.period": "Seconds that a point of the metric sums up.",
    "metricStat.stat": "How they are summed up: Sum, Average, p99 and others.",
    "metricStat.unit": "Only data of this unit. By default of any.",
    period: "Seconds between the points of an expression.",
    returnData:
      "False for a query that only serves expressions of others, and is no part of the result. Default: true.",
  }),
};

const scopeAt = (place: string, whose: string): Sentences =>
  below(place, {
    "": `What Kayenta takes for ${whose}.`,
    scope: `What tells the metrics of ${whose} from others, in the terms of the metric store.`,
    region: "Where the metrics are, in the terms of the metric store.",
    step: "Seconds between two points.",
    start:
      "Beginning of the time that is compared, RFC 3339; in both scopes or in neither. By default the metric's interval ago.",
    end: "End of the time that is compared, RFC 3339; in both scopes or in neither. By default now.",
  });

const kayentaSentences: Sentences = {
  "": "Spinnaker's Kayenta, which compares canary and control by itself; conditions are not read.",
  address: "Where Kayenta is reached, such as http://kayenta.spinnaker:8090.",
  application: "Application that the canary configuration belongs to.",
  canaryConfigName: "Name of the canary configuration, as it is kept in storageAccountName.",
  metricsAccountName: "Kayenta's account for the metric store.",
  configurationAccountName: "Kayenta's account for configurations, handed over when the analysis is started.",
  storageAccountName: "Kayenta's account for storage, where the configuration is looked for as well.",
  threshold: "What the score, cut to a whole number, means.",
  "threshold.pass": "At least this score is Successful.",
  "threshold.marginal": "At least this score, but less than pass, is Inconclusive; less than this is Failed.",
  scopes: "What is compared with what.",
  "scopes.name": "Name of the scope in the canary configuration.",
  ...scopeAt("scopes.controlScope", "the control, the stable revision"),
  ...scopeAt("scopes.experimentScope", "the experiment, the canary"),
  lookback: "True compares all the time since the run began, instead of the metric's interval. Default: false.",
};

export const providerSentences: Sentences = {
  ...below("prometheus", prometheusSentences),
  ...below("web", webSentences),
  ...below("datadog", datadogSentences),
  wavefront: "Wavefront; its token is in the Secret wavefront-api-tokens of the controller's namespace, by address.",
  "wavefront.address": "Host of Wavefront, as it is a key of the Secret.",
  "wavefront.query": "What is asked, in Wavefront's language; one series is a number, several are a list.",
  ...below("newRelic", newRelicSentences),
  ...below("job", jobSentences),
  graphite: "Graphite; result is the list of the first target's values, the oldest first.",
  "graphite.address": "Address of Graphite; a user and a password in it are sent as basic authentication.",
  "graphite.query": "Parameters of a render request, such as target=stats.errors&from=-5min.",
  influxdb: "InfluxDB 2; result is the list of _value of all records.",
  "influxdb.profile": "Secret, in the controller's namespace, that has address, authToken and org. Default: influxdb.",
  "influxdb.query": "What is asked, in Flux; no record is no data, which is an error.",
  skywalking: "Apache SkyWalking; result is the data of its answer.",
  "skywalking.address": "Address of SkyWalking's GraphQL; /graphql is put behind it.",
  "skywalking.query": "The query in GraphQL, which gets the time as its variable $duration.",
  "skywalking.interval": "How far back $duration begins, such as 5m; it is required.",
  ...below("cloudWatch", cloudWatchSentences),
  ...below("kayenta", kayentaSentences),
  plugin:
    "Settings by plugin name: sluice.dev/pods and others of Sluice's own need no metrics stack; any other is a service that an administrator has configured.",
};
