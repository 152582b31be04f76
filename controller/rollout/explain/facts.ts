/** The chain of facts behind an explanation: what is known of the step, the pods, the traffic, what judges it, and times. */
import { timestamp } from "../../../kube/object/time.ts";
import { isAborted, roles, statusOf } from "../actions/pass.ts";
import { kindsOf } from "../course/analysisKinds.ts";
import { currentRun } from "../course/analysisWishes.ts";
import { deadlineAhead } from "../decide/decide.ts";
import { blueGreenOf, currentStepOf, fullWeight, progressDeadlineSeconds } from "../model/defaults.ts";
import { currentExperiment } from "../model/experiments.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { deadlineOf } from "../model/replicaSets.ts";
import { metricWords } from "./analysis.ts";
import { clause, type Gate, type Scene, stepWords, when } from "./gate.ts";
import { dueNow, selectedWords } from "./generalGates.ts";
import { lackWords } from "./pods.ts";

export interface Fact {
  /** "gate", "due", "step", "pods", "traffic", "service", "analysis", "experiment", "deadline", "next", "status", "controller". */
  readonly about: string;
  readonly text: string;
}

type FactsOf = (scene: Scene, gate: Gate) => readonly string[];

const gateFact: FactsOf = (scene, { reason, since }) => [
  `${reason}${since === undefined ? "" : `, since ${when(scene, since)}`}`,
];

/** Nothing is said of a world that a decision has changed, and that does not exist yet. */
const isDue = ({ reason }: Gate): boolean => reason === "Moving" || reason === "NotReconciled";

const dueFact: FactsOf = (scene, gate) => (isDue(gate) ? dueNow(scene) : []);

const stepFact: FactsOf = (scene, gate) =>
  isDue(gate) ||
  currentStepOf(scene.p.world.rollout) === undefined ||
  isAborted(scene.p) ||
  scene.p.snapshot.invalid !== undefined
    ? []
    : [stepWords(scene)];

function roleOf({ p }: Scene, { name }: ReplicaSetFacts): string {
  const { newRS, stableRS } = roles(p);
  if (stableRS?.name === name) return newRS?.name === name ? "stable and new" : "stable";
  return newRS?.name === name ? "new" : "older";
}

const podFacts: FactsOf = (scene) =>
  scene.p.snapshot.replicaSets
    .filter(({ replicas, status }) => replicas > 0 || status.replicas > 0)
    .map((set) => {
      const deadline = deadlineOf(set);
      const leaves = deadline === undefined ? "" : `; scaled down at ${when(scene, deadline)}`;
      return `${roleOf(scene, set)}: ${lackWords(scene, set)}${leaves}`;
    });

const trafficFact: FactsOf = ({ p }, gate) => {
  const { weights } = p;
  if (weights === undefined || isDue(gate)) return [];
  const full = fullWeight(p.world.rollout);
  const verified = weights.verified === undefined ? "" : weights.verified ? ", verified" : ", not verified yet";
  return [`${weights.canary.weight} of ${full} to the new version, ${weights.stable.weight} to stable${verified}`];
};

const serviceFact: FactsOf = (scene) => {
  const { rollout, services } = scene.p.snapshot;
  const { activeService: active, previewService: preview } = blueGreenOf(rollout) ?? {};
  return [active, preview].flatMap((name) => {
    const service = name === undefined ? undefined : services.get(name);
    return service === undefined ? [] : [`${service.name} selects ${selectedWords(scene, service.selector)}`];
  });
};

const analysisFacts: FactsOf = (scene) => {
  const { p, evidence } = scene;
  return kindsOf(p.world.rollout).flatMap((kind) => {
    const run = currentRun(p, kind);
    if (run === undefined) return [];
    const message = run.message === "" ? "" : `: ${clause(run.message)}`;
    const metrics = evidence.runs.get(run.name)?.metrics ?? [];
    return [
      `${run.name} (${kind}) is ${run.phase === "" ? "new" : run.phase}${message}`,
      ...metrics.map((metric) => metricWords(scene, metric)),
    ];
  });
};

const experimentFact: FactsOf = ({ p, evidence }) => {
  const experiment = currentExperiment(p.world, roles(p).newRS);
  if (experiment === undefined) return [];
  const { name, phase } = experiment;
  return [`${name} ${evidence.experiments.get(name) ?? `is ${phase === "" ? "new" : phase}`}`];
};

const deadlineFact: FactsOf = (scene, gate) => {
  const { rollout } = scene.p.world;
  const isOver = gate.standing === "done" || isDue(gate);
  const at = isOver ? undefined : deadlineAhead(scene.p, rollout, statusOf(scene.p));
  if (at === undefined) return [];
  const then = rollout.spec.progressDeadlineAbort === true ? "it is aborted" : "it counts as Degraded";
  return [
    `without progress ${then} at ${when(scene, at)} (progressDeadlineSeconds: ${progressDeadlineSeconds(rollout)})`,
  ];
};

/** Of a controller that is there. */
const nextFact: FactsOf = (scene, { standing, reason }) => {
  const { wakeAt } = scene.decision;
  const isDriven = scene.evidence.drivers.kind !== "gone" && reason !== "NotReconciled";
  return standing === "done" || !isDriven || wakeAt === undefined
    ? []
    : [`the controller looks at it again by ${timestamp(wakeAt)}`];
};

const statusFact: FactsOf = ({ p }) => {
  const { status = {}, metadata } = p.snapshot.rollout;
  const { phase = "", message = "", observedGeneration: seen } = status;
  const { generation = 0 } = metadata;
  const isBehind = seen !== undefined && seen !== String(generation);
  return [
    ...(phase === "" ? ["none was written yet"] : [`${phase}${message === "" ? "" : `: ${message}`}`]),
    ...(isBehind ? [`it is about generation ${seen} of the spec, and there is generation ${generation}`] : []),
  ];
};

const controllerFact: FactsOf = ({ evidence: { drivers } }, { standing }) =>
  drivers.kind === "gone" && standing !== "done" ? [`none is at work: ${drivers.why}`] : [];

const rows: readonly (readonly [about: string, of: FactsOf])[] = [
  ["gate", gateFact],
  ["due", dueFact],
  ["step", stepFact],
  ["pods", podFacts],
  ["traffic", trafficFact],
  ["service", serviceFact],
  ["analysis", analysisFacts],
  ["experiment", experimentFact],
  ["deadline", deadlineFact],
  ["next", nextFact],
  ["status", statusFact],
  ["controller", controllerFact],
];

export const factsOf = (scene: Scene, gate: Gate): readonly Fact[] =>
  rows.flatMap(([about, of]) => of(scene, gate).map((text) => ({ about, text })));
