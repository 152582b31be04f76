/** What can keep any Rollout from moving, whatever its strategy: the first of these rules that holds is the gate. */
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { ConditionReason, PauseReason } from "../../../schema/reasons.ts";
import type { RolloutStatus } from "../../../schema/rollout.ts";
import { instant } from "../../../kube/object/time.ts";
import { wordsOf } from "../actions/actions.ts";
import { currentHash, roles, statusOf } from "../actions/pass.ts";
import { kindsOf } from "../course/analysisKinds.ts";
import { currentRun } from "../course/analysisWishes.ts";
import { needsPerson, pauseCondition, pauseEnd } from "../course/pauseConditions.ts";
import { stepVerdict } from "../course/step.ts";
import { abortScaleDownDelaySeconds, blueGreenOf, currentStepOf, progressDeadlineSeconds } from "../model/defaults.ts";
import { currentExperiment } from "../model/experiments.ts";
import { findCondition, hasReason, isCompleted } from "../model/rolloutConditions.ts";
import { deadlineOf, hashOf } from "../model/replicaSets.ts";
import { restartDue } from "../revision/restart.ts";
import { analysisFault } from "../status/blocked.ts";
import { stepPluginTrouble } from "../course/plugins/stepPlugins.ts";
import { runFinding } from "./analysis.ts";
import type { Evidence } from "./evidence.ts";
import {
  atStep,
  clause,
  type Command,
  command,
  conditionSince,
  currentRevision,
  type Gate,
  type Rule,
  type Scene,
  revisionWords,
  stepWords,
  when,
} from "./gate.ts";
import { lackWords } from "./pods.ts";

const invalid: Rule = (scene) => {
  const { invalid: why, invalidByOthers } = scene.evidence.snapshot;
  if (why === undefined) return undefined;
  const { name, namespace } = scene.p.world.rollout.metadata;
  const byOthers = invalidByOthers === true;
  return {
    standing: byOthers ? "waiting" : "stopped",
    reason: "InvalidSpec",
    why: `is invalid, and left as it is: ${clause(why)}`,
    since: conditionSince(scene, "InvalidSpec"),
    change: [byOthers ? "the object that it names is there and fits" : "its spec is corrected"],
    commands: [{ command: `kubectl edit rollout ${name} -n ${namespace}`, does: "correct it" }],
  };
};

/** What is to be done now, as clauses that complete "to …". */
export function dueNow({ p, decision }: Scene): readonly string[] {
  const isBlocked = p.routers.kind === "fault" || p.routers.kind === "pending";
  const actions = decision.actions.filter(
    ({ kind }) =>
      kind !== "callStepPlugin" &&
      kind !== "askBalancer" &&
      kind !== "evictPods" &&
      !(isBlocked && kind === "routeTraffic"),
  );
  return [...actions.map(wordsOf), ...statusDue(p.snapshot.rollout.status ?? {}, decision.status, p.snapshot.podHash)];
}

/** Steps forward that only the status has: no object changes for them. */
function statusDue(before: RolloutStatus, after: RolloutStatus | undefined, podHash: string): readonly string[] {
  if (after === undefined) return [];
  const reasons = (status: RolloutStatus): string => (status.pauseConditions ?? []).map(({ reason }) => reason).join();
  const [was, is] = [reasons(before), reasons(after)];
  return [
    ...(after.currentPodHash !== before.currentPodHash
      ? [`begin the update to ${after.currentPodHash ?? podHash}`]
      : []),
    ...(after.stableRS !== before.stableRS ? ["make the new version the stable one"] : []),
    ...(after.abort === true && before.abort !== true ? ["abort the update"] : []),
    ...(is !== was ? [is === "" ? "end the pause" : `pause it (${is})`] : []),
    ...(after.currentStepIndex !== before.currentStepIndex && before.currentStepIndex !== undefined
      ? [`go on to step ${(after.currentStepIndex ?? 0) + 1}`]
      : []),
  ];
}

const MOST_NAMED = 2;

const listed = (due: readonly string[]): string =>
  due.length <= MOST_NAMED
    ? due.join(", and ")
    : `${due.slice(0, MOST_NAMED).join(", ")} and ${due.length - MOST_NAMED} more`;

const due: Rule = (scene) => {
  const what = dueNow(scene);
  if (what.length === 0) return undefined;
  const { drivers, isLate } = scene.evidence;
  if (drivers.kind !== "gone" && !isLate)
    return { standing: "moving", reason: "Moving", why: `is moving: the controller is about to ${listed(what)}` };
  return {
    standing: "stopped",
    reason: "NotReconciled",
    ...notDriven(scene.evidence, listed(what)),
    commands: [{ command: "sluice doctor", does: "find out why no controller drives it" }],
  };
};

function notDriven({ drivers, instance }: Evidence, what: string): Pick<Gate, "why" | "change"> {
  if (drivers.kind === "working")
    return {
      why: `is not driven on: it is time to ${what}, and controller ${drivers.holder} has not done it for seconds`,
      change: ["the controller gets to it: it is busy, or its log tells why it cannot"],
    };
  const reason = drivers.kind === "gone" ? clause(drivers.why) : "nothing has been done about it";
  const flag = instance === "" ? "without --instance-id" : `with --instance-id ${instance}`;
  return {
    why: `is driven by no controller: it is time to ${what}, and ${reason}`,
    change: [`a controller runs that watches its namespace, ${flag}`],
  };
}

/** `Rollout aborted update to revision 2: why`; without a reason a person has done it. */
function abortCause({ p }: Scene): string | undefined {
  const message = findCondition(statusOf(p).conditions, "Progressing")?.message ?? "";
  const [, why] = /^Rollout aborted update to revision \d+: (.*)$/s.exec(message) ?? [];
  return why;
}

const aborted: Rule = (scene) => {
  const { p } = scene;
  const status = statusOf(p);
  if (status.abort !== true || isCompleted(status)) return undefined;
  const { newRS, stableRS } = roles(p);
  const why = abortCause(scene);
  const failed = failedRun(scene);
  const finding = failed === undefined ? undefined : runFinding(scene.evidence.runs.get(failed));
  return {
    standing: "stopped",
    reason: "RolloutAborted",
    why: `was aborted${why === undefined ? " by a person" : `: ${clause(why)}`}${finding === undefined ? "" : `; ${finding}`}; ${revisionWords(stableRS)} serves, and ${currentRevision(scene)} does not${leftovers(scene, newRS)}`,
    since: instant(status.abortedAt),
    change: ["it is retried", "its pod template changes"],
    commands: [
      command(scene, "retry rollout", "try the same version again, from the first step"),
      command(scene, "undo", "go back to the last version, so that it is Healthy again"),
    ],
  };
};

/** Until when the pods of the version that was turned back stay. */
function leftovers(scene: Scene, newRS: ReturnType<typeof roles>["newRS"]): string {
  if (newRS === undefined || newRS.replicas === 0) return "";
  const deadline = deadlineOf(newRS);
  if (deadline !== undefined) return `; its pods stay until ${when(scene, deadline)}`;
  return abortScaleDownDelaySeconds(scene.p.world.rollout) === undefined ? "; its pods stay" : "";
}

/** The last run of this version that has failed: the status of an aborted update names none any more. */
function failedRun({ p }: Scene): string | undefined {
  const hash = currentHash(p);
  return (p.world.analysisRuns ?? [])
    .filter(({ labels, phase }) => labels[HASH_LABEL] === hash && (phase === "Failed" || phase === "Error"))
    .toSorted((a, b) => b.createdAt - a.createdAt)[0]?.name;
}

const timedOut: Rule = (scene) => {
  const { p } = scene;
  const progressing = findCondition(statusOf(p).conditions, "Progressing");
  if (!hasReason(progressing, "ProgressDeadlineExceeded")) return undefined;
  const { message = "" } = progressing ?? {};
  const [, known = ""] = /has timed out progressing\.(.*)$/s.exec(message) ?? [];
  const { newRS } = roles(p);
  const now = lackWords(scene, newRS);
  return {
    standing: "stopped",
    reason: "ProgressDeadlineExceeded",
    why: `has made no progress for longer than progressDeadlineSeconds (${progressDeadlineSeconds(p.world.rollout)})${atStep(scene)}: ${newRS !== undefined && newRS.status.availableReplicas < newRS.replicas ? now : clause(known) || now}`,
    since: instant(progressing?.lastTransitionTime),
    change: ["its pods get ready: it goes on by itself then", "it is aborted, or a version that works is set"],
    commands: [
      command(scene, "abort", "send all traffic to the stable version"),
      command(scene, "undo", "go back to the last version"),
    ],
  };
};

const pausedByUser: Rule = (scene) => {
  const { rollout } = scene.p.world;
  if (rollout.spec.paused !== true || isCompleted(statusOf(scene.p))) return undefined;
  const next = pauseBeneath(scene);
  return {
    standing: "stopped",
    reason: "PausedByUser",
    why: `is held by a person, who has set spec.paused${atStep(scene)}`,
    // Where the controller pauses it, too, the condition is as old as that pause.
    since: (statusOf(scene.p).pauseConditions ?? []).length === 0 ? conditionSince(scene, "Paused") : undefined,
    change: [`spec.paused is taken away${next === undefined ? "" : ` and ${next}`}`],
    commands:
      next === undefined
        ? [command(scene, "resume", "let it go on")]
        : [
            command(scene, "resume", "take spec.paused away: its pause stays"),
            command(scene, "promote", "let it go on now: ends both"),
          ],
  };
};

/** What a Rollout that is held waits for besides: without the hold it would not go on either. */
function pauseBeneath(scene: Scene): string | undefined {
  const { rollout } = scene.p.world;
  const isBeforePause = needsPerson(rollout, "CanaryPauseStep" satisfies PauseReason, scene.p.steps);
  return paused(scene)?.change?.[0] ?? (isBeforePause ? "somebody promotes it" : undefined);
}

const paused: Rule = (scene) => {
  const { p } = scene;
  const [first] = statusOf(p).pauseConditions ?? [];
  if (first === undefined) return undefined;
  const since = instant(first.startTime);
  const reason = first.reason as PauseReason;
  const isForPerson = needsPerson(p.world.rollout, reason, p.steps);
  const until = isForPerson ? undefined : pauseOver(scene, reason);
  const until_ = until === undefined ? "" : ` until ${when(scene, until)}`;
  return {
    standing: isForPerson ? "stopped" : "waiting",
    reason,
    why: pauseWords(scene, reason, isForPerson, until_),
    since,
    until,
    change: [isForPerson ? "somebody promotes it" : "the time is over, or somebody promotes it"],
    commands: [command(scene, "promote", "let it go on now"), command(scene, "abort", "turn the update back")],
  };
};

/** When the pause ends by itself. */
function pauseOver({ p }: Scene, reason: PauseReason): number | undefined {
  const { rollout } = p.world;
  const step = currentStepOf(rollout);
  if (reason === "CanaryPauseStep" && step !== undefined) {
    const verdict = stepVerdict(p, step);
    return verdict.kind === "hold" && verdict.wakeAt !== undefined ? verdict.wakeAt - 1 : undefined;
  }
  const seconds = blueGreenOf(rollout)?.autoPromotionSeconds ?? 0;
  return reason === "BlueGreenPause" ? pauseEnd(pauseCondition(statusOf(p), reason), seconds) : undefined;
}

function pauseWords(scene: Scene, reason: PauseReason, isForPerson: boolean, until: string): string {
  const who = isForPerson ? "for a person to promote it" : until.trimStart();
  switch (reason) {
    case "CanaryPauseStep":
      return isForPerson ? `waits ${who}${atStep(scene)}` : `waits${atStep(scene)} ${who}`;
    case "BlueGreenPause":
      return `waits ${who} before the active Service is switched: ${lackWords(scene, roles(scene.p).newRS)}`;
    case "InconclusiveAnalysisRun":
      return `waits ${who}${atStep(scene)}: ${undecided(scene)}`;
    case "InconclusiveExperiment":
      return `waits ${who}${atStep(scene)}: its Experiment has found neither success nor failure${experimentMessage(scene)}`;
    default:
      // Of another controller.
      return `is paused (${String(reason satisfies never)})`;
  }
}

function undecided({ p, evidence }: Scene): string {
  const run = kindsOf(p.world.rollout)
    .map((kind) => currentRun(p, kind))
    .find((each) => each?.phase === "Inconclusive");
  const finding = run === undefined ? undefined : runFinding(evidence.runs.get(run.name));
  const what = `analysis ${run?.name ?? "that has run"} has found neither success nor failure`;
  return finding === undefined ? what : `${what}; ${finding}`;
}

function experimentMessage({ p }: Scene): string {
  const { message = "" } = currentExperiment(p.world, roles(p).newRS) ?? {};
  return message === "" ? "" : `: ${clause(message)}`;
}

const RETRIED = "what is wrong is mended: it is tried again by itself";

const router: Rule = (scene) => {
  const { routers } = scene.p;
  if (routers.kind === "pending")
    return {
      standing: "waiting",
      reason: "TrafficRoutingError",
      why: `waits${atStep(scene)} for its router: ${clause(routers.message)}`,
      since: undefined,
      change: ["it answers: the update goes on by itself"],
    };
  if (routers.kind !== "fault") return undefined;
  return {
    standing: "waiting",
    reason: "TrafficRoutingError",
    why: `waits${atStep(scene)} for its router, which cannot split the traffic: ${clause(routers.message)}`,
    since: conditionSince(scene, "TrafficRoutingFailure"),
    change: [RETRIED],
  };
};

const analysisCannotBegin: Rule = (scene) => {
  const fault = analysisFault(scene.p);
  if (fault === undefined) return undefined;
  return {
    standing: "waiting",
    reason: fault.reason,
    why: `waits${atStep(scene)}, since what is to judge it cannot begin: ${clause(fault.message)}`,
    since: conditionSince(scene, "AnalysisFailure"),
    change: [RETRIED],
    commands: withoutJudge(scene),
  };
};

/** Nobody needs to wait for a template that is not to come. */
function withoutJudge(scene: Scene): readonly Command[] {
  const { rollout } = scene.p.world;
  const back = command(scene, "abort", "turn the update back");
  if (blueGreenOf(rollout) !== undefined) return [command(scene, "promote", "go on without it", " --full"), back];
  return currentStepOf(rollout)?.analysis === undefined ? [back] : [command(scene, "promote", "skip the step"), back];
}

const plugin: Rule = (scene) => {
  const { p } = scene;
  const unasked = p.stepPlugins.kind === "asked" ? p.stepPlugins.fault : undefined;
  const fault = unasked ?? stepPluginTrouble(p);
  if (fault === undefined) return undefined;
  return {
    standing: "waiting",
    reason: "ReconciliationError",
    why: `waits at ${stepWords(scene)} for its plugin: ${clause(fault.message)}`,
    since: conditionSince(scene, "StepPluginFailure"),
    change: [RETRIED],
    commands: [command(scene, "promote", "skip the step"), command(scene, "abort", "turn the update back")],
  };
};

const refusedReplicaSet: Rule = (scene) => {
  const progressing = findCondition(statusOf(scene.p).conditions, "Progressing");
  if (!hasReason(progressing, "ReplicaSetCreateError" satisfies ConditionReason)) return undefined;
  return {
    standing: "waiting",
    reason: "ReplicaSetCreateError",
    why: `has no pods of the new version, since the API server refuses its ReplicaSet: ${clause(progressing?.message ?? "")}`,
    since: instant(progressing?.lastTransitionTime),
    change: [RETRIED],
  };
};

const restarting: Rule = (scene) => {
  const { p, evidence } = scene;
  const before = restartDue(p.world.rollout, p.now);
  const { pods } = p.snapshot;
  if (before === undefined || pods === undefined) return undefined;
  const old = pods.filter(({ createdAt }) => createdAt < before);
  if (old.length === 0) return undefined;
  const lacking = p.world.replicaSets
    .filter(({ replicas, status }) => status.availableReplicas < replicas)
    .map((set) => lackWords(scene, set));
  const held =
    evidence.exhausted.length > 0
      ? `PodDisruptionBudget ${evidence.exhausted.join(", ")} allows none to be evicted`
      : lacking.length > 0
        ? `no further pod may be missing: ${lacking.join("; ")}`
        : "the next one is evicted now";
  return {
    standing: evidence.exhausted.length > 0 ? "stopped" : "waiting",
    reason: "RestartNotDone",
    why: `restarts, and ${old.length} of ${pods.length} pods are still older than spec.restartAt: ${held}`,
    since: before,
    change: ["pods may be evicted: evictions are tried again every 30 s"],
  };
};

/** In the order in which they count. */
export const generalRules: readonly Rule[] = [
  invalid,
  refusedReplicaSet,
  due,
  aborted,
  timedOut,
  pausedByUser,
  paused,
  router,
  analysisCannotBegin,
  plugin,
  restarting,
];

/** The revision that a Service selects, in words. */
export function selectedWords({ p }: Scene, selector: Readonly<Record<string, string>>): string {
  const hash = selector[HASH_LABEL];
  if (hash === undefined) return "no revision";
  const set = p.world.replicaSets.find((each) => hashOf(each) === hash);
  return set === undefined ? `a revision that is gone (${hash})` : revisionWords(set);
}
