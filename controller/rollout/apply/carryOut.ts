/**
 * Carries out what was decided about a Rollout: its writes and events, when the next pass is due, and what to remember.
 */
import { findCondition } from "../model/rolloutConditions.ts";
import type { WorkQueue } from "../../../kube/runtime/queue.ts";
import type { Log } from "../../process/log.ts";
import type { Decision } from "../actions/action.ts";
import type { RolloutEvent, Snapshot } from "../model/model.ts";
import { nextPodCheckAt } from "../status/stuck.ts";
import { apply } from "./apply.ts";
import { gatherNow, type GatherPorts, nextEvictionAt, type PassFacts } from "./gatherPass.ts";
import { eventText, joinEvents, statusWaitMs, statusWritten, waitingEvents } from "./pace.ts";
import { logStory } from "./rolloutLog.ts";
import type { Outcome, Writer } from "./writer.ts";

export type Decide = (snapshot: Snapshot, now: number) => Decision;

export interface PassPorts extends Writer, GatherPorts {
  readonly log: Log;
  readonly decide: Decide;
  /** How long the API server takes to answer a write now, in ms. */
  readonly answerMs: () => number;
  /** What step plugins had answered in this snapshot is stored, or nobody waits for it. */
  readonly outcomesTaken?: (snapshot: Snapshot) => void;
  /** The events of what load balancers had answered in this snapshot were emitted. */
  readonly answersTold?: (snapshot: Snapshot) => void;
  readonly finished: (status: string, totalSeconds: number, manualPauseSeconds: number) => void;
}

/** What a pass uses of its queue: how many Rollouts are queued, and when this one is due again. */
export type PassQueue = Pick<WorkQueue, "depth" | "addAfter" | "cancelDelay">;

/** What was decided about one Rollout. */
export interface DecidedPass extends PassFacts {
  /** "namespace/name". */
  readonly key: string;
  readonly decision: Decision;
  /** When it was decided, in milliseconds since the epoch. */
  readonly now: number;
}

/** @throws {ApiError} and others: what should be tried again. */
export async function carryOut(ports: PassPorts, queue: PassQueue, pass: DecidedPass): Promise<void> {
  const { key, snapshot, memory, decision, now } = pass;
  wakeLater(queue, pass);
  const waitMs = statusWaitMs(memory, snapshot, decision, now, { waiting: queue.depth, answerMs: ports.answerMs() });
  if (waitMs > 0) queue.addAfter(key, waitMs);
  const outcome = await (waitMs > 0 ? applyActions : applyAll)(ports, pass);
  if (outcome.kind === "nothingEvicted") {
    memory.evictionsRefusedAt = now;
    return queue.addAfter(key, 0);
  }
  if (outcome.kind !== "done") return explain(ports, queue, key, outcome);
  const sized = decision.actions.find((action) => action.kind === "scaleWorkload");
  if (sized !== undefined) memory.lastScaled = { replicas: sized.replicas, at: now };
  ports.answersTold?.(snapshot);
  if (waitMs > 0) return;
  ports.outcomesTaken?.(snapshot);
  if (decision.more) queue.addAfter(key, 0);
  report(ports, pass);
}

/**
 * Sets the time of the next pass. The earlier one is dropped: what it was for is scheduled again here, or is over.
 */
function wakeLater(queue: PassQueue, { key, snapshot, memory, decision, now }: DecidedPass): void {
  queue.cancelDelay(key);
  if (decision.wakeAt !== undefined) queue.addAfter(key, decision.wakeAt - now);
  if (snapshot.podCheck !== undefined) queue.addAfter(key, nextPodCheckAt(snapshot.rollout, snapshot.podCheck) - now);
  const evictAt = nextEvictionAt(memory);
  if (now < evictAt) queue.addAfter(key, evictAt - now);
}

/** Carries out all but the status, whose events wait with it. */
async function applyActions(ports: PassPorts, { snapshot, memory, decision }: DecidedPass): Promise<Outcome> {
  const events = joinEvents(memory.heldEvents, decision.events);
  const later = waitingEvents(events);
  const held: RolloutEvent[] = [];
  const recordEvent: Writer["recordEvent"] = (rollout, event) =>
    later.includes(event) ? void held.push(event) : ports.recordEvent(rollout, event);
  try {
    return await apply({ ...ports, recordEvent }, snapshot, { ...decision, status: undefined, events });
  } finally {
    // After a failed action, only the events that became true before it.
    memory.heldEvents = held;
  }
}

async function applyAll(ports: PassPorts, { snapshot, memory, decision }: DecidedPass): Promise<Outcome> {
  const emitted = new Set(memory.emittedUnsaved);
  const events = joinEvents(memory.heldEvents, decision.events).filter((e) => !emitted.has(eventText(e)));
  memory.emittedUnsaved = emitted;
  memory.heldEvents = [];
  // A failed action keeps the events of the status from being emitted: only those that were emitted count.
  const recordEvent: Writer["recordEvent"] = (rollout, event) => {
    if (event.after === "status") emitted.add(eventText(event));
    ports.recordEvent(rollout, event);
  };
  const outcome = await apply({ ...ports, recordEvent }, snapshot, { ...decision, events });
  memory.emittedUnsaved = undefined;
  if (decision.status !== undefined && outcome.kind === "done") statusWritten(memory, ports.clock.now());
  return outcome;
}

/** Once the status is stored: logs what has happened, and reports it to the metrics. */
function report(ports: PassPorts, { key, snapshot, memory, decision }: DecidedPass): void {
  const seen = snapshot.rollout.status ?? {};
  const rollout = ports.stores.rollouts.get(key) ?? snapshot.rollout;
  logStory(ports.log, memory, { rollout, seen, status: decision.status ?? seen, events: decision.events });
  const { finished } = decision;
  if (finished !== undefined) ports.finished(finished.status, finished.totalSeconds, finished.manualPauseSeconds);
}

type Failure = Exclude<Outcome, { kind: "done" | "nothingEvicted" }>;

/** Creating an object or writing the traffic failed: decides again with that as a fact. */
async function explain(ports: PassPorts, queue: PassQueue, key: string, outcome: Failure): Promise<void> {
  const fresh = gatherNow(ports, key);
  if (fresh === undefined) return;
  switch (outcome.kind) {
    case "routeRefused":
      await applyUnrouted(ports, fresh, outcome.message);
      throw new Error(`Cannot route the traffic: ${outcome.message}`);
    case "nameTaken":
      throw new Error(`Cannot create ReplicaSet "${outcome.name}": ${outcome.message}`);
    case "runNameTaken":
    case "experimentNameTaken":
      return applyUnderOtherName(ports, queue, key, outcome);
    case "collision":
      await decideAgain(ports, fresh, { collision: outcome.name });
      // The count that was written gives the next pass another name to create; no news of others comes before that.
      return queue.addAfter(key, 0);
    case "createRefused":
      await decideAgain(ports, fresh, { createFailure: outcome });
      throw new Error(`Cannot create ReplicaSet "${outcome.name}": ${outcome.message}`);
    case "runRefused":
      await decideAgain(ports, fresh, { runFailure: outcome });
      throw new Error(`Cannot create AnalysisRun "${outcome.name}": ${outcome.message}`);
    case "experimentRefused":
      await decideAgain(ports, fresh, { experimentFailure: outcome });
      throw new Error(`Cannot create Experiment "${outcome.name}": ${outcome.message}`);
    default:
      outcome satisfies never;
  }
}

type NewFacts = Partial<
  Pick<
    Snapshot,
    "collision" | "createFailure" | "runFailure" | "runNamesTaken" | "experimentFailure" | "experimentNamesTaken"
  >
>;

async function decideAgain(
  ports: PassPorts,
  { snapshot: fresh, memory }: PassFacts,
  facts: NewFacts,
): Promise<Outcome> {
  const snapshot = { ...fresh, ...facts };
  const decision = ports.decide(snapshot, ports.clock.now());
  const outcome = await apply(ports, snapshot, decision);
  if (decision.status !== undefined && outcome.kind === "done") statusWritten(memory, ports.clock.now());
  return outcome;
}

/** An earlier Rollout of the same name may have left some; more than that are nobody's intention. */
const MOST_NAMES = 20;

type NameTaken = Extract<Outcome, { kind: "runNameTaken" | "experimentNameTaken" }>;

async function applyUnderOtherName(ports: PassPorts, queue: PassQueue, key: string, first: NameTaken): Promise<void> {
  const taken: NameTaken[] = [first];
  const namesOf = (kind: NameTaken["kind"]): string[] =>
    taken.filter((each) => each.kind === kind).map(({ name }) => name);
  while (taken.length < MOST_NAMES) {
    const fresh = gatherNow(ports, key);
    if (fresh === undefined) return;
    const outcome = await decideAgain(ports, fresh, {
      runNamesTaken: namesOf("runNameTaken"),
      experimentNamesTaken: namesOf("experimentNameTaken"),
    });
    if (outcome.kind === "done") return queue.addAfter(key, 0);
    if (outcome.kind !== "runNameTaken" && outcome.kind !== "experimentNameTaken") break;
    taken.push(outcome);
  }
  const { kind, name } = taken.at(-1) ?? first;
  const what = kind === "runNameTaken" ? "AnalysisRun" : "Experiment";
  throw new Error(`Cannot create ${what} "${name}": it could not be given another name`);
}

/** The events of the fault were emitted when it happened. */
async function applyUnrouted(ports: PassPorts, { snapshot: fresh }: PassFacts, message: string): Promise<void> {
  const snapshot: Snapshot = { ...fresh, routing: () => ({ kind: "fault", message, open: false, events: [] }) };
  const decision = ports.decide(snapshot, ports.clock.now());
  const events = decision.events.filter(({ reason }) => reason !== "TrafficRoutingError");
  await apply(ports, snapshot, { ...decision, events });
}

/** Emits the first event about a Rollout that no controller has driven yet. */
export function announce({ recordEvent }: Writer, { snapshot, memory }: PassFacts): void {
  if (memory.isAnnounced) return;
  memory.isAnnounced = true;
  const { rollout } = snapshot;
  const { observedGeneration, conditions } = rollout.status ?? {};
  if (observedGeneration !== undefined || findCondition(conditions, "Ready") !== undefined) return;
  const message = `Rollout resource added to informer: ${rollout.metadata.namespace}/${rollout.metadata.name}`;
  recordEvent(rollout, { type: "Normal", reason: "RolloutAddedToInformer", message, after: 0 });
}
