/**
 * A Rollout that has made no progress for too long: when its pods are read, and what they show. Pods are read at no
 * other time, so that a healthy Rollout costs nothing.
 */
import type { Rollout, RolloutCondition } from "../../../schema/rollout.ts";
import { findCondition, hasReason, timedOut } from "../model/rolloutConditions.ts";
import { currentStepOf } from "../model/defaults.ts";
import type { PodCheck, PodWait, ReplicaSetFacts, Snapshot } from "../model/model.ts";
import { roles, statusOf, type Pass } from "../actions/pass.ts";
import { hasEnded } from "../course/analysisKinds.ts";
import { isPaused } from "../course/pauseConditions.ts";
import { peakNote } from "../model/podPeak.ts";
import { rolesOf } from "../model/replicaSets.ts";
import { instant } from "../../../kube/object/time.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import { isEndless, type StepTable } from "../../steps/stepTable.ts";

/** The current step may take any amount of time. */
export function atEndlessStep(rollout: Rollout, steps: StepTable): boolean {
  const step = currentStepOf(rollout);
  return step !== undefined && isEndless(steps, step);
}

/** An analysis before or after the promotion runs, for as long as it likes, as one that is a step does. */
export function isBeingTested({ status = {} }: Rollout): boolean {
  const { prePromotionAnalysisRunStatus: before, postPromotionAnalysisRunStatus: after } = status.blueGreen ?? {};
  return [before, after].some((run) => run !== undefined && !hasEnded({ phase: run.status }));
}

/** The Rollout is at such a step, or is being tested, or paused. */
export const isIndefinite = (rollout: Rollout, steps: StepTable = STEPS): boolean =>
  atEndlessStep(rollout, steps) ||
  isBeingTested(rollout) ||
  findCondition(rollout.status?.conditions, "Paused")?.status === "True";

/** The new ReplicaSet, when its pods have to be read to find out why nothing moves; undefined otherwise. */
export function setToCheck(snapshot: Snapshot, now: number): ReplicaSetFacts | undefined {
  const { rollout, invalid } = snapshot;
  const status = rollout.status ?? {};
  if (invalid !== undefined || status.abort === true || isPaused(rollout, status) || isIndefinite(rollout))
    return undefined;
  // A finished rollout's condition is old, too.
  const progressing = findCondition(status.conditions, "Progressing");
  if (hasReason(progressing, "NewReplicaSetAvailable") || !timedOut(rollout, status, now)) return undefined;
  return rolesOf(snapshot, snapshot).newRS;
}

const SOONEST_MS = 30_000;
const LATEST_MS = 600_000;

/** When to read the pods again: the longer nothing moves, the later, from every 30 s to every 10 min. */
export function nextPodCheckAt(rollout: Rollout, podCheck: PodCheck): number {
  const progressing = findCondition(rollout.status?.conditions, "Progressing");
  const exceededAt = hasReason(progressing, "ProgressDeadlineExceeded")
    ? instant(progressing?.lastTransitionTime)
    : undefined;
  return podCheck.at + Math.min(LATEST_MS, Math.max(SOONEST_MS, podCheck.at - (exceededAt ?? podCheck.at)));
}

const LONGEST_MESSAGE = 300;
const MOST_REASONS = 3;

/** Why nothing moves, as far as known, as sentences with a space before each; "" when nothing is known. */
export function whyStuck(p: Pass): string {
  const { newRS } = roles(p);
  const { podCheck } = p.snapshot;
  const sentences = [
    podCheck === undefined || podCheck.setUid !== newRS?.uid ? undefined : podsText(podCheck),
    newRS === undefined ? undefined : missingText(newRS),
  ].filter((sentence) => sentence !== undefined);
  if (sentences.length === 0 && podCheck !== undefined)
    sentences.push(...p.world.replicaSets.flatMap((rs) => (rs.name === newRS?.name ? [] : (lackText(rs) ?? []))));
  return sentences.map((sentence) => ` ${sentence}`).join("");
}

/** One sentence on the pods of a ReplicaSet that are not ready; undefined when none is. */
export function podsText({ waits, pods, failure }: PodCheck): string | undefined {
  if (failure !== undefined) return `Why is not known: ${failure}.`;
  if (waits.length === 0) return undefined;
  const groups = [...Map.groupBy(waits, kindOfWait).values()].toSorted((a, b) => b.length - a.length);
  const texts = groups.slice(0, MOST_REASONS).map((same) => groupText(same, groups.length > 1));
  if (groups.length > MOST_REASONS) texts.push(`${groups.length - MOST_REASONS} more reasons`);
  const what = waits.every(({ reason }) => reason === "Restarted") ? "restarted" : "not ready";
  return `${waits.length} of ${pods} pods ${what}: ${sentence(texts.join("; "))}`;
}

/** Pods of the same kind wait for the same thing, whatever their messages name. */
const kindOfWait = ({ reason, container, image, exit }: PodWait): string =>
  JSON.stringify([reason, container, image, exit]);

function groupText(same: readonly PodWait[], counted: boolean): string {
  const [first] = same;
  if (first === undefined) return "";
  const restarts = Math.max(0, ...same.map((wait) => wait.restarts ?? 0));
  return `${waitText({ ...first, restarts })}${counted ? ` (${same.length})` : ""}`;
}

/** One reason: `ImagePullBackOff, container "web", image "web:2": Back-off pulling image "web:2"`. */
function waitText({ reason, container, image, exit, restarts = 0, message }: PodWait): string {
  const parts = [
    reason,
    ...(container === undefined ? [] : [`container "${container}"`]),
    ...(image === undefined ? [] : [`image "${image}"`]),
    ...(exit === undefined ? [] : [`ended with exit code ${exit.code} (${exit.reason})`]),
    ...(restarts === 0 ? [] : [`restarted ${restarts} ${restarts === 1 ? "time" : "times"}`]),
  ];
  return `${parts.join(", ")}${message === undefined || message === "" ? "" : `: ${shortened(message)}`}`;
}

const shortened = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
};

const sentence = (text: string): string => (/[.…!]$/.test(text) ? text : `${text}.`);

/** Pods that could not even be created: quota, admission. */
export function missingText({ replicas, status, failure }: ReplicaSetFacts): string | undefined {
  const missing = replicas - status.replicas;
  if (failure === undefined || missing <= 0) return undefined;
  return sentence(
    `${missing} ${missing === 1 ? "pod" : "pods"} could not be created: ${failure.reason}: ${shortened(failure.message)}`,
  );
}

/** When nothing is wrong with the new pods: another ReplicaSet that lacks available pods. */
const lackText = ({ name, replicas, status }: ReplicaSetFacts): string | undefined =>
  status.availableReplicas < replicas
    ? `ReplicaSet "${name}" has ${status.availableReplicas} of ${replicas} pods available.`
    : undefined;

/** The message without what is not news: the peak, and the number of restarts, which only grows. */
const essence = (message: string): string =>
  message.replace(peakNote(message), "").replaceAll(/restarted \d+ times?/g, "restarted");

/** To the reference a condition with the same reason is not a change; here a new message about the pods is one. */
export function withNews(p: Pass, conditions: RolloutCondition[], next: RolloutCondition): RolloutCondition[] {
  const current = findCondition(conditions, next.type);
  const before = findCondition(statusOf(p).conditions, next.type);
  if (current === undefined || current.message === next.message || before?.reason !== next.reason) return conditions;
  const sameWhy = p.snapshot.podCheck === undefined || essence(current.message) === essence(next.message);
  const message = sameWhy
    ? `${current.message.replace(peakNote(current.message), "")}${peakNote(next.message)}`
    : next.message;
  if (message === current.message) return conditions;
  return conditions.map((c) => (c === current ? { ...c, message, lastUpdateTime: next.lastUpdateTime } : c));
}
