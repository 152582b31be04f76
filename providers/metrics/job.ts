/**
 * A Job succeeds or fails by itself; conditions are not read (docs/behaviour/providers.md#job). It is made, and asked for
 * until it is over; of one that failed the log is read, too.
 */
import { canBeName, collectionPath, objectPath } from "../../kube/client/path.ts";
import { JOBS, PODS, SECRETS } from "../../kube/client/resources.ts";
import { formatSelector } from "../../kube/object/selector.ts";
import { JobMetric } from "../../schema/analysis.ts";
import type { LabelSelector } from "../../schema/kube.ts";
import { failed, measuredBy, memberAt } from "./conversation.ts";
import { presentableLog, secretsOf, valuesOf } from "./podCredentials.ts";
import { type Culprit, culpritOf, culpritText, failureText, lastLines } from "./jobFailure.ts";
import { jobName, jobNamespace, jobOf, METRIC_NAME, RUN_UID } from "./jobObject.ts";
import { kubeAnswer, kubeGet, kubeSend, listAt, queryOf, textAt } from "./kubeQuestions.ts";
import type {
  Answer,
  Ask,
  Asking,
  MetricProviderRow,
  Next,
  Question,
  Reading,
  RunningMeasurement,
} from "./provider.ts";

const JOB_NAME = "job-name";
const JOB_NAMESPACE = "job-namespace";

interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** What the questions that are answered were about. */
type State =
  | { readonly step: "create"; readonly place: Place }
  | { readonly step: "existing"; readonly place: Place; readonly refusal: string }
  | { readonly step: "job"; readonly place: Place; readonly startedAt: number }
  | {
      readonly step: "pods";
      readonly place: Place;
      readonly startedAt: number;
      readonly failure: string | undefined;
      /** Of the Job. */
      readonly uid: string;
    }
  | {
      readonly step: "log";
      readonly place: Place;
      readonly failure: string;
      readonly culprit: Culprit;
      readonly secrets: readonly string[];
    };

const ask = (questions: readonly Question[], state: State): Ask => ({
  kind: "ask",
  questions,
  state,
  toleratesFailures: true,
});

const jobPath = (place: Place): string => objectPath(JOBS, place);

const metadataOf = ({ name, namespace }: Place): Readonly<Record<string, string>> => ({
  [JOB_NAME]: name,
  [JOB_NAMESPACE]: namespace,
});

/** The controller's own cluster is the only one that is asked. */
const OTHER_CLUSTER =
  "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG is set: Sluice runs the Jobs of analyses in its own cluster only";

function begin(settings: JobMetric, asking: Asking): Next {
  if ((asking.environment("ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG") ?? "") !== "") return failed(OTHER_CLUSTER);
  const place = { namespace: jobNamespace(asking), name: jobName(asking) };
  // The API server would say the same, but the name is part of paths later.
  if (!canBeName(place.name))
    return failed(`a Job cannot be named ${place.name}: use lower case letters, digits and "-" in the metric's name`);
  return ask([kubeSend("POST", collectionPath(JOBS, place.namespace), jobOf(settings, asking))], {
    step: "create",
    place,
  });
}

/** Looked at at once, for Jobs that are short. */
const made = (place: Place, { now }: Asking): Reading => ({
  kind: "running",
  resumeAt: now,
  metadata: metadataOf(place),
});

function created(answer: Answer | undefined, place: Place, asking: Asking): Next {
  const found = kubeAnswer(answer);
  if (found.kind === "object") return made(place, asking);
  if (found.status !== 409) return failed(found.message);
  const question = kubeGet(jobPath(place));
  return ask([question], { step: "existing", place, refusal: found.message });
}

/** The Job of a measurement whose beginning was not stored is taken up. */
function existing(answer: Answer | undefined, place: Place, refusal: string, asking: Asking): Reading {
  const found = kubeAnswer(answer);
  if (found.kind !== "object" || !isOurs(found.object, asking)) return failed(refusal);
  const metric = textAt(found.object, "metadata", "annotations", METRIC_NAME);
  if (metric !== "" && metric !== asking.metric)
    return failed(`${refusal}: it belongs to metric '${metric}', whose name begins in the same way`);
  return made(place, asking);
}

/** By its owner where it has to have one. */
function isOurs(job: unknown, { run }: Asking): boolean {
  if (memberAt(job, "metadata", "labels", RUN_UID) !== run.uid) return false;
  if (textAt(job, "metadata", "namespace") !== run.namespace) return true;
  return listAt(job, "metadata", "ownerReferences").some((owner) => memberAt(owner, "uid") === run.uid);
}

/**
 * The status of a run may be written by whoever may write runs, so what it names counts only where it can be a Job of
 * this run.
 */
function placeOf({ metadata }: RunningMeasurement, asking: Asking): Place | undefined {
  const name = metadata[JOB_NAME] ?? "";
  const namespace = metadata[JOB_NAMESPACE] || asking.run.namespace;
  if (asking.run.uid === "" || !name.startsWith(`${asking.run.uid}.`) || !canBeName(name)) return undefined;
  return namespace === asking.run.namespace || namespace === jobNamespace(asking) ? { namespace, name } : undefined;
}

function resume(asking: Asking, running: RunningMeasurement): Next {
  const place = placeOf(running, asking);
  if (place === undefined) return failed("job metadata reference missing");
  const startedAt = running.startedAt ?? asking.now;
  return ask([kubeGet(jobPath(place))], { step: "job", place, startedAt });
}

/** Of a few pods: a Job may have thousands. */
const MOST_PODS = "20";

function looked(answer: Answer | undefined, place: Place, startedAt: number, asking: Asking): Next {
  const found = kubeAnswer(answer);
  if (found.kind !== "object")
    return failed(found.status === 404 ? `job.batch "${place.name}" not found` : found.message);
  if (!isOurs(found.object, asking)) return failed(`job.batch "${place.name}" is not of this AnalysisRun`);
  // The last one counts, whatever its status is, as with the reference.
  const end = listAt(found.object, "status", "conditions").findLast((condition) =>
    ["Complete", "Failed"].includes(textAt(condition, "type")),
  );
  if (end !== undefined && textAt(end, "type") === "Complete") return { kind: "decided", phase: "Successful" };
  const failure = end === undefined ? undefined : failureText(place.name, end);
  // The API server has checked it.
  const labelSelector = formatSelector(memberAt(found.object, "spec", "selector") as LabelSelector | undefined);
  const query = queryOf({ labelSelector, limit: MOST_PODS });
  const question = kubeGet(`${collectionPath(PODS, place.namespace)}${query}`);
  const uid = textAt(found.object, "metadata", "uid");
  return ask([question], { step: "pods", place, startedAt, failure, uid });
}

const ended = (message: string): Reading => ({ kind: "decided", phase: "Failed", message });

const withoutPods = (failure: string | undefined, startedAt: number, { now }: Asking): Reading => {
  if (failure !== undefined) return ended(failure);
  const elapsedSeconds = Math.max(0, now - startedAt) / 1_000;
  return { kind: "running", resumeAt: now + Math.sqrt(2 * elapsedSeconds) * 1_000 };
};

/** Such a container waits for ever. */
const HOPELESS = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName"]);

function hopeless(pods: readonly unknown[]): string | undefined {
  for (const pod of pods) {
    for (const member of ["initContainerStatuses", "containerStatuses"]) {
      for (const status of listAt(pod, "status", member)) {
        const waiting = memberAt(status, "state", "waiting");
        const reason = textAt(waiting, "reason");
        if (!HOPELESS.has(reason)) continue;
        const [name, container] = [textAt(pod, "metadata", "name"), textAt(status, "name")];
        return `Pod ${name}, container ${container} has terminal error (${reason}): ${textAt(waiting, "message")}\n`;
      }
    }
  }
  return undefined;
}

const LOG_LINES = "20";
const LOG_BYTES = String(2 ** 16);
/** A pod that reads more is not read. */
const MOST_SECRETS = 20;

function podsRead(
  answer: Answer | undefined,
  { place, startedAt, failure, uid }: Extract<State, { readonly step: "pods" }>,
  asking: Asking,
): Next {
  const found = kubeAnswer(answer);
  if (found.kind !== "object") return withoutPods(failure, startedAt, asking);
  // A selector of the user's own may find pods whose logs are none of this Job's business.
  const pods = listAt(found.object, "items").filter((pod) =>
    listAt(pod, "metadata", "ownerReferences").some((owner) => memberAt(owner, "uid") === uid),
  );
  if (failure === undefined) {
    const message = hopeless(pods);
    return message === undefined
      ? withoutPods(failure, startedAt, asking)
      : { kind: "decided", phase: "Inconclusive", message };
  }
  const culprit = culpritOf(pods);
  if (culprit === undefined) return ended(`${failure}${culpritText(undefined, { lines: "" })}`);
  const secrets = secretsOf(culprit.pod).filter(canBeName);
  if (secrets.length > MOST_SECRETS)
    return ended(`${failure}${culpritText(culprit, { why: `the pod reads more than ${MOST_SECRETS} Secrets` })}`);
  const { namespace } = place;
  const query = {
    container: culprit.container,
    tailLines: LOG_LINES,
    limitBytes: LOG_BYTES,
    ...(culprit.previous ? { previous: "true" } : {}),
  };
  const log = kubeGet(`${objectPath(PODS, { namespace, name: culprit.name, subresource: "log" })}${queryOf(query)}`);
  const values = secrets.map((name) => kubeGet(objectPath(SECRETS, { namespace, name })));
  return ask([log, ...values], { step: "log", place, failure, culprit, secrets });
}

/** A log is shown only where all that must not be in it is known. */
function logRead(answers: readonly Answer[], state: Extract<State, { readonly step: "log" }>): Reading {
  const { culprit, failure, secrets } = state;
  const [log, ...read] = answers;
  const why = (text: string): Reading => ended(`${failure}${culpritText(culprit, { why: text })}`);
  const values: string[] = [];
  for (const [index, name] of secrets.entries()) {
    const secret = kubeAnswer(read[index]);
    if (secret.kind === "object") values.push(...valuesOf(secret.object));
    else if (secret.status !== 404) return why(`Secret ${name}, which the pod reads, cannot be read to cut its values`);
  }
  if (log?.kind !== "answered" || log.status !== 200) {
    const refused = kubeAnswer(log);
    return why(refused.kind === "refused" ? refused.message : "it cannot be read");
  }
  return ended(
    `${failure}${culpritText(culprit, { lines: lastLines(presentableLog(log.body, culprit.pod, values)) })}`,
  );
}

function read(asking: Asking, answers: readonly Answer[], state: State): Next {
  const [answer] = answers;
  switch (state.step) {
    case "create":
      return created(answer, state.place, asking);
    case "existing":
      return existing(answer, state.place, state.refusal, asking);
    case "job":
      return looked(answer, state.place, state.startedAt, asking);
    case "pods":
      return podsRead(answer, state, asking);
    case "log":
      return logRead(answers, state);
    default:
      return state satisfies never;
  }
}

/** With its pods, which go first. */
const deletion = (asking: Asking, running: RunningMeasurement): readonly Question[] => {
  const place = placeOf(running, asking);
  if (place === undefined) return [];
  const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Foreground" };
  return [kubeSend("DELETE", jobPath(place), body)];
};

export const job: MetricProviderRow<"job"> = {
  kind: "job",
  title: "Job",
  conditions: { kind: "ignored" },
  reaches: ["Job"],
  measure: {
    ...measuredBy("Job", JobMetric, {
      begin,
      read: (_, asking, answers, state) => read(asking, answers, state as State),
      resume: (_, asking, running) => resume(asking, running),
    }),
    terminate: deletion,
    collect: deletion,
  },
};
