/** One turn for one Rollout: gather, decide, apply, and note when to look again. Knows no strategy. */
import type { Decision } from "../actions/action.ts";
import type { PodLook, RolloutEvent, Snapshot, WorkloadFacts } from "../model/model.ts";
import { decide as decideRollout } from "../decide/decide.ts";
import type { Log } from "../../process/log.ts";
import type { Gatherer } from "../facts/gather.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { apply } from "./apply.ts";
import type { Outcome, Writer } from "./writer.ts";
import { lookAtPods, readPods } from "./pods.ts";
import { RESTART_RETRY_MS, restartDue } from "../revision/restart.ts";
import { nextLookAt, setToLookAt } from "../status/stuck.ts";
import { formatSelector } from "../../../kube/object/selector.ts";
import { sayFarewell } from "../../workloads/workloadRestore.ts";
import { createStory } from "./story.ts";
import { createPace, eventText, joinEvents, waitingEvents } from "./pace.ts";

export interface ReconcilePorts extends Writer {
  readonly log: Log;
  readonly clock: Clock;
  readonly gatherer: Gatherer;
  /** How many Rollouts are in line. */
  readonly waiting: () => number;
  readonly wakeAfter: (key: string, delayMs: number) => void;
  readonly forgetWake: (key: string) => void;
  readonly finished: (status: string, totalSeconds: number, manualPauseSeconds: number) => void;
  /** What to do about a Rollout; tests break it on purpose, or look on. */
  readonly decide?: Decide | undefined;
}

export type Decide = (snapshot: Snapshot, now: number) => Decision;

export interface Reconciler {
  /** `key`: "namespace/name". Throws what should be retried. */
  reconcile(key: string): Promise<void>;
  /** The Rollout is gone. */
  forget(key: string): void;
}

export function createReconciler(ports: ReconcilePorts): Reconciler {
  const { clock, gatherer, decide = decideRollout } = ports;
  const pace = createPace(ports.waiting);
  const story = createStory(ports.log);
  const announced = new Set<string>();
  // Events that wait for a status that waits.
  const heldEvents = new Map<string, readonly RolloutEvent[]>();
  // Events go out before the status that they belong to; if writing that fails, the next turn must not tell them again.
  const toldUnsaved = new Map<string, Set<string>>();
  // The size that each Rollout's Deployment was given last.
  const scaled = new Map<string, NonNullable<WorkloadFacts["lastScaled"]>>();

  const announce = (key: string, { rollout }: Snapshot): void => {
    if (announced.has(key)) return;
    announced.add(key);
    if (rollout.status?.observedGeneration !== undefined) return;
    const { namespace, name } = rollout.metadata;
    ports.recordEvent(
      rollout,
      event("RolloutAddedToInformer", `Rollout resource added to informer: ${namespace}/${name}`),
    );
  };

  const gatherNow = (key: string): Snapshot | undefined => {
    const snapshot = gatherer.gather(key);
    const lastScaled = scaled.get(key);
    if (snapshot?.workload === undefined || lastScaled === undefined) return snapshot;
    return { ...snapshot, workload: { ...snapshot.workload, lastScaled } };
  };

  // What was last seen of the pods of those that are stuck.
  const looks = new Map<string, PodLook>();

  /** Adds what the pods wait for, where nothing has moved for too long; they are read again only now and then. */
  const withLook = async (key: string, snapshot: Snapshot | undefined): Promise<Snapshot | undefined> => {
    const now = clock.now();
    const set = snapshot === undefined ? undefined : setToLookAt(snapshot, now);
    if (snapshot === undefined || set === undefined) {
      looks.delete(key);
      return snapshot;
    }
    const known = looks.get(key);
    const isFresh = known?.setUid === set.uid && now < nextLookAt(snapshot.rollout, known);
    const look = isFresh ? known : await lookAtPods(ports.client, set, now);
    looks.set(key, look);
    const fresh = isFresh ? snapshot : gatherNow(key);
    if (fresh === undefined) return undefined;
    return { ...fresh, look, ...(snapshot.pods === undefined ? {} : { pods: snapshot.pods }) };
  };

  // When all evictions were refused: until the next attempt everything else goes on as if no restart were due.
  const refusedAt = new Map<string, number>();
  const nextAttempt = (key: string): number => (refusedAt.get(key) ?? Number.NEGATIVE_INFINITY) + RESTART_RETRY_MS;

  /** The facts from the cache; with a restart due also the pods, which are not cached. */
  const gather = async (key: string): Promise<Snapshot | undefined> => {
    const first = gatherNow(key);
    if (first === undefined || restartDue(first.rollout, clock.now()) === undefined) {
      refusedAt.delete(key);
      return first;
    }
    if (clock.now() < nextAttempt(key)) return first;
    const { metadata, spec } = first.rollout;
    const pods = await readPods(ports.client, metadata.namespace, formatSelector(spec.selector), first.replicaSets);
    const snapshot = gatherNow(key);
    return snapshot === undefined ? undefined : { ...snapshot, pods };
  };

  /** Carries out all but the status, whose events wait with it. */
  const applyActions = async (key: string, snapshot: Snapshot, decision: Decision): Promise<Outcome> => {
    const events = joinEvents(heldEvents.get(key) ?? [], decision.events);
    const later = waitingEvents(events);
    const held: RolloutEvent[] = [];
    const recordEvent: Writer["recordEvent"] = (rollout, event) =>
      later.includes(event) ? void held.push(event) : ports.recordEvent(rollout, event);
    try {
      return await apply({ ...ports, recordEvent }, snapshot, { ...decision, status: undefined, events });
    } finally {
      // When an action failed: what became true before it.
      heldEvents.set(key, held);
    }
  };

  const applyAll = async (key: string, snapshot: Snapshot, decision: Decision): Promise<Outcome> => {
    const told = new Set(toldUnsaved.get(key));
    const events = joinEvents(heldEvents.get(key) ?? [], decision.events).filter((e) => !told.has(eventText(e)));
    toldUnsaved.set(key, told);
    heldEvents.delete(key);
    // An action that fails keeps the events of the status back: only what was told is told.
    const recordEvent: Writer["recordEvent"] = (rollout, event) => {
      if (event.after === "status") told.add(eventText(event));
      ports.recordEvent(rollout, event);
    };
    const outcome = await apply({ ...ports, recordEvent }, snapshot, { ...decision, events });
    toldUnsaved.delete(key);
    if (decision.status !== undefined && outcome.kind === "done") pace.written(key, clock.now());
    return outcome;
  };

  const carryOut = async (key: string, snapshot: Snapshot): Promise<void> => {
    const now = clock.now();
    const decision = decide(snapshot, now);
    // What was to be woken for before is told again, or is over.
    ports.forgetWake(key);
    if (decision.wakeAt !== undefined) ports.wakeAfter(key, decision.wakeAt - now);
    if (snapshot.look !== undefined) ports.wakeAfter(key, nextLookAt(snapshot.rollout, snapshot.look) - now);
    if (now < nextAttempt(key)) ports.wakeAfter(key, nextAttempt(key) - now);
    const waitMs = pace.waitMs(key, snapshot, decision, now);
    if (waitMs > 0) ports.wakeAfter(key, waitMs);
    const outcome = await (waitMs > 0 ? applyActions : applyAll)(key, snapshot, decision);
    if (outcome.kind === "nothingEvicted") {
      refusedAt.set(key, now);
      return ports.wakeAfter(key, 0);
    }
    if (outcome.kind !== "done") return explain(key, outcome);
    const sized = decision.actions.find((action) => action.kind === "scaleWorkload");
    if (sized !== undefined) scaled.set(key, { replicas: sized.replicas, at: now });
    if (decision.more && waitMs === 0) ports.wakeAfter(key, 0);
    if (waitMs === 0) {
      const seen = snapshot.rollout.status ?? {};
      const rollout = ports.stores.rollouts.get(key) ?? snapshot.rollout;
      story.tell(key, rollout, seen, decision.status ?? seen, decision.events);
    }
    const { finished } = decision;
    if (waitMs === 0 && finished !== undefined)
      ports.finished(finished.status, finished.totalSeconds, finished.manualPauseSeconds);
  };

  /** Creating the ReplicaSet failed: what follows from that is decided as everything else is. */
  const explain = async (key: string, outcome: Failure): Promise<void> => {
    const fresh = gatherNow(key);
    if (fresh === undefined) return;
    const { name } = outcome;
    if (outcome.kind === "nameTaken") throw new Error(`Cannot create ReplicaSet "${name}": ${outcome.message}`);
    const fact =
      outcome.kind === "collision" ? { collision: name } : { createFailure: { name, message: outcome.message } };
    const snapshot = { ...fresh, ...fact };
    await apply(ports, snapshot, decide(snapshot, clock.now()));
    if (outcome.kind === "createRefused") throw new Error(`Cannot create ReplicaSet "${name}": ${outcome.message}`);
  };

  return {
    async reconcile(key) {
      // At the start all Rollouts come at once.
      if (clock.giveWay !== undefined) await clock.giveWay();
      if (gatherer.prepare(key) && clock.giveWay !== undefined) await clock.giveWay();
      const rollout = ports.stores.rollouts.get(key);
      if (rollout?.metadata.deletionTimestamp !== undefined) return sayFarewell(ports, rollout);
      const snapshot = await withLook(key, await gather(key));
      if (snapshot === undefined) return;
      announce(key, snapshot);
      await carryOut(key, snapshot);
    },
    forget(key) {
      pace.forget(key);
      story.forget(key);
      looks.delete(key);
      refusedAt.delete(key);
      heldEvents.delete(key);
      toldUnsaved.delete(key);
      announced.delete(key);
      scaled.delete(key);
      gatherer.forget(key);
    },
  };
}

type Failure = Exclude<Outcome, { kind: "done" | "nothingEvicted" }>;

const event = (reason: string, message: string): RolloutEvent => ({ type: "Normal", reason, message, after: 0 });
