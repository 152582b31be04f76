/** The pods and the Service of one template (docs/behaviour/experiments.md#pods). */
import { instant, timestamp } from "../../../kube/object/time.ts";
import type { ExperimentTemplate, ExperimentTemplateStatus } from "../../../schema/experiment.ts";
import { HASH_LABEL, SCALE_DOWN_DEADLINE } from "../../../schema/labels.ts";
import type { EventReason } from "../../../schema/reasons.ts";
import type { ReplicaSetFacts } from "../../rollout/model/model.ts";
import { refusalKey } from "../facts/experimentFacts.ts";
import { replicaSetNameOf, replicaSetOf } from "../make/replicaSet.ts";
import { serviceNameOf, serviceOf } from "../make/service.ts";
import { type Draft, emit, isPastEnd, named, put } from "./draft.ts";

const PROGRESS_DEADLINE_S = 600;
const SCALE_DOWN_DELAY_S = 30;

type Status = ExperimentTemplateStatus;
type StatusChange = Partial<Status>;

export const progressDeadlineOf = ({ facts }: Draft): number =>
  facts.experiment.spec.progressDeadlineSeconds ?? PROGRESS_DEADLINE_S;

const isDone = (status: string | undefined): boolean =>
  status === "Successful" || status === "Failed" || status === "Error";

/** 0 once it has ended, however it has. */
const desiredOf = ({ isTerminating }: Draft, { replicas = 1 }: ExperimentTemplate, status: Status): number =>
  isTerminating || isDone(status.status) ? 0 : replicas;

const failed = (message: string): StatusChange => ({ status: "Error", message });

/** Looks after what belongs to a template, and says how it is. */
export function syncTemplate(d: Draft, template: ExperimentTemplate): void {
  const { name } = template;
  const before = named(d.templates, name) ?? {
    name,
    replicas: 0,
    updatedReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
  };
  const replicaSet = d.facts.replicaSets.get(name);
  const desired = desiredOf(d, template, before);
  const changed = {
    ...before,
    ...(replicaSet === undefined ? created(d, template, before) : kept(d, template, replicaSet, desired, before)),
  };
  const counted = withCounts(d, changed, replicaSet);
  const after = isDone(counted.status) ? counted : { ...counted, ...stateOf(d, counted, desired) };
  report(d, before, after);
  put(d.templates, after);
}

/** One that ends before it has begun needs no pods. */
function created(d: Draft, template: ExperimentTemplate, status: Status): StatusChange {
  const { experiment, refusals } = d.facts;
  if (d.isTerminating || isDone(status.status)) return {};
  const name = replicaSetNameOf(experiment, template.name);
  const refusal = refusals.get(refusalKey("createReplicaSet", name));
  if (refusal !== undefined) {
    const message = `Failed to create new replica set "${name}": ${refusal}`;
    emit(d, "status", { reason: "ReplicaSetCreateError", message });
    return failed(`Failed to create ReplicaSet for template '${template.name}': ${refusal}`);
  }
  const manifest = replicaSetOf(experiment, template, status.collisionCount);
  d.actions.push({ kind: "createReplicaSet", name, manifest });
  return { lastTransitionTime: timestamp(d.now) };
}

function kept(
  d: Draft,
  template: ExperimentTemplate,
  replicaSet: ReplicaSetFacts,
  desired: number,
  status: Status,
): StatusChange {
  const served = desired > 0 && template.service !== undefined ? serve(d, template, replicaSet) : {};
  const unserved =
    template.service === undefined || (desired === 0 && replicaSet.status.availableReplicas === 0)
      ? unserve(d, template, status)
      : {};
  return { ...served, ...unserved, ...sized(d, template.name, replicaSet, desired) };
}

function serve(d: Draft, template: ExperimentTemplate, replicaSet: ReplicaSetFacts): StatusChange {
  const { experiment, services, refusals } = d.facts;
  const podTemplateHash = replicaSet.labels[HASH_LABEL] ?? "";
  const existing = services.get(template.name);
  if (existing !== undefined) return { serviceName: existing.name, podTemplateHash };
  const manifest = serviceOf(experiment, template, replicaSet);
  if (manifest === undefined) return {};
  const name = serviceNameOf(template, replicaSet);
  const refusal = refusals.get(refusalKey("createService", name));
  if (refusal !== undefined)
    return failed(`Failed to create Service ${name} for template '${template.name}': ${refusal}`);
  d.actions.push({ kind: "createService", name, template: template.name, manifest });
  return { serviceName: name, podTemplateHash };
}

function unserve(d: Draft, { name: template }: ExperimentTemplate, status: Status): StatusChange {
  const service = d.facts.services.get(template);
  if (service === undefined)
    return status.serviceName === undefined ? {} : { serviceName: undefined, podTemplateHash: undefined };
  const refusal = d.facts.refusals.get(refusalKey("deleteService", service.name));
  if (refusal !== undefined) return failed(`Failed to delete Service for template '${template}': ${refusal}`);
  d.actions.push({ kind: "deleteService", name: service.name, uid: service.uid ?? "" });
  return { serviceName: undefined, podTemplateHash: undefined };
}

interface Sizing {
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

/** Pods that are to go stay until the time that the annotation names, which is written first. */
function sizing(d: Draft, replicaSet: ReplicaSetFacts, desired: number): Sizing {
  if (replicaSet.replicas === desired) return {};
  if (desired > 0) return { replicas: desired };
  const delay = d.facts.experiment.spec.scaleDownDelaySeconds ?? SCALE_DOWN_DELAY_S;
  const noted = replicaSet.annotations[SCALE_DOWN_DEADLINE];
  if (delay === 0)
    return { replicas: 0, ...(noted === undefined ? {} : { annotations: { [SCALE_DOWN_DEADLINE]: null } }) };
  const deadline = noted === undefined ? d.now + delay * 1000 : (instant(noted) ?? d.now);
  if (noted === undefined) {
    const text = timestamp(deadline);
    d.wakeAts.push(Date.parse(text));
    return { annotations: { [SCALE_DOWN_DEADLINE]: text } };
  }
  if (deadline <= d.now) return { replicas: 0 };
  d.wakeAts.push(deadline);
  return {};
}

function sized(d: Draft, template: string, replicaSet: ReplicaSetFacts, desired: number): StatusChange {
  const { name, resourceVersion, replicas: from } = replicaSet;
  const change = sizing(d, replicaSet, desired);
  if (Object.keys(change).length === 0) return {};
  const refusal = d.facts.refusals.get(refusalKey("updateReplicaSet", name));
  if (refusal !== undefined) {
    const text = `Unable to scale ReplicaSet for template '${template}' to desired replica count '${desired}': ${refusal}`;
    return failed(text);
  }
  d.actions.push({ kind: "updateReplicaSet", name, resourceVersion, ...change });
  const { replicas: to } = change;
  const moved = { lastTransitionTime: timestamp(d.now) };
  // The beginning of its delay counts as the end of its pods.
  if (to === undefined) return moved;
  const message = `Scaled ${from < to ? "up" : "down"} ReplicaSet ${name} from ${from} to ${to}`;
  emit(d, "action", { reason: "ScalingReplicaSet", message });
  return moved;
}

function withCounts(d: Draft, status: Status, replicaSet: ReplicaSetFacts | undefined): Status {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = replicaSet?.status ?? {};
  const hasMoved =
    status.replicas !== replicas ||
    status.updatedReplicas !== replicas ||
    status.readyReplicas !== readyReplicas ||
    status.availableReplicas !== availableReplicas;
  const counts = { replicas, updatedReplicas: replicas, readyReplicas, availableReplicas };
  return { ...status, ...counts, ...(hasMoved ? { lastTransitionTime: timestamp(d.now) } : {}) };
}

/** Of one that has not ended (docs/behaviour/experiments.md#pods). */
function stateOf(d: Draft, status: Status, desired: number): StatusChange {
  if (status.availableReplicas === desired) {
    const isEnding = d.isTerminating || isPastEnd(d.facts.experiment, d.now);
    return { status: isEnding ? "Successful" : "Running" };
  }
  const seconds = progressDeadlineOf(d);
  const deadline = (instant(status.lastTransitionTime) ?? d.now) + seconds * 1000;
  if (deadline < d.now) {
    const message = `Template '${status.name}' exceeded its progressDeadlineSeconds (${seconds})`;
    return { status: "Failed", message };
  }
  if (d.isTerminating) return { status: "Successful" };
  d.wakeAts.push(deadline + 1);
  return { status: "Progressing" };
}

const REASONS: Readonly<Record<string, EventReason>> = {
  Progressing: "TemplateProgressing",
  Running: "TemplateRunning",
  Successful: "TemplateSuccessful",
  Failed: "TemplateFailed",
  Error: "TemplateError",
};

function report(d: Draft, before: Status, { name, status = "", message = "" }: Status): void {
  const reason = REASONS[status];
  if (reason === undefined || before.status === status) return;
  const text = `Template '${name}' transitioned from ${before.status ?? ""} -> ${status}`;
  const type = status === "Failed" || status === "Error" ? "Warning" : "Normal";
  emit(d, "status", { reason, type, message: message === "" ? text : `${text}: ${message}` });
}
