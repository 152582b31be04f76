/** What a canary or a blue-green update waits for, by the verdicts that the decision itself went by. */
import type { StepReason } from "../../../schema/reasons.ts";
import { roles, statusOf } from "../actions/pass.ts";
import { currentRun, lacksBackground } from "../course/analysisWishes.ts";
import { stepPluginEntries } from "../course/plugins/stepPlugins.ts";
import { prePromotionDone, postPromotionDone } from "../course/analysisWishes.ts";
import { isUnverifiedAtEnd, promotionReason } from "../course/promotion.ts";
import { stepVerdict } from "../course/step.ts";
import { activeService, readyForPause } from "../decide/blueGreen.ts";
import { blueGreenOf, currentStepOf, desiredReplicas, stepIndexOf } from "../model/defaults.ts";
import { currentExperiment } from "../model/experiments.ts";
import type { AnalysisKind, ReplicaSetFacts } from "../model/model.ts";
import { deadlineOf, isSaturated } from "../model/replicaSets.ts";
import { isCompleted, isHealthy } from "../model/rolloutConditions.ts";
import { runFinding } from "./analysis.ts";
import {
  atStep,
  clause,
  command,
  conditionSince,
  currentRevision,
  type Gate,
  lastProgress,
  type Rule,
  type Scene,
  stepWords,
  when,
} from "./gate.ts";
import { selectedWords } from "./generalGates.ts";
import { lackWords } from "./pods.ts";

/** The new version is the stable one. */
const completed: Rule = (scene) => {
  const { p } = scene;
  const status = statusOf(p);
  if (!isCompleted(status)) return undefined;
  const { rollout } = p.world;
  const { newRS, others } = roles(p);
  const wanted = desiredReplicas(rollout);
  if ((newRS?.status.availableReplicas ?? 0) < wanted)
    return {
      standing: "waiting",
      reason: "PodsNotAvailable",
      why: `serves ${currentRevision(scene)} with fewer pods than asked for: ${lackWords(scene, newRS)}`,
      since: conditionSince(scene, "Healthy") ?? lastProgress(scene),
      change: ["its pods get ready"],
    };
  const isHeld = rollout.spec.paused === true;
  const held = isHeld ? ", and spec.paused keeps the next update from beginning" : "";
  const serves = `is done: ${currentRevision(scene)} serves with all ${wanted} pods${held}`;
  const left = others.filter(({ replicas }) => replicas > 0);
  const until = scaleDownAt(scene, left);
  if (left.length > 0 && until !== undefined)
    return {
      standing: "done",
      reason: "OldPodsToEnd",
      why: `${serves}; pods of an older version stay until ${when(scene, until)}, by scaleDownDelaySeconds`,
      until,
    };
  if (!isHeld && !isHealthy(rollout, p.snapshot.rollout.status ?? {}, status))
    return {
      standing: "waiting",
      reason: "OldPodsToEnd",
      why: `serves ${currentRevision(scene)} with all ${wanted} pods, and waits for those of older versions to end`,
    };
  return { standing: "done", reason: "Done", why: serves };
};

/** When the first of them loses its pods; a Rollout that is held takes none away, whatever their deadline is. */
function scaleDownAt({ decision: { wakeAt } }: Scene, sets: readonly ReplicaSetFacts[]): number | undefined {
  const deadlines = sets.map(deadlineOf).filter((at) => at !== undefined);
  const first = deadlines.length === 0 ? undefined : Math.min(...deadlines);
  return first === undefined || wakeAt === undefined || wakeAt > first + 1_000 ? undefined : first;
}

const canaryStep: Rule = (scene) => {
  const { p } = scene;
  const step = currentStepOf(p.world.rollout);
  if (step === undefined || blueGreenOf(p.world.rollout) !== undefined) return undefined;
  const verdict = stepVerdict(p, step);
  if (verdict.kind === "done") return undefined;
  return {
    standing: "waiting",
    reason: verdict.reason,
    why: `waits at ${stepWords(scene)} ${forWhat(scene, verdict.reason)}`,
    since: lastProgress(scene),
    until: verdict.wakeAt,
    change: changesOf(verdict.reason),
    commands: [command(scene, "promote", "skip the step"), command(scene, "abort", "turn the update back")],
  };
};

function forWhat(scene: Scene, reason: StepReason): string {
  const { p } = scene;
  const { newRS, stableRS, others } = roles(p);
  switch (reason) {
    case "CanarySizeNotReached":
      return `for pods of the new version: ${lackWords(scene, newRS)}`;
    case "StableSizeNotReached":
      return `for the size of the stable version: ${lackWords(scene, stableRS)}`;
    case "OldPodsLeft":
      return `for pods of older versions to end: ${others.map((set) => lackWords(scene, set)).join("; ")}`;
    case "WeightNotVerified":
      return `for its router, which does not send ${p.weights?.canary.weight ?? 0}% of the requests to the new version yet`;
    case "ExperimentNotStarted":
      return "for its Experiment to begin";
    case "ExperimentNotOver":
      return `for ${experimentWords(scene)}`;
    case "AnalysisNotStarted":
      return "for its analysis to begin";
    case "AnalysisNotOver":
      return `for ${analysisWords(scene, "Step")}`;
    case "PluginNotStarted":
      return "for its plugin to be asked";
    case "PluginNotOver":
      return `for its plugin${pluginWords(scene)}`;
    case "PauseBegins":
    case "PauseNotOver":
      return "for its time to pass";
    case "WaitsForPerson":
      return "for a person to promote it";
    case "PausedByUser":
      return "for a person, who has set spec.paused";
    case "NotDriven":
    case "UnknownKind":
      return "which this version of Sluice does not know";
    default:
      return reason satisfies never;
  }
}

/** In the words of people who look for what to do. */
function changesOf(reason: StepReason): readonly string[] {
  switch (reason) {
    case "CanarySizeNotReached":
    case "StableSizeNotReached":
      return ["its pods get ready"];
    case "AnalysisNotOver":
    case "ExperimentNotOver":
      return ["it ends well; if it fails, the update is aborted"];
    case "WeightNotVerified":
      return ["the load balancer is seen to send so many requests there"];
    default:
      return [];
  }
}

const pluginWords = ({ p }: Scene): string => {
  const entry = stepPluginEntries(p).find(({ index }) => index === stepIndexOf(p.world.rollout));
  if (entry === undefined) return "";
  const { name, phase = "", message = "" } = entry;
  return ` ${name}, which is ${phase}${message === "" ? "" : `: ${clause(message)}`}`;
};

function experimentWords({ p, evidence }: Scene): string {
  const experiment = currentExperiment(p.world, roles(p).newRS);
  if (experiment === undefined) return "its Experiment";
  const { name, phase } = experiment;
  return `Experiment ${name}, which ${evidence.experiments.get(name) ?? (phase === "" ? "has not begun" : `is ${phase}`)}`;
}

function analysisWords({ p, evidence }: Scene, kind: AnalysisKind): string {
  const run = currentRun(p, kind);
  if (run === undefined) return "its analysis to begin";
  const finding = runFinding(evidence.runs.get(run.name));
  const phase = run.phase === "" ? "has not begun" : `is ${run.phase}`;
  return `analysis ${run.name}, which ${phase}${finding === undefined ? "" : `; ${finding}`}`;
}

/** All steps are done, or there are none. */
const canaryEnd: Rule = (scene) => {
  const { p } = scene;
  if (blueGreenOf(p.world.rollout) !== undefined || promotionReason(p, statusOf(p)) !== undefined) return undefined;
  if (lacksBackground(p))
    return { standing: "waiting", reason: "AnalysisNotStarted", why: "waits for its analysis to begin" };
  if (isUnverifiedAtEnd(p))
    return {
      standing: "waiting",
      reason: "WeightNotVerified",
      why: `waits at its end ${forWhat(scene, "WeightNotVerified")}`,
      since: lastProgress(scene),
      change: changesOf("WeightNotVerified"),
      commands: [command(scene, "abort", "turn the update back")],
    };
  return {
    standing: "waiting",
    reason: "PodsNotAvailable",
    why: `waits for all pods of the new version, before it is promoted: ${lackWords(scene, roles(p).newRS)}`,
    since: lastProgress(scene),
    change: ["its pods get ready"],
    commands: [command(scene, "abort", "turn the update back")],
  };
};

const ofAnalysis = (scene: Scene, kind: AnalysisKind, when_: string): Gate => ({
  standing: "waiting",
  reason: currentRun(scene.p, kind) === undefined ? "AnalysisNotStarted" : "AnalysisNotOver",
  why: `waits ${when_} for ${analysisWords(scene, kind)}`,
  since: scene.evidence.runs.get(currentRun(scene.p, kind)?.name ?? "")?.startedAt ?? lastProgress(scene),
  change: changesOf("AnalysisNotOver"),
  commands: [command(scene, "promote", "go on without it", " --full"), command(scene, "abort", "turn the update back")],
});

const blueGreen: Rule = (scene) => {
  const { p } = scene;
  const { rollout } = p.world;
  if (blueGreenOf(rollout) === undefined) return undefined;
  const { newRS, stableRS } = roles(p);
  const status = statusOf(p);
  if (!readyForPause(p))
    return {
      standing: "waiting",
      reason: "PodsNotAvailable",
      why: `waits for pods of the new version, before the active Service is switched: ${lackWords(scene, newRS)}`,
      since: lastProgress(scene),
      change: ["its pods get ready"],
      commands: [command(scene, "abort", "turn the update back")],
    };
  const isSwitched = status.blueGreen?.activeSelector === status.currentPodHash;
  if (!isSwitched && stableRS !== undefined && !prePromotionDone(p))
    return ofAnalysis(scene, "PrePromotion", "before the active Service is switched");
  if (isSwitched && !postPromotionDone(p))
    return ofAnalysis(scene, "PostPromotion", "after the active Service was switched");
  const active = activeService(p);
  if (isSwitched || active === undefined) return undefined;
  return {
    standing: "waiting",
    reason: "ServiceNotSwitched",
    why: `waits for Service ${active.name} to be switched: it selects ${selectedWords(scene, active.selector)}; ${isSaturated(rollout, newRS) ? "all pods of the new version are there" : lackWords(scene, newRS)}`,
  };
};

/** Nothing else has an answer. */
export const fallback = (scene: Scene): Gate => ({
  standing: "moving",
  reason: "Moving",
  why: `is moving${atStep(scene)}`,
});

export const strategyRules: readonly Rule[] = [completed, canaryStep, canaryEnd, blueGreen];
