/** A sentence for each field of AnalysisTemplates and AnalysisRuns, but for the providers' settings. */
import { providerSentences } from "./providerSentences.ts";
import { argumentSentences, dryRunSentences, retentionSentences, templateRefSentences } from "./sharedSentences.ts";
import { below, type Sentences } from "./sentences.ts";

const metricSentences: Sentences = {
  name: "Name of the metric; each another one in all templates of a run, and dryRun and measurementRetention match it.",
  provider: "Where the value comes from: exactly one of its fields is set.",
  ...below("provider", providerSentences),
  interval:
    "Time from the end of a measurement to the next one, such as 30s; ten seconds after an error. Without it there is one measurement, and count must not ask for more.",
  initialDelay: "Time from the beginning of the run to the first measurement, such as 1m. Default: 0s.",
  count:
    "How many measurements end the metric, those that end in Error not counted; with an interval and no count only its limits, or the end of the run, do.",
  successCondition:
    "Expression over result that makes a measurement Successful, such as result[0] >= 0.95; with both conditions false a measurement is Inconclusive.",
  failureCondition:
    "Expression over result that makes a measurement Failed, such as result > 0.05; it goes before successCondition.",
  failureLimit: "The metric is Failed after more Failed measurements than this; -1 is never. Default: 0.",
  inconclusiveLimit: "The metric is Inconclusive after more Inconclusive measurements than this. Default: 0.",
  consecutiveErrorLimit: "The metric ends with Error after more errors in a row than this. Default: 4.",
  consecutiveSuccessLimit:
    "So many successes in a row end the metric as Successful, before count; 0 does not look at rows. Default: 0.",
};

const specSentences: Sentences = {
  metrics: "What is measured, how often, and what counts as success.",
  ...below("metrics", metricSentences),
  args: "Arguments that stand in metrics as {{args.NAME}}; each needs a value or a Secret in the end.",
  ...argumentSentences,
  ...dryRunSentences,
  ...retentionSentences,
};

/** Below `AnalysisTemplate` and `ClusterAnalysisTemplate`. */
export const analysisTemplateSentences: Sentences = {
  spec: "What to measure, and how it is judged; Rollouts and Experiments make AnalysisRuns of it.",
  ...below("spec", {
    ...specSentences,
    templates: "Other templates whose metrics a run of this one has as well; a template may consist of them alone.",
    ...templateRefSentences,
  }),
};

const measurementSentences: Sentences = {
  phase: "Pending, Running, Successful, Failed, Error or Inconclusive.",
  message: "Why the measurement is not Successful, where there is something to say.",
  startedAt: "When it began.",
  finishedAt: "When it ended.",
  value: "What was measured, as text whatever its type is; cut after 16,384 characters.",
  metadata: "What the provider says besides, such as the name of a Job, or warnings.",
  resumeAt: "When a measurement that goes on, such as a Job, is asked for again.",
};

const resultSentences: Sentences = {
  name: "Name of the entry of spec.metrics, with its arguments put in.",
  phase: "Pending, Running, Successful, Failed, Error or Inconclusive; a metric that is over keeps its phase.",
  measurements: "The latest measurements, ten unless measurementRetention says another number.",
  ...below("measurements", measurementSentences),
  message: "Why the metric is over, or cannot be measured.",
  count: "How many measurements have ended other than in Error.",
  successful: "How many measurements were Successful.",
  failed: "How many measurements were Failed.",
  inconclusive: "How many measurements were Inconclusive.",
  error: "How many measurements ended in Error.",
  consecutiveError: "How many measurements have ended in Error since the last that did not.",
  consecutiveSuccess: "How many measurements have been Successful since the last that was not.",
  dryRun: "True where a rule of dryRun matches the metric: it decides nothing.",
  metadata: "What the provider says about the metric, such as the query with its arguments put in.",
};

const summaryAt = (place: string, which: string): Sentences =>
  below(place, {
    "": `How many ${which} there are, and how they ended.`,
    count: `How many ${which} there are.`,
    successful: `How many ${which} are Successful.`,
    failed: `How many ${which} are Failed.`,
    inconclusive: `How many ${which} are Inconclusive.`,
    error: `How many ${which} ended with Error.`,
  });

export const analysisRunSentences: Sentences = {
  spec: "What this run measures; it does not change with its templates any more, but for terminate.",
  ...below("spec", {
    ...specSentences,
    terminate: "True ends the run now, judged by what it has measured so far. Default: false.",
    ttlStrategy: "When a run that is over is deleted. By default only with its owner, or by the limits of that.",
    "ttlStrategy.secondsAfterCompletion": "Seconds after its end, whatever the phase is; the two others go before it.",
    "ttlStrategy.secondsAfterFailure": "Seconds after its end where it is Failed.",
    "ttlStrategy.secondsAfterSuccess": "Seconds after its end where it is Successful.",
  }),
  status: "What was measured, and how it was judged; the controller writes it.",
  ...below("status", {
    phase: "Pending, Running, Successful, Failed, Error or Inconclusive; what the Rollout or Experiment acts on.",
    message: "Why the run ended as it did: the words of its worst metric.",
    metricResults: "What was found for each metric, once it was measured.",
    ...below("metricResults", resultSentences),
    startedAt: "When the run began.",
    ...summaryAt("runSummary", "metrics that decide"),
    ...summaryAt("dryRunSummary", "metrics that are only dry runs"),
    completedAt: "When the run ended; absent where it could not be measured at all.",
  }),
};
