/**
 * What must hold at every instant, judged by the API server's state, synchronously with every change, so that no
 * short-lived state is missed. Where a rule holds only under conditions, they are written beside it.
 */
import type { ReplicaSetFacts, Snapshot } from "../../../controller/rollout/model/model.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import type { Change } from "../../../simulator/model/model.ts";
import { EXPERIMENTS } from "../script/experimentWorlds.ts";
import { RUNS } from "../script/analysisWorlds.ts";
import { doubled, untestedProblem } from "./analyses.ts";
import { doubledTrial, hastyTraffic, type Weights, weightsNow } from "./experiments.ts";
import { DEPLOYMENT } from "../script/deploymentWorlds.ts";
import { ROUTED, waysOf } from "../planes/planes.ts";
import { type Court, type JudgeOptions, least, rolloutsOf, type Sizes, sizesOf } from "./court.ts";
import { lossesOf } from "./losses.ts";
import { helpsNobody, judgeTraffic, trafficNow, type TrafficNow } from "./traffic.ts";
import { judgeLeadership } from "./leadership.ts";
import { floorOf, leftoverProblem, stepProblem, wantedOf } from "./demands.ts";
import type { Truth } from "../world/truth.ts";
import { observedIn } from "../../kstatus.ts";
import { untoldProblem } from "../genericTools.ts";

export interface Judge {
  /** Called before the truth is updated. `actor`: a controller's identity, or undefined for everybody else. */
  before(change: Change, actor: string | undefined): void;
  after(change: Change, actor: string | undefined): void;
  /** Records a controller's decision, and the facts for it. */
  decided(actor: string, snapshot: Snapshot): void;
}

export function createJudge(options: JudgeOptions): Judge {
  const court: Court = { ...options, known: new Map(), losses: lossesOf(), leftAt: new Map() };
  let sizes: Sizes | undefined;
  let traffic: TrafficNow | undefined;
  let trials: Weights = new Map();
  return {
    before({ resource, object }, actor) {
      traffic = actor === undefined ? undefined : trafficNow(court, actor, object.metadata.name);
      if (ROUTED.has(resource)) trials = weightsNow(options.truth);
      const judged = actor !== undefined && (resource === "replicasets.apps" || resource === DEPLOYMENT.resource);
      sizes = judged ? sizesOf(court, actor, object.metadata.name) : undefined;
    },
    after(change, actor) {
      court.losses.take(change);
      switch (change.resource) {
        case "replicasets.apps":
          if (actor !== undefined && sizes !== undefined) judgeSizes(court, actor, sizes, change);
          break;
        case RUNS:
        case EXPERIMENTS:
          if (actor !== undefined) judgeRuns(court, actor);
          break;
        case DEPLOYMENT.resource:
          if (actor !== undefined && sizes !== undefined) judgePlace(court, actor, sizes, change);
          break;
        case "services":
          judgeService(court, actor, change);
          break;
        case "rollouts.argoproj.io":
          if (actor !== undefined) judgeStatus(court, actor, change);
          break;
        default:
          if (actor !== undefined && ROUTED.has(change.resource)) judgeTrials(court, actor, trials);
      }
      if (actor === undefined || traffic === undefined) return;
      judgeTraffic(court, actor, traffic, change);
      judgeLeadership(court, actor, change);
    },
    decided: (actor, snapshot) => void court.known.set(actor, snapshot),
  };
}

/** Whatever the controllers know, and whenever they crash: no two runs find out the same. */
function judgeRuns({ truth, report }: Court, actor: string): void {
  for (const twice of [doubled(truth.analysisRuns, truth.rollout), doubledTrial(truth.experiments, truth.rollout)])
    if (twice !== undefined) report({ rule: "analysis", what: `${actor} runs two analyses ${twice}` });
}

/** Requests go to the pods of an Experiment only once all of them have been available. */
function judgeTrials({ truth, report }: Court, actor: string, before: Weights): void {
  const hasty = hastyTraffic(truth, before);
  if (hasty !== undefined) report({ rule: "trial traffic", what: `${actor} ${hasty}` });
}

const kept = ({ rows }: Sizes, of: "serving" | "counted" = "serving"): number =>
  [...rows.values()].reduce((sum, row) => sum + Math.min(row.size, row[of]), 0);

function judgeSizes(court: Court, actor: string, before: Sizes, { object, type }: Change): void {
  const { name, labels = {} } = object.metadata;
  const hash = labels[HASH_LABEL] ?? "";
  const old = before.rows.get(name);
  const after = sizesOf(court, actor, name);
  const size = after.rows.get(name)?.size ?? 0;
  if (old === undefined || size >= old.size) return;
  const rollouts = rolloutsOf(court, actor);
  if (rollouts.length === 0) return;
  const image = court.truth.imageOf(hash);
  const deed = type === "DELETED" ? `deletes ${image}` : `scales ${image} from ${old.size} to ${size}`;
  if (rollouts.every(({ spec }) => spec.strategy?.canary !== undefined)) {
    const owed = Math.min(kept(before, "counted"), least(rollouts.map(floorOf)));
    const { seen, services } = court.truth;
    const isIdle = rollouts.every((rollout) => helpsNobody(hash, rollout, waysOf(seen, rollout), services));
    if (kept(after) < owed && !isIdle)
      court.report({ rule: "floor", what: `${actor} ${deed}: ${kept(after)} available pods are kept, not ${owed}` });
  }
  if (rollouts.every(({ spec }) => spec.strategy?.blueGreen !== undefined)) {
    const owed = Math.min(kept(before, "counted"), least(rollouts.map(wantedOf)));
    if (selectsAll(court, rollouts) && kept(after) < owed)
      court.report({ rule: "floor", what: `${actor} ${deed}: ${kept(after)} pods serve everything, not ${owed}` });
    judgeActive(court, { actor, deed, hash, old: old.size, size }, rollouts);
    judgeDelay(court, { actor, deed, hash, old: old.size, size }, rollouts);
  }
}

/** Whether the active Service selects no revision, and so the pods of all. */
function selectsAll({ truth }: Court, rollouts: readonly Rollout[]): boolean {
  return rollouts.every(({ spec }) => {
    const active = truth.services.get(spec.strategy?.blueGreen?.activeService ?? "");
    return active !== undefined && (active.selector[HASH_LABEL] ?? "") === "";
  });
}

interface Shrinking {
  readonly actor: string;
  readonly deed: string;
  readonly hash: string;
  readonly old: number;
  readonly size: number;
}

/** The ReplicaSet that the active Service selects gets all traffic: it keeps the size that the Rollout wants. */
function judgeActive({ truth, report }: Court, { actor, deed, hash, old, size }: Shrinking, rollouts: Rollout[]): void {
  const names = new Set(rollouts.map(({ spec }) => spec.strategy?.blueGreen?.activeService));
  const owed = Math.min(old, least(rollouts.map(wantedOf)));
  for (const { name, selector } of truth.services.values()) {
    if (!names.has(name) || names.size > 1 || selector[HASH_LABEL] !== hash || size >= owed) continue;
    report({ rule: "serving", what: `${actor} ${deed} while Service ${name} selects it: ${owed} are needed` });
  }
}

/** After the cutover the old ReplicaSet stays for scaleDownDelaySeconds, unless a limit of revisions is set. */
function judgeDelay(court: Court, { actor, deed, hash, old, size }: Shrinking, rollouts: Rollout[]): void {
  const left = court.leftAt.get(hash);
  const now = court.core.clock.now();
  if (left === undefined || size >= Math.min(old, least(rollouts.map(wantedOf)))) return;
  const delays = rollouts.map(({ spec }) => {
    const { scaleDownDelaySeconds = 30, scaleDownDelayRevisionLimit } = spec.strategy?.blueGreen ?? {};
    return scaleDownDelayRevisionLimit === undefined ? scaleDownDelaySeconds : 0;
  });
  // Deadlines are written in whole seconds; an abort has a delay of its own.
  const until = left + (least(delays) - 1) * 1_000;
  const aborted = rollouts.some(({ status }) => status?.abort === true);
  if (now < until && !aborted)
    court.report({ rule: "delay", what: `${actor} ${deed} ${now - left} ms after the cutover` });
}

/** The Deployment's pods go only as far as the Rollout's replace them, and only where `scaleDown` allows it. */
function judgePlace(court: Court, actor: string, sizes: Sizes, { object, old }: Change): void {
  const replicasIn = (of: unknown): number => (of as { spec?: { replicas?: number } } | undefined)?.spec?.replicas ?? 0;
  const [from, to] = [replicasIn(old), replicasIn(object)];
  if (old === undefined || to >= from) return;
  const rollouts = rolloutsOf(court, actor);
  const allowed = rollouts.some(
    ({ spec: { replicas, workloadRef } }) =>
      replicas !== 0 && (workloadRef?.scaleDown === "onsuccess" || workloadRef?.scaleDown === "progressively"),
  );
  if (!allowed) court.report({ rule: "place", what: `${actor} scales the Deployment down, and nothing asks for that` });
  const owed = Math.min(from + kept(sizes, "counted"), least(rollouts.map(wantedOf)));
  if (to + kept(sizes) < owed)
    court.report({
      rule: "place",
      what: `${actor} scales the Deployment from ${from} to ${to} with ${kept(sizes)} available pods: ${owed} are needed`,
    });
}

/** A Service moves only to pods that can serve: blue-green's active one to all of them, a canary's to one. */
function judgeService(court: Court, actor: string | undefined, { object, old, type }: Change): void {
  const { truth, core, report, known, losses } = court;
  const { name } = object.metadata;
  const hashIn = (of: unknown): string =>
    (of as { spec?: { selector?: Record<string, string> } } | undefined)?.spec?.selector?.[HASH_LABEL] ?? "";
  const [from, to] = [hashIn(old), type === "DELETED" ? "" : hashIn(object)];
  if (from === to) return;
  const active = truth.rollout?.spec.strategy?.blueGreen?.activeService;
  if (name === active && from !== "" && actor !== undefined) court.leftAt.set(from, core.clock.now());
  court.leftAt.delete(to);
  if (actor === undefined || to === "") return;
  const rollouts = rolloutsOf(court, actor);
  const set = [...truth.sets.values()].find(({ labels }) => labels[HASH_LABEL] === to);
  const seen = known.get(actor)?.replicaSets.find(({ uid }) => uid === set?.uid)?.resourceVersion;
  // The ReplicaSet was just deleted by a user, and the controller has not received the event yet.
  if (set === undefined && known.get(actor)?.replicaSets.some(({ labels }) => labels[HASH_LABEL] === to) === true)
    return;
  const serving = set === undefined ? 0 : truth.availableOf(set, core.clock.now()) + losses.uncounted(set.uid, seen);
  const owed = least(rollouts.map((rollout) => servingOwed(rollout, name)));
  if (serving < owed)
    report({
      rule: "switch",
      what: `${actor} switches Service ${name} to ${truth.imageOf(to)} with ${serving} available pods, not ${owed}`,
    });
}

function servingOwed(rollout: Rollout, service: string): number {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (blueGreen?.activeService === service) return wantedOf(rollout);
  return canary?.stableService === service || canary?.canaryService === service ? 1 : 0;
}

type WithStatus = { readonly status?: RolloutStatus } | undefined;

function judgeStatus(court: Court, actor: string, { object, old, type }: Change): void {
  const { truth, report, core, known, losses } = court;
  const before = (old as WithStatus)?.status;
  const after = (object as WithStatus)?.status;
  if (type !== "MODIFIED" || after === undefined) return;
  const [was, is] = [observedIn(before) ?? 0, observedIn(after) ?? 0];
  if (is < was) report({ rule: "generation", what: `${actor} goes back from generation ${was} to ${is}` });
  // Those of before stay while the spec is wrong, whatever the total is now.
  const isNew = !Bun.deepEquals(before?.canary?.weights, after.canary?.weights);
  const { maxTrafficWeight } = truth.rollout?.spec.strategy?.canary?.trafficRouting ?? {};
  const misdivided = isNew ? weightsProblem(after, maxTrafficWeight) : undefined;
  if (misdivided !== undefined) report({ rule: "weights", what: `${actor} ${misdivided}` });
  const untold = untoldProblem(object, after);
  if (untold !== undefined) report({ rule: "generic tools", what: `${actor} ${untold}` });
  // A write of the status has the resourceVersion of the Rollout that it is based on, which is the latest.
  const { rollout } = truth;
  if (rollout === undefined) return;
  const canary = setOf(truth, after.currentPodHash);
  const seen = known.get(actor)?.replicaSets.find(({ uid }) => uid === canary?.uid)?.resourceVersion;
  const now = core.clock.now();
  const serving = canary === undefined ? 0 : truth.availableOf(canary, now) + losses.uncounted(canary.uid, seen);
  const runs = [...truth.analysisRuns];
  const trials = [...truth.experiments];
  const problem = stepProblem({ rollout, before: before ?? {}, after, serving, nowMs: now, runs, trials });
  if (problem !== undefined) report({ rule: "steps", what: `${actor} ${problem}` });
  const leftover = leftoverProblem({ rollout, before: before ?? {}, after, nowMs: now });
  if (leftover !== undefined) report({ rule: "leftovers", what: `${actor} ${leftover}` });
  const untested = untestedProblem({ rollout, before: before ?? {}, after, sets: truth.sets.values(), runs });
  if (untested !== undefined) report({ rule: "untested", what: `${actor} ${untested}` });
}

const setOf = (truth: Truth, hash: string | undefined): ReplicaSetFacts | undefined =>
  [...truth.sets.values()].find(({ labels }) => labels[HASH_LABEL] === hash);

/** They come to the total. Only where the canary and its Experiments ask for more is stable left with nothing. */
function weightsProblem({ canary }: RolloutStatus, total = 100): string | undefined {
  if (canary?.weights === undefined) return undefined;
  const { stable, additional = [] } = canary.weights;
  const asked = [canary.weights.canary, ...additional].reduce((sum, { weight }) => sum + weight, 0);
  const sum = asked + stable.weight;
  return sum === Math.max(total, asked) ? undefined : `writes weights of ${sum} in total`;
}
