/** A whole cluster in virtual time: API server, the controllers of Kubernetes, one or two of ours, and a script. */
import { wordsOf } from "../../../controller/rollout/actions/actions.ts";
import type { Change } from "../../../simulator/model/model.ts";
import { createApiServer } from "../../../simulator/server/requests/inMemoryServer.ts";
import { startControllers } from "../../../simulator/controllers/controllers.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import { chanceOf } from "../script/chance.ts";
import { virtualClock } from "../world/virtualClock.ts";
import { createRollout, createService, perform, type Stage } from "../world/deeds.ts";
import { createTemplates, metricSource } from "../script/analysisWorlds.ts";
import { createEdge, EDGE, edgeProblem } from "../script/edgeWorlds.ts";
import { configurePlugins } from "../script/pluginWorlds.ts";
import { introduce, nothingGiven } from "../world/routedWorld.ts";
import { abortProblem, idleWrite } from "../judge/routing.ts";
import { PLANES } from "../planes/planes.ts";
import { resourceOf } from "../world/past.ts";
import { answerDeployment } from "../script/deploymentWorlds.ts";
import { createDriver } from "../world/scriptDriver.ts";
import { endStateOf } from "../judge/endState.ts";
import { type Faults, noFaults } from "../world/faults.ts";
import { install } from "../world/installCrds.ts";
import { trialTraffic } from "../judge/experiments.ts";
import type { Violation } from "../judge/court.ts";
import { createJudge, type Judge } from "../judge/judge.ts";
import type { Wire } from "../world/network.ts";
import { rememberPast } from "../world/past.ts";
import { emptyAtRest } from "../served.ts";
import { LEASE_NAMESPACE, sound, startProcess, type Breakage, type Process } from "../world/process.ts";
import type { Script } from "../script/script.ts";
import { createStory, type Story } from "../world/worldLog.ts";
import { sizeProblem } from "../judge/demands.ts";
import { observe, type Truth } from "../world/truth.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly script: Script;
  readonly faults: Faults;
  /** Two controllers, only one of which works at a time, by Leases. */
  readonly leases: boolean;
  readonly breakage?: Breakage | undefined;
  /** Receives every line of the story; without it no lines are made. */
  readonly print?: ((line: string) => void) | undefined;
  /** After so many writes the controller crashes, once. */
  readonly crashAfterWrite?: number | undefined;
  /** Called with every request of a controller to write an object, and the ms since the world began. */
  readonly onWrite?: ((request: KubeRequest, atMs: number) => void) | undefined;
  /** How long nothing may be written at the end, ms. */
  readonly restMs?: number;
}

export interface Outcome {
  readonly violation: Violation | undefined;
  readonly end: readonly string[];
  /** Virtual time, ms. */
  readonly lastedMs: number;
  readonly faults: number;
  /** Requests of our controllers to write objects. */
  readonly writes: number;
}

export const START_MS = Date.parse("2026-01-01T00:00:00Z");

/** How long the world may take to come to rest after the last deed: longer than a progress deadline and every stall. */
const LONGEST_MS = 2 * 3_600_000;
/** At rest nothing may be written for so long. */
const REST_MS = 450_000;
const REST_WITH_LEASES_MS = 60_000;
/** A dead watch is noticed within this time, and the missed objects are listed. */
const DEAF_MS = 150_000;
/** Faults go on for so long after the last deed. */
const FAULTS_MS = 60_000;
/** So long after an abort all routers that can be reached have been, ms. */
const ABORTED_MS = 5_000;
/** Requests of a controller in ten seconds; more is a loop that runs hot. */
const HOT = 600;

export function runWorld(options: WorldOptions): Outcome {
  const world = openWorld(options);
  const { clock, state } = world;
  const step = (ms: number, enough: () => boolean): void =>
    clock.pass(ms, () => enough() || state.violation !== undefined);
  const comeToRest = (): void => {
    for (let from = clock.now(); !state.over && state.violation === undefined; from = clock.now()) {
      const { deeds } = state;
      step(LONGEST_MS, () => state.over || state.deeds > deeds);
      if (clock.now() - from < LONGEST_MS) continue;
      const why = world.truth.unrest(clock.now())?.why ?? "it is";
      world.report({ rule: "convergence", what: `no rest within ${LONGEST_MS / 60_000} minutes: ${why}` });
    }
  };
  comeToRest();
  options.faults.end();
  // A controller with a dead watch may still act on old facts: the world must only come to the same end.
  for (let writes = -1; writes !== state.writes && state.violation === undefined;) {
    ({ writes } = state);
    step(DEAF_MS, () => false);
    if (writes === state.writes) break;
    state.over = false;
    world.checkAgain();
    comeToRest();
  }
  const end = endStateOf(world.truth, clock.now());
  state.resting = true;
  step(options.restMs ?? (options.leases ? REST_WITH_LEASES_MS : REST_MS), () => false);
  for (const process of world.processes) process.stop();
  const { violation, requests: writes } = state;
  return { violation, end, lastedMs: clock.now() - START_MS, faults: options.faults.count, writes };
}

interface State {
  violation: Violation | undefined;
  over: boolean;
  resting: boolean;
  deeds: number;
  writes: number;
  /** Requests to write objects, also those that changed nothing. */
  requests: number;
  /** Resources whose writes a policy refuses. */
  readonly refused: Set<string>;
  /** Who acts now; undefined: not one of our controllers. */
  actor: string | undefined;
}

const bookkeeping = new Set(["leases.coordination.k8s.io", "events"]);

function openWorld(options: WorldOptions) {
  const { script, faults, seed, breakage = sound } = options;
  const chance = chanceOf(seed);
  const clock = virtualClock(START_MS);
  const server = createApiServer({ clock, random: chance.fork("server").fraction });
  const { core } = server;
  install(core);
  const state: State = {
    violation: undefined,
    over: false,
    resting: false,
    deeds: 0,
    writes: 0,
    requests: 0,
    refused: new Set(),
    actor: undefined,
  };
  const story = createStory(clock, options.print);
  const report = (violation: Violation): void => {
    story.line("", `VIOLATION of ${violation.rule}: ${violation.what}`);
    state.violation ??= violation;
  };
  const given = nothingGiven();
  const truth = observe(given);
  const judge = createJudge({ core, truth, leases: options.leases, report });
  const stage: Stage = {
    server,
    core,
    truth,
    readyMs: script.readyMs,
    meant: script.manifest,
    deployment: script.deployment,
    given,
    refuse(router, ms) {
      for (const resource of PLANES[router].resources) state.refused.add(resource);
      clock.after(ms, () => state.refused.clear());
    },
  };
  const driver = createDriver({
    clock,
    truth,
    steps: script.steps,
    perform(step) {
      state.deeds += 1;
      story.line("user", step.what);
      perform(stage, step.deed);
      if (state.refused.size > 0 && faults === noFaults)
        clock.after(ABORTED_MS, () => judgeAbort(truth, state, report));
      if (state.deeds === script.steps.length) clock.after(FAULTS_MS, faults.end);
    },
    rested: () => judgeSize(truth, report),
    finished() {
      state.over = true;
      const empty = emptyAtRest(truth, clock.now());
      if (empty !== undefined) report({ rule: "served", what: `at rest ${empty}` });
      const trial = trialTraffic(truth);
      if (trial !== undefined) report({ rule: "trial traffic", what: `at rest ${trial}` });
      const edge = truth.rollout && edgeProblem(core.get(EDGE), truth.rollout);
      if (edge !== undefined) report({ rule: "plugin", what: `at rest ${edge}` });
    },
    stuck: (why) => report({ rule: "convergence", what: `nothing happens any more: ${why}` }),
  });
  const scene: Scene = { truth, judge, story, state, report, check: driver.check, as: actingIn(state) };
  core.onChange((change) => witness(scene, change));
  const past = rememberPast(core, (act) => scene.as(undefined, act));
  const lag = chance.fork("cluster");
  startControllers(core, {
    run: ["replicaSets", "scheduler", "kubelet"],
    lagMs: { replicaSets: () => 1 + lag.below(40), scheduler: 1, kubelet: 1 },
    kubelet: { reportCreating: false, goneAfterMs: 700 },
    nodes: 1,
    events: false,
  });
  answerDeployment(core);
  for (const name of script.services) createService(stage, name);
  introduce(core, given, script.manifest);
  createTemplates(core, script);
  configurePlugins(core, LEASE_NAMESPACE);
  const route = createEdge(core);
  createRollout(stage);
  const processes = startProcesses(options, breakage, { ...scene, route }, { server, clock, past });
  return { clock, truth, state, processes, report, checkAgain: driver.checkAgain };
}

function judgeAbort(truth: Truth, { refused }: State, report: Scene["report"]): void {
  const what = refused.size === 0 ? undefined : abortProblem(truth, refused);
  if (what !== undefined) report({ rule: "abort", what: `${ABORTED_MS / 1_000} s after an abort ${what}` });
}

function judgeSize({ rollout, sets }: Truth, report: Scene["report"]): void {
  if (rollout === undefined) return;
  const own = [...sets.values()].filter(({ controllerUid }) => controllerUid === rollout.metadata.uid);
  const what = sizeProblem(
    rollout,
    own.map(({ replicas }) => replicas),
  );
  if (what !== undefined) report({ rule: "size", what: `at rest ${what}` });
}

/** Sets the author of writes while they are carried out. */
const actingIn =
  (state: State) =>
  <T>(actor: string | undefined, act: () => T): T => {
    const before = state.actor;
    state.actor = actor;
    try {
      return act();
    } finally {
      state.actor = before;
    }
  };

interface Scene {
  readonly as: ReturnType<typeof actingIn>;
  readonly truth: Truth;
  readonly judge: Judge;
  readonly story: Story;
  readonly state: State;
  readonly report: (violation: Violation) => void;
  readonly check: () => void;
}

function witness({ truth, judge, story, state, report, check }: Scene, change: Change): void {
  if (bookkeeping.has(change.resource)) return;
  const { actor } = state;
  judge.before(change, actor);
  truth.take(change);
  story.change(actor ?? "", change, truth);
  judge.after(change, actor);
  if (actor !== undefined) {
    state.writes += 1;
    if (state.resting)
      report({ rule: "rest", what: `${actor} writes ${change.object.kind} ${change.object.metadata.name} at rest` });
  }
  check();
}

function startProcesses(
  { faults, seed, leases, crashAfterWrite, script, onWrite }: WorldOptions,
  breakage: Breakage,
  { judge, story, as, report, state, truth, route }: Scene & { readonly route: (body: string) => void },
  wire: Wire,
): Process[] {
  const { clock } = wire;
  const { core } = wire.server;
  const heat = thermometer(clock, report);
  let writes = 0;
  let crashed = false;
  const start = (name: string): Process =>
    startProcess({
      wire,
      clock,
      faults,
      chance: chanceOf(seed).fork(name),
      name,
      leases,
      breakage,
      as,
      metrics: (own, chance, identity) =>
        metricSource(own, chance, {
          route: (body) => as(identity, () => route(body)),
          isGood: (hash) => script.failing !== "*" && truth.imageOf(hash) !== script.failing,
          isFaulty: faults !== noFaults,
        }),
      onLog(identity, level, message, fields) {
        story.line(identity, `${level}: ${message}`, fields);
        const bug = bugIn(fields);
        if (bug !== undefined) report({ rule: "bug", what: `${identity}: ${message}: ${bug}` });
      },
      onFate: (identity, fate, request) => story.fate(identity, fate, request),
      refusal: ({ method, path }) =>
        method !== "GET" && state.refused.has(resourceOf(path)) ? "a policy of the script refuses it" : undefined,
      onRequest(identity, request) {
        const { method, path, query } = request;
        heat(identity);
        const idle = idleWrite(core, request);
        if (idle !== undefined) report({ rule: "idle write", what: `${identity} ${idle}` });
        if (method === "GET") story.line(identity, `  ${query?.["watch"] === true ? "watch" : "read"} ${path}`);
        if (method === "GET" || path.includes("/events") || path.includes("/leases")) return;
        writes += 1;
        state.requests += 1;
        onWrite?.(request, clock.now() - START_MS);
      },
      crashesNow() {
        if (crashed || writes !== crashAfterWrite) return false;
        crashed = true;
        return true;
      },
      onDecision(identity, snapshot, { actions, status }) {
        const wanted = actions.map(wordsOf).join("; ");
        story.line(identity, `  decides: ${wanted}${status === undefined ? "" : "; status"}`);
        judge.decided(identity, snapshot);
      },
    });
  return leases ? [start("a"), start("b")] : [start("a")];
}

/** An error that does not come from the API server: a fault of ours. */
function bugIn(fields: unknown): string | undefined {
  const error = (fields as { error?: unknown } | undefined)?.error;
  if (!(error instanceof Error)) return undefined;
  const isOurs = error.name !== "Error" && error.name !== "ApiError" && error.name !== "NotLeaderError";
  return isOurs || error.message.includes("does not settle") ? (error.stack ?? error.message) : undefined;
}

/** Notices a loop that runs hot. */
function thermometer(clock: Clock, report: (violation: Violation) => void): (identity: string) => void {
  let period = 0;
  let count = 0;
  return (identity) => {
    const now = Math.floor(clock.now() / 10_000);
    count = now === period ? count + 1 : 1;
    period = now;
    if (count === HOT) report({ rule: "heat", what: `${identity} sends ${HOT} requests in ten seconds` });
  };
}
