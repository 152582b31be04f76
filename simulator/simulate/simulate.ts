/**
 * Plays an update of a Rollout on a cluster in this process, in virtual time: the production loop and admission, with
 * simulated pods and metrics (docs/cli/simulate.md). The same bundle and settings give the same course.
 */
import type { Log } from "../../controller/process/log.ts";
import { needsPerson } from "../../controller/rollout/course/pauseConditions.ts";
import { desiredReplicas } from "../../controller/rollout/model/defaults.ts";
import { promote } from "../../controller/rollout/verbs/promote.ts";
import { STEPS } from "../../controller/steps/stepKinds.ts";
import { type ManualClock, manualClock } from "../../kube/clock/clock.ts";
import { equal } from "../../kube/object/equality.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { randomOf } from "../demo/random.ts";
import { type LocalCluster, startLocalCluster } from "../local/localCluster.ts";
import { type Analyses, type Analysis, followAnalyses } from "./analyses.ts";
import type { Bundle } from "./bundle.ts";
import { isObserved, type Moment, momentOf, type Revisions, type Seen, seenIn } from "./moment.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { installPlugins } from "./plugins.ts";
import { create, createNamespace, NotSimulated, patch, perform, resourceOf } from "./requests.ts";
import { ROUTER_KINDS } from "./routedObjects.ts";
import type { Scenario } from "./scenario.ts";
import { simulatedHttp, simulatedProviders } from "./simulatedMetrics.ts";
import { type Update, type UpdatePatch, updatePatch } from "./update.ts";

export interface SimulateOptions extends Update {
  readonly bundle: Bundle;
  readonly scenario: Scenario;
  /** From a pod's creation until it is ready, in ms. */
  readonly podsReadyAfterMs: number;
  /** How long a person takes to promote what waits for one; undefined: nobody ever does. */
  readonly promoteAfterMs: number | undefined;
  /** An update that is not over by then is left. */
  readonly limitMs: number;
  /** Of the program. */
  readonly version: string;
}

/** Something that happened at one time. */
export interface Incident {
  /** ms since the update began. */
  readonly atMs: number;
  readonly kind: "promoted" | "passed" | "failed";
  /** A sentence without its full stop. */
  readonly text: string;
}

export interface Simulation {
  readonly rollout: string;
  readonly replicas: number;
  readonly strategy: "canary" | "blueGreen";
  readonly images: UpdatePatch["images"];
  /** Whenever something has changed; at least one. */
  readonly moments: readonly Moment[];
  readonly incidents: readonly Incident[];
  readonly analyses: readonly Analysis[];
  readonly outcome: Outcome;
  /** What was made up or left out, and what admission warns of: sentences. */
  readonly notes: readonly string[];
}

const STARTS_AT = Date.UTC(2026, 0, 1);
/** For the version before the update, which has nothing to wait for but its pods. */
const PATIENCE_MS = 3_600_000;
/** Before the update, for the last writes of the loop. */
const QUIET_MS = 60_000;
/** How long the pods of a version that is given up, or left, are watched. */
const AFTER_MS = 3_600_000;

const ignore = (): void => {};
const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

interface Stage {
  readonly options: SimulateOptions;
  readonly clock: ManualClock;
  readonly cluster: LocalCluster;
  readonly notes: string[];
}

/** @throws {NotSimulated} for what admission refuses, and for a version that does not get healthy in the first place */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const clock = manualClock(STARTS_AT);
  const began: { atMs?: number } = {};
  const cluster = await startLocalCluster({
    clock,
    log: SILENT,
    version: options.version,
    random: randomOf(1),
    nodes: 3,
    kubelet: { readyAfterMs: options.podsReadyAfterMs },
    source: () => simulatedHttp(clock),
    providers: simulatedProviders(options.scenario, { beganAt: () => began.atMs }),
  });
  try {
    const stage: Stage = { options, clock, cluster, notes: [...options.bundle.notes] };
    const change = updatePatch(options.bundle.rollout, options.bundle.objects, options);
    if (typeof change === "string") throw new NotSimulated(`Rollout "${nameOf(options)}": ${change}`);
    await deploy(stage);
    await untilHealthy(stage);
    began.atMs = clock.now();
    return await play(stage, change);
  } finally {
    // Not awaited: the loop waits for timers of a clock that does not advance any more.
    void cluster.stop();
  }
}

const nameOf = ({ bundle }: SimulateOptions): string => bundle.rollout.metadata.name;

const look = ({ cluster, options }: Stage): Seen => seenIn(cluster.core, options.bundle.namespace, nameOf(options));

async function deploy({ options: { bundle }, cluster: { server }, clock, notes }: Stage): Promise<void> {
  const namespaces = new Set(bundle.objects.map(({ metadata }) => metadata.namespace ?? bundle.namespace));
  for (const name of namespaces) {
    const isGiven = bundle.objects.some(({ kind, metadata }) => kind === "Namespace" && metadata.name === name);
    if (!isGiven) await createNamespace(server, name);
  }
  const given = new Set(bundle.objects.map(({ metadata }) => metadata.name));
  for (const kind of ROUTER_KINDS) if (!given.has(kind.metadata.name)) await create(server, kind, "");
  notes.push(...(await installPlugins(server, bundle.rollout)));
  await clock.advance(1_000);
  for (const manifest of bundle.objects) {
    if (resourceOf(server, manifest) === undefined) {
      notes.push(`${manifest.kind} "${manifest.metadata.name}" is left out: nothing in the simulation reads it`);
      continue;
    }
    notes.push(...(await create(server, manifest, bundle.namespace)));
    await clock.advance(0);
  }
}

/** Moves the clock to the next thing that happens, and lets what follows from it at once come to an end. */
async function step({ clock }: Stage): Promise<void> {
  const next = (): number => Math.max(0, (clock.nextAt ?? clock.now() + 1_000) - clock.now());
  await clock.advance(next());
  do await clock.advance(0);
  while (next() === 0);
}

async function untilHealthy(stage: Stage): Promise<void> {
  const { clock, options } = stage;
  const until = clock.now() + PATIENCE_MS;
  for (;;) {
    const { rollout } = look(stage);
    const { status = {} } = rollout;
    if (
      isObserved(rollout) &&
      status.phase === "Healthy" &&
      (status.availableReplicas ?? 0) >= desiredReplicas(rollout)
    )
      break;
    // A version of the file that is paused by it waits for a person.
    if (isObserved(rollout) && rollout.spec.paused === true) await perform(stage.cluster.server, rollout, promote);
    if (clock.now() >= until || (isObserved(rollout) && status.phase === "Degraded"))
      throw new NotSimulated(
        `Rollout "${nameOf(options)}" does not get healthy before the update: ${unhealthy(rollout)}`,
      );
    await step(stage);
  }
  await clock.advance(QUIET_MS - (clock.now() % 1_000));
}

const unhealthy = ({ status = {} }: Rollout): string => status.message ?? `it is ${status.phase ?? "not looked at"}`;

async function play(stage: Stage, change: UpdatePatch): Promise<Simulation> {
  const { cluster, clock, options, notes } = stage;
  const { server, core } = cluster;
  const beganMs = clock.now();
  const before = look(stage).rollout;
  const incidents: Incident[] = [];
  const at = (): number => clock.now() - beganMs;
  const analyses = followAnalyses(core, beganMs, (analysis) => incidents.push(incidentOf(analysis, at())));
  await patch(server, change.of, change.of.metadata.namespace ?? options.bundle.namespace, change.body);
  await untilAnswered(stage);
  const course = await follow(stage, { old: before.status?.stableRS ?? "", beganMs, incidents });
  analyses.stop();
  return {
    rollout: nameOf(options),
    replicas: desiredReplicas(before),
    strategy: before.spec.strategy?.blueGreen === undefined ? "canary" : "blueGreen",
    images: change.images,
    ...course,
    incidents,
    analyses: analyses.all(),
    notes: [...notes, ...assumedNote(analyses)],
  };
}

/** The loop has many turns to take before it writes, while the clock stands: what comes first is not to come late. */
async function untilAnswered(stage: Stage): Promise<void> {
  for (let turns = 0; turns < 100 && !isObserved(look(stage).rollout); turns++) await stage.clock.advance(0);
}

function assumedNote(analyses: Analyses): readonly string[] {
  const names = analyses.assumed();
  return names.length === 0 ? [] : [`The scenario says nothing about ${names.join(", ")}: taken for good`];
}

function incidentOf({ kind, name, phase, message, metrics }: Analysis, atMs: number): Incident {
  const word = kind === "AnalysisRun" ? "analysis" : "Experiment";
  const text = [`${word} ${name}: ${phase}`, ...(message === undefined ? [] : [message])].join(", ");
  const bad = metrics
    .find((metric) => metric.phase === phase && phase !== "Successful")
    ?.measurements.findLast((one) => one.phase !== "Successful");
  const shown = bad === undefined ? "" : ` (${bad.value ?? bad.message ?? bad.phase})`;
  return { atMs, kind: phase === "Successful" ? "passed" : "failed", text: `${text}${shown}` };
}

interface Following {
  readonly old: string;
  readonly beganMs: number;
  readonly incidents: Incident[];
}

/** Until the update is over and its last pods are gone. */
async function follow(
  stage: Stage,
  { old, beganMs, incidents }: Following,
): Promise<Pick<Simulation, "moments" | "outcome">> {
  const { clock, options, cluster } = stage;
  const moments: Moment[] = [];
  const person = personOf(stage, beganMs, incidents);
  let active = "";
  let seenVersion = "";
  let outcome: Outcome | undefined;
  for (;;) {
    const atMs = clock.now() - beganMs;
    if (cluster.core.resourceVersion !== seenVersion) {
      seenVersion = cluster.core.resourceVersion;
      const seen = look(stage);
      const { rollout } = seen;
      const moment = momentOf(seen, revisionsOf(rollout, old), atMs);
      if (isChange(moments.at(-1), moment)) replaceOrAdd(moments, moment);
      if (moment.stage.isOver !== true) active = moment.stage.text;
      person(rollout);
      outcome ??= outcomeOf(rollout, active, atMs);
      if (outcome !== undefined && isQuiet(outcome, moment)) return { moments, outcome };
    }
    if (outcome !== undefined && atMs >= outcome.atMs + AFTER_MS) return { moments, outcome };
    if (atMs >= options.limitMs) return { moments, outcome: outcome ?? unfinished(look(stage).rollout, moments, atMs) };
    await step(stage);
  }
}

const revisionsOf = ({ status }: Rollout, old: string): Revisions => {
  const current = status?.currentPodHash ?? "";
  return { old, new: current === old ? "" : current };
};

const isChange = (last: Moment | undefined, moment: Moment): boolean =>
  last === undefined || !equal({ ...last, atMs: 0 }, { ...moment, atMs: 0 });

/** What was so for no time was not so. */
function replaceOrAdd(moments: Moment[], moment: Moment): void {
  if (moments.at(-1)?.atMs === moment.atMs) moments.pop();
  moments.push(moment);
}

/** Pods that go are gone. */
const isQuiet = ({ kind }: Outcome, { old, new: fresh, others }: Moment): boolean => {
  const none = (pods: Moment["old"]): boolean => pods.ready + pods.starting === 0;
  if (kind === "healthy") return none(old) && none(others) && fresh.starting === 0;
  if (kind === "aborted") return none(fresh) && none(others) && old.starting === 0;
  return true;
};

function unfinished(rollout: Rollout, moments: readonly Moment[], atMs: number): Outcome {
  const step = moments.at(-1)?.stage.text ?? "";
  const since = moments[moments.findLastIndex(({ stage }) => stage.text !== step) + 1]?.atMs ?? 0;
  const { status = {} } = rollout;
  const pause = (status.pauseConditions ?? []).find(({ reason }) => needsPerson(rollout, reason, STEPS))?.reason;
  return pause === undefined
    ? { kind: "unfinished", atMs, at: step, why: status.message ?? "" }
    : { kind: "waits", atMs: since, at: step, why: pause };
}

/** Promotes what waits for a person, after the time that persons take. */
function personOf(
  { clock, cluster, options }: Stage,
  beganMs: number,
  incidents: Incident[],
): (rollout: Rollout) => void {
  const { promoteAfterMs } = options;
  let waiting: (() => void) | undefined;
  return (rollout) => {
    const waits = waitsForPerson(rollout);
    if (!waits) {
      waiting?.();
      waiting = undefined;
    }
    if (!waits || waiting !== undefined || promoteAfterMs === undefined) return;
    waiting = clock.after(promoteAfterMs, () => {
      waiting = undefined;
      const atMs = clock.now() - beganMs;
      incidents.push({ atMs, kind: "promoted", text: "promoted by a made-up person" });
      // One that cannot be promoted is looked at again when it changes.
      void perform(cluster.server, rollout, promote).catch(ignore);
    });
  };
}

/** What an analysis left open is not what a person is made up for. */
function waitsForPerson(rollout: Rollout): boolean {
  const { spec, status = {} } = rollout;
  if (!isObserved(rollout) || status.abort === true) return false;
  if (spec.paused === true) return true;
  const reasons = (status.pauseConditions ?? []).map(({ reason }) => reason);
  if (reasons.some((reason) => reason.startsWith("Inconclusive"))) return false;
  const step = spec.strategy?.canary?.steps?.[status.currentStepIndex ?? 0];
  if (reasons.includes("CanaryPauseStep")) return step?.pause?.duration === undefined;
  return reasons.includes("BlueGreenPause") && spec.strategy?.blueGreen?.autoPromotionSeconds === undefined;
}
