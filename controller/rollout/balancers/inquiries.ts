/** Asking about load balancers, and whether they know the pods of a Service (docs/behaviour/traffic.md#alb-target-groups). */
import {
  type Answered,
  type GroupTargets,
  type Inquiry,
  UNKNOWN_GROUP,
} from "../../../providers/traffic/elb/inquiry.ts";
import { verifyError } from "../../../providers/traffic/albVerify.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { EventReason } from "../../../schema/reasons.ts";
import { act, emit, type Pass, roles, statusOf, wake } from "../actions/pass.ts";
import { blueGreenOf } from "../model/defaults.ts";
import type { RolloutEvent } from "../model/model.ts";
import { hashOf } from "../model/replicaSets.ts";

/** AWS limits how often it is asked: the reference asks as often. */
const AGAIN_MS = 10_000;

const answerTo = (p: Pass, key: string): Answered | undefined =>
  p.snapshot.balancers?.answers.find((answered) => answered.key === key);

/** Asks when that was not done lately; one question of a Rollout at a time, whose answer leads to the next pass. */
export function askBalancer(p: Pass, inquiry: Inquiry): void {
  const known = answerTo(p, inquiry.key);
  const due = known === undefined ? p.now : known.askedAt + AGAIN_MS;
  if (due > p.now) return wake(p, due);
  if (p.world.inquiry === undefined) act(p, { kind: "askBalancer", inquiry });
}

/** A decision takes several passes, but emits an event once. */
export function emitOnce(p: Pass, reason: EventReason, message: string, type: RolloutEvent["type"]): void {
  const isEmitted = p.events.some((event) => event.reason === reason && event.message === message);
  if (!isEmitted) emit(p, "action", reason, message, type);
}

/**
 * Whether all target groups that are bound to a Service have its pods; true where nobody asks AWS, and where there is
 * none. Asks, and emits what has come of it.
 */
export function isRegistered(p: Pass, name: string | undefined): boolean {
  if (p.snapshot.balancers === undefined || name === undefined) return true;
  const service = p.world.services.get(name);
  if (service === undefined) return true;
  const hash = service.selector[HASH_LABEL] ?? "";
  if (p.snapshot.services.get(name)?.selector[HASH_LABEL] !== service.selector[HASH_LABEL]) {
    // This decision points it elsewhere: the next one finds that done.
    p.more = true;
    return false;
  }
  const set = hash === "" ? undefined : p.world.replicaSets.find((rs) => hashOf(rs) === hash);
  const inquiry = {
    kind: "targets",
    key: ["targets", name, hash, service.resourceVersion].join("/"),
    service: name,
    podPrefix: set === undefined ? "" : `${set.name}-`.slice(0, LONGEST_PREFIX),
  } as const;
  if (isAnswered(p, name, answerTo(p, inquiry.key))) return true;
  askBalancer(p, inquiry);
  return false;
}

/** Of the name of a pod, which ends in five characters of chance. */
const LONGEST_PREFIX = 58;

/** Whether the answer says that all pods are registered. Reported up to the first group that lacks some. */
function isAnswered(p: Pass, service: string, known: Answered | undefined): boolean {
  if (known === undefined) return false;
  const { answer, isNews } = known;
  if (answer.kind !== "targets") {
    const { message, targetGroup } = answer.kind === "failed" ? answer : { message: "", targetGroup: UNKNOWN_GROUP };
    if (isNews) emitOnce(p, "TargetGroupVerifyError", verifyError(service, targetGroup, message), "Warning");
    return false;
  }
  for (const group of answer.groups) {
    const isWhole = group.registered === group.total;
    if (isNews) tell(p, service, group, isWhole);
    if (!isWhole) return false;
  }
  return true;
}

function tell(p: Pass, service: string, { arn, registered, total }: GroupTargets, isWhole: boolean): void {
  const about = `Service ${service} (TargetGroup ${arn})`;
  if (isWhole) emitOnce(p, "TargetGroupVerified", `${about} verified: ${registered} endpoints registered`, "Normal");
  else
    emitOnce(
      p,
      "TargetGroupUnverified",
      `${about} not verified: ${registered}/${total} endpoints registered`,
      "Warning",
    );
}

/** Between the switch of blue-green's active Service and all that follows from it. */
export function isCutoverRegistered(p: Pass): boolean {
  const status = statusOf(p);
  const hash = hashOf(roles(p).newRS);
  const name = blueGreenOf(p.world.rollout)?.activeService;
  const active = p.world.services.get(name ?? "")?.selector[HASH_LABEL];
  if (hash === "" || active !== hash || status.stableRS === hash) return true;
  return status.blueGreen?.postPromotionAnalysisRunStatus !== undefined || isRegistered(p, name);
}
