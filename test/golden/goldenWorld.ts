/**
 * A small world for the pure core: one Rollout in a cluster, and a clock that jumps from one event to the
 * next. Tests list what people do and compare the resulting story, line by line.
 */
import type { Traffic } from "../../providers/traffic/router.ts";
import type { Rollout, RolloutStatus } from "../../schema/rollout.ts";
import { decide } from "../../controller/rollout/decide/decide.ts";
import type { StepTable } from "../../controller/steps/stepTable.ts";
import { nextPodCheckAt } from "../../controller/rollout/status/stuck.ts";
import type { Decision } from "../../controller/rollout/actions/action.ts";
import { hasEnded } from "../../controller/rollout/course/analysisKinds.ts";
import type { AnalysisTemplateSpec } from "../../schema/analysis.ts";
import type {
  AnalysisRunFacts,
  ExperimentFacts,
  PodWait,
  ReplicaSetFacts,
  ServiceFacts,
  Snapshot,
} from "../../controller/rollout/model/model.ts";
import {
  changeSet,
  newCluster,
  nextPodChange,
  perform,
  runReplicaSets,
  serviceOf,
  snapshotOf,
} from "./goldenCluster.ts";
import type { Cluster, Outcome } from "./goldenCluster.ts";
import { endOf, instantText, lineOf, readable, setsText } from "./timelineText.ts";
import { type Course, nextRunChange, runAnalyses } from "./fakeAnalyses.ts";
import { answersTold, type BalancerAnswerOf, balancersOf, forgetAnswers, runBalancers } from "./fakeBalancers.ts";
import { type AnswerOf, forgetCalls, pluginsOf, runPlugins } from "./fakePlugins.ts";
import { answerRouters, nextRouterAnswer, type RouterPlugins, routerPluginsBy } from "./fakeRouterPlugin.ts";
import { nextExperimentChange, runExperiments, type Trial } from "./fakeExperiments.ts";
import type { Edit } from "./edits.ts";
import { changedDeployment, deploymentOf, type DeploymentOptions } from "./replacedDeployment.ts";

export interface WorldOptions {
  /** Milliseconds until a new pod is ready, 1 s if not given; undefined for a pod that never is. */
  readonly readyAfterMs?: (image: string) => number | undefined;
  /** Services that exist from the beginning. */
  readonly services?: readonly string[];
  /** The Deployment "web" that exists from the beginning, for `workloadRef`. */
  readonly deployment?: DeploymentOptions;
  /** How many of a decision's writes succeed before the controller crashes and starts again; undefined: all. */
  readonly crashAfter?: (decision: Decision) => number | undefined;
  /** The ReplicaSet controller acts only when the Rollout rests, as if it were slow. */
  readonly lateAnswers?: boolean;
  /** The analysis templates that exist from the beginning, by name. */
  readonly templates?: Readonly<Record<string, AnalysisTemplateSpec>>;
  /** What each AnalysisRun comes to; undefined: it never ends by itself. */
  readonly course?: (run: AnalysisRunFacts) => Course | undefined;
  /** What step plugins answer. */
  readonly plugins?: AnswerOf;
  /** The routers that are plugins, which a test may change at any time. */
  readonly routerPlugins?: RouterPlugins;
  /** What AWS answers about load balancers; undefined: nobody asks it. */
  readonly balancers?: BalancerAnswerOf;
  /** What each Experiment comes to; undefined: it never ends by itself. */
  readonly trial?: (experiment: ExperimentFacts) => Trial | undefined;
  /** The kinds of canary steps, where they are not those of the product. */
  readonly steps?: StepTable;
  /** Called for every decision, with the facts before it and, once it is carried out, after it; `routed`: before it. */
  readonly onDecision?: (
    before: Snapshot,
    decision: Decision,
    now: number,
    after: Snapshot,
    routed: Traffic | undefined,
  ) => void;
}

export interface World {
  readonly lines: readonly string[];
  /** Emitted events, each with its time. */
  readonly events: readonly string[];
  readonly now: number;
  readonly rollout: Rollout;
  readonly replicaSets: readonly ReplicaSetFacts[];
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** Object writes since the world began. */
  readonly writes: number;
  /** The end of the story: the full status. */
  readonly end: readonly string[];
  /** The facts for the next decision. */
  snapshot(): Snapshot;
  /** A user changes the Rollout; a change of the spec raises its generation. */
  edit(what: string, change: Edit): void;
  /** Lets `ms` pass, with everything that is due in that time. */
  pass(ms: number): void;
  /** The cluster is changed by something other than the controller. */
  meddle(what: string, change: (cluster: Meddler) => void): void;
}

/** Changes of the cluster that others can make. An image stands for its ReplicaSet. */
export interface Meddler {
  deleteSet(image: string): void;
  /** Removes the owner reference. */
  disown(image: string): void;
  relabel(image: string, labels: Readonly<Record<string, string>>): void;
  /** The oldest `count` of the ReplicaSet's pods are unready for `ms`. */
  failPods(image: string, count: number, ms: number): void;
  /** What its pods wait for until they are ready. */
  waitFor(image: string, wait: PodWait): void;
  /** The ReplicaSet controller cannot create pods. */
  setFailure(image: string, message: string | undefined): void;
  /** A user changes or creates the Deployment. */
  setDeployment(change: Partial<DeploymentOptions>): void;
  deleteDeployment(): void;
  addService(name: string): void;
  deleteService(name: string): void;
  /** The Service is applied as it is in Git: no revision in its selector, managed by nobody. */
  resetService(name: string): void;
  /** A user changes the Rollout at the same moment. */
  change(edit: Edit): void;
  /** A template is created or edited. */
  setTemplate(name: string, spec: AnalysisTemplateSpec): void;
  deleteRun(name: string): void;
  /** All that a controller has written on the Rollout is lost, and its ReplicaSets belong to nobody. */
  loseEverything(): void;
  /** The next ReplicaSet's name is taken already. */
  occupy(name: string): void;
  refuse(message: string | undefined): void;
  /** The router cannot apply weights any more, or can again. */
  breakRouter(message: string | undefined): void;
  /** The router's weights are overwritten from outside. */
  forgetRoutes(): void;
}

interface State {
  readonly cluster: Cluster;
  readonly options: WorldOptions;
  readonly lines: string[];
  readonly events: string[];
  writes: number;
  wakeAt: number | undefined;
  /** When the key is retried after a failure. */
  retryAt: number | undefined;
}

/** The loop retries what failed; the delay of its queue does not matter here. */
const RETRY_MS = 5_000;

/** Creates a world with a Rollout that was just applied. */
export function createWorld(manifest: Rollout, options: WorldOptions = {}): World {
  const cluster = newCluster(
    manifest,
    options.services ?? [],
    options.readyAfterMs ?? (() => 1_000),
    options.deployment === undefined ? undefined : deploymentOf(options.deployment),
    {
      runs: new Map(),
      templates: new Map(
        Object.entries(options.templates ?? {}).map(([name, spec]) => [name, { generation: 1, spec }] as const),
      ),
      courseOf: options.course ?? (() => undefined),
    },
    pluginsOf(options.plugins),
    { experiments: new Map(), trialOf: options.trial ?? (() => undefined) },
    options.routerPlugins ?? routerPluginsBy(),
    balancersOf(options.balancers),
  );
  const state: State = { cluster, options, lines: [], events: [], writes: 0, wakeAt: undefined, retryAt: undefined };
  settle(state, "apply");
  return {
    lines: state.lines,
    events: state.events,
    get now() {
      return cluster.now;
    },
    get rollout() {
      return cluster.rollout;
    },
    get replicaSets() {
      return [...cluster.sets.values()];
    },
    services: cluster.services,
    get writes() {
      return state.writes;
    },
    get end() {
      return endOf(cluster);
    },
    snapshot: () => snapshotOf(cluster),
    edit: (what, change) => {
      edit(cluster, change);
      settle(state, `user: ${what}`);
    },
    pass: (ms) => run(state, cluster.now + ms),
    meddle: (what, change) => {
      change(meddler(cluster));
      runReplicaSets(cluster);
      settle(state, what);
    },
  };
}

function edit(cluster: Cluster, change: Edit): void {
  const before = cluster.rollout;
  const after = change(before);
  const specChanged = JSON.stringify(before.spec) !== JSON.stringify(after.spec);
  const generation = (before.metadata.generation ?? 0) + (specChanged ? 1 : 0);
  cluster.rollout = { ...after, metadata: { ...after.metadata, generation } };
}

/** Decides and carries out until the Rollout rests; `cause` heads the line of the first decision. */
function settle(state: State, cause: string): void {
  const { cluster } = state;
  let written = cause;
  state.retryAt = undefined;
  for (let n = 0; n < 200; n += 1) {
    const snapshot = snapshotOf(cluster);
    const decision = decide(snapshot, cluster.now, state.options.steps);
    state.wakeAt = decision.wakeAt;
    const changed = decision.actions.length > 0 || decision.status !== undefined;
    if (changed || written !== "") state.lines.push(lineOf(cluster, written, decision, setsText(cluster)));
    const { routed } = cluster;
    const outcome = carryOut(state, decision);
    state.options.onDecision?.(snapshot, decision, cluster.now, snapshotOf(cluster), routed);
    if (outcome !== "done") return explain(state, snapshot, outcome);
    const waiting = [...cluster.sets.values()].some((rs) => !rs.observed);
    const unseen = [...cluster.analyses.runs.values(), ...cluster.trials.experiments.values()].some(
      (run) => !hasEnded(run) && (run.phase === "" || run.terminated),
    );
    if (!changed && !waiting && !unseen) return;
    if (!changed || state.options.lateAnswers !== true) {
      runReplicaSets(cluster);
      runAnalyses(cluster.analyses, cluster.now);
      runExperiments(cluster.trials, cluster.now);
    }
    written = "";
  }
  throw new Error(`The Rollout does not come to rest:\n${state.lines.slice(-6).join("\n")}`);
}

/**
 * The actions in order, each event after the change that it reports, the status last: as
 * controller/rollout/apply/apply.ts.
 */
function carryOut(state: State, decision: Decision): Outcome {
  const { cluster } = state;
  const crash = state.options.crashAfter?.(decision) ?? Infinity;
  let done = 0;
  let outcome: Outcome = "done";
  for (const action of decision.actions) {
    if (done >= crash) break;
    outcome = perform(cluster, action);
    if (outcome !== "done") break;
    done += 1;
  }
  state.writes += done;
  const complete = outcome === "done" && done === decision.actions.length && done < crash;
  for (const event of decision.events) {
    if (event.after === "status" ? !complete : event.after > done) continue;
    const warning = event.type === "Warning" ? "Warning " : "";
    state.events.push(
      `${instantText(cluster.now).padEnd(8)} ${warning}${event.reason}: ${readable(cluster, event.message)}`,
    );
  }
  if (crash < Infinity) {
    forgetCalls(cluster.plugins);
    forgetAnswers(cluster.balancers);
    cluster.routerPlugins.asked.clear();
  }
  if (complete) answersTold(cluster.balancers);
  if (complete) cluster.plugins.outcomes = [];
  if (complete && decision.status !== undefined) {
    state.writes += 1;
    // Through JSON, as in the API server: undefined members are absent.
    cluster.rollout = { ...cluster.rollout, status: JSON.parse(JSON.stringify(decision.status)) as RolloutStatus };
  }
  return outcome;
}

/** Decides what follows when a ReplicaSet could not be created, as controller/rollout/apply/reconcile.ts does. */
function explain(state: State, before: Snapshot, outcome: Outcome): void {
  const { cluster } = state;
  const name = `${cluster.rollout.metadata.name}-${before.podHash}`;
  const fact =
    outcome === "collision" ? { collision: name } : { createFailure: { name, message: cluster.refusal ?? "" } };
  const decision = decide({ ...snapshotOf(cluster), ...fact }, cluster.now, state.options.steps);
  state.lines.push(lineOf(cluster, outcome, decision, setsText(cluster)));
  carryOut(state, decision);
  if (outcome === "collision") return settle(state, "");
  state.retryAt = cluster.now + RETRY_MS;
}

function run(state: State, until: number): void {
  const { cluster } = state;
  for (;;) {
    const pods = nextPodChange(cluster);
    const { analyses, trials, now } = cluster;
    const runs = Math.min(nextRunChange(analyses, now), nextExperimentChange(trials, now));
    const podCheckAt = cluster.podCheck === undefined ? undefined : nextPodCheckAt(cluster.rollout, cluster.podCheck);
    const later = [state.wakeAt, state.retryAt, podCheckAt]
      .filter((at) => at !== undefined && at > cluster.now)
      .map(Number);
    const told = cluster.balancers.flight?.at ?? Infinity;
    const answerAt = Math.min(cluster.plugins.flight?.at ?? Infinity, nextRouterAnswer(cluster.routerPlugins), told);
    const next = Math.min(pods, runs, answerAt, ...later);
    if (next > until) break;
    cluster.now = next;
    const before = setsText(cluster);
    runReplicaSets(cluster);
    runAnalyses(cluster.analyses, next);
    runExperiments(cluster.trials, next);
    runPlugins(cluster.plugins, next);
    answerRouters(cluster.routerPlugins, next);
    runBalancers(cluster.balancers, next);
    if (answerAt === next && pods !== next) {
      settle(state, told === next ? "AWS" : "plugin");
      continue;
    }
    if (runs === next && pods !== next) {
      settle(state, "analysis");
      continue;
    }
    // The end of a terminating pod changes no count: it triggers no decision.
    if (pods !== next || before !== setsText(cluster)) settle(state, pods === next ? "pods" : "time");
  }
  cluster.now = until;
}

function meddler(cluster: Cluster): Meddler {
  const nameOf = (image: string): string => {
    const name = [...cluster.images].find(([set, other]) => other === image && cluster.sets.has(set))?.[0];
    if (name === undefined) throw new Error(`There is no ReplicaSet of "${image}"`);
    return name;
  };
  return {
    deleteSet: (image) => void cluster.sets.delete(nameOf(image)),
    disown: (image) => changeSet(cluster, nameOf(image), (rs) => ({ ...rs, controllerUid: "" })),
    relabel: (image, labels) =>
      changeSet(cluster, nameOf(image), (rs) => ({ ...rs, labels: { ...rs.labels, ...labels } })),
    failPods: (image, count, ms) => {
      const failing = cluster.pods.filter((pod) => pod.set === nameOf(image)).slice(0, count);
      cluster.pods = cluster.pods.map((pod) =>
        failing.includes(pod) ? { ...pod, readyAt: cluster.now + ms, crashes: (pod.crashes ?? 0) + 1 } : pod,
      );
    },
    waitFor: (image, wait) => void cluster.waits.set(image, wait),
    setFailure: (image, message) =>
      changeSet(cluster, nameOf(image), (rs) => {
        const { failure: _, ...sound } = rs;
        if (message === undefined) return sound;
        const lastTransitionTime = `${new Date(cluster.now).toISOString().slice(0, 19)}Z`;
        return { ...sound, failure: { status: "True", reason: "FailedCreate", message, lastTransitionTime } };
      }),
    setDeployment: (change) => {
      cluster.deployment =
        cluster.deployment === undefined
          ? deploymentOf({ image: "web:1", replicas: 1, ...change })
          : changedDeployment(cluster.deployment, change);
    },
    deleteDeployment: () => {
      cluster.deployment = undefined;
    },
    addService: (name) => void cluster.services.set(name, serviceOf(name)),
    deleteService: (name) => void cluster.services.delete(name),
    resetService: (name) => void cluster.services.set(name, serviceOf(name)),
    change: (change) => edit(cluster, change),
    setTemplate: (name, spec) => {
      const generation = (cluster.analyses.templates.get(name)?.generation ?? 0) + 1;
      cluster.analyses.templates.set(name, { generation, spec });
    },
    deleteRun: (name) => void cluster.analyses.runs.delete(name),
    loseEverything: () => {
      const { status: _, ...rest } = cluster.rollout;
      const { annotations: __, ...metadata } = rest.metadata;
      cluster.rollout = { ...rest, metadata: { ...metadata, generation: 1 } };
      for (const name of cluster.sets.keys()) changeSet(cluster, name, (rs) => ({ ...rs, controllerUid: "" }));
    },
    occupy: (name) => void cluster.occupied.add(name),
    refuse: (message) => {
      cluster.refusal = message;
    },
    breakRouter: (message) => {
      cluster.routerFault = message;
    },
    forgetRoutes: () => {
      cluster.routed = undefined;
    },
  };
}
