/**
 * Notifications as a row of the controller (docs/notifications.md). A pass tells what has happened to a Rollout since the
 * last one, and what has become true of it; the annotation that remembers it is written after it was sent.
 */
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { pause } from "../../kube/clock/sleep.ts";
import { objectPath } from "../../kube/client/path.ts";
import { ROLLOUTS } from "../../kube/client/resources.ts";
import { isNotFound } from "../../kube/client/apiError.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import type { WorkQueue } from "../../kube/runtime/queue.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { type ControllerRow, keysIn, type Pass, watch } from "../../kube/runtime/runController.ts";
import type { SendPorts } from "../../providers/notifications/service.ts";
import { NOTIFIED } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { createComplaints } from "../process/complaints.ts";
import type { Log } from "../process/log.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { createConfigurations } from "./configuration/configurations.ts";
import type { NotificationDecision } from "./decide/decide.ts";
import type { Engine } from "./engine.ts";
import type { GatheredFacts } from "./gather.ts";
import { createJournal, type Journal, type RecordedEvent } from "./journal.ts";
import { outcomeOf, type OutcomePorts } from "./outcomes.ts";
import type { Parcel } from "./send/outbox.ts";

export type Senders = Pick<SendPorts, "http" | "smtp" | "nats">;

/** How notifications leave the process. */
export interface Notifying {
  /** What sends is loaded with the first delivery. */
  readonly senders: () => Promise<Senders>;
  /** The controller's, where the ConfigMap and the Secret are. */
  readonly ownNamespace: string;
  /** Those of the Rollouts' own namespaces count as well. */
  readonly selfService: boolean;
}

/** What is reported to the metrics; see `ControllerObserver`. */
export type NotificationsObserver = OutcomePorts["observer"];

export interface NotificationsPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Pick<EventRecorder, "record">;
  readonly observer: NotificationsObserver;
  readonly stores: Pick<Stores, "rollouts" | "workloads">;
  readonly validForMs: () => number;
  readonly notifying: Notifying;
}

export interface NotificationsRow extends ControllerRow<GatheredFacts, NotificationDecision> {
  /** An event of a Rollout was recorded. Never waits, never throws. */
  happened(event: RecordedEvent): void;
  /** Sends what waits, and writes down what was sent, for some seconds at most; called when no pass begins any more. */
  end(): Promise<void>;
}

const WRITE_TIMEOUT_MS = 5_000;
/** How long the last notifications may take when the process ends. */
const LAST_MS = 3_000;
const LAST_TRIES = 6;

export function notificationsRow(ports: NotificationsPorts, sources: Sources): NotificationsRow {
  const { stores, clock, notifying } = ports;
  const { rollouts } = stores;
  const journal = createJournal(clock);
  const complaints = createComplaints(ports);
  const line: { queue?: Pick<WorkQueue, "add">; engine?: Engine } = {};
  const ended = outcomeOf({ ...ports, complaints, journal, again: (key) => line.queue?.add(key) });
  // What parses, judges and sends is loaded where there is a ConfigMap.
  const engine = async (): Promise<Engine> => {
    const { createEngine } = await import("./engine.ts");
    return (line.engine ??= createEngine({ ...ports, journal, ended }));
  };
  const configurations = createConfigurations({
    ...ports,
    ...notifying,
    complaints,
    parse: async (texts) => (await engine()).parse(texts),
  });
  const row: NotificationsRow = {
    kind: "Notifications",
    noun: "Notifications of Rollout",
    watches: [
      watch(sources.rollouts, (queue, old, next) => {
        line.queue = queue;
        const rollout = next ?? old;
        if (old !== undefined && old.metadata.uid !== next?.metadata.uid) journal.gone(keyOf(old));
        if (rollout === undefined || configurations.isAbsent(rollout.metadata.namespace)) return;
        queue.add(keyOf(rollout));
      }),
    ],
    keys: () => keysIn(rollouts),
    happened(event) {
      const { namespace } = event.rollout.metadata;
      if (ports.validForMs() <= 0 || configurations.isAbsent(namespace)) return;
      const key = keyOf(event.rollout);
      journal.happened(key, event);
      line.queue?.add(key);
    },
    async gather(key) {
      const rollout = rollouts.get(key);
      const events = journal.events(key);
      const namespace = key.slice(0, key.indexOf("/"));
      const applying = await configurations.read(namespace);
      const given = { key, rollout, events, configurations: applying };
      const facts = applying.length === 0 ? undefined : await (await engine()).gather(given);
      if (facts === undefined) journal.taken(key, events);
      return facts;
    },
    decide: (facts, now) => line.engine?.decide(facts, now) ?? NOTHING,
    apply: (pass) => carryOut(ports, pass, journal, (parcel) => line.engine?.outbox.push(parcel)),
    async end() {
      await line.engine?.outbox.drain(LAST_MS);
      for (const key of journal.unwritten()) await writeDown(ports, row, journal, key);
    },
  };
  return row;
}

/** What has changed meanwhile comes with the watch, which is still open. */
async function writeDown(
  ports: NotificationsPorts,
  row: Pick<NotificationsRow, "gather" | "decide">,
  journal: Journal,
  key: string,
): Promise<void> {
  const { clock } = ports;
  for (let tries = 1; ; tries += 1) {
    try {
      const facts = await row.gather(key);
      const now = clock.now();
      if (facts === undefined) return;
      const decision = { ...row.decide(facts, now), deliveries: [] };
      return await carryOut(ports, { key, facts, decision, now }, journal, () => {});
    } catch (error) {
      if (tries === LAST_TRIES) throw error;
      await pause(clock, LAST_MS / LAST_TRIES, new AbortController().signal);
    }
  }
}

const NOTHING: NotificationDecision = { deliveries: [], write: undefined, dropped: [], troubles: [] };

/** Deliveries go first, and once: what is written after them may fail, and is then decided about again. */
async function carryOut(
  { client, stores, validForMs, log }: NotificationsPorts,
  { key, facts, decision }: Pass<GatheredFacts, NotificationDecision>,
  journal: Journal,
  push: (parcel: Parcel) => void,
): Promise<void> {
  if (validForMs() <= 0) throw new NotLeaderError("Not notified, because the leader Lease has run out");
  for (const trouble of decision.troubles) log.debug("Cannot judge a notification", () => ({ rollout: key, trouble }));
  journal.taken(key, facts.events);
  journal.dropped(key, decision.dropped);
  for (const delivery of decision.deliveries) {
    if (delivery.mark !== undefined) journal.sending(key, delivery.mark);
    push({ key, delivery });
  }
  if (decision.write === undefined || facts.rollout === undefined) return;
  if (validForMs() <= WRITE_TIMEOUT_MS) throw new NotLeaderError("Not written: the leader Lease may run out before");
  const { namespace, name, resourceVersion } = facts.rollout.metadata;
  try {
    const written = await client.request<Rollout>({
      method: "PATCH",
      path: objectPath(ROLLOUTS, { namespace, name }),
      contentType: "application/merge-patch+json",
      body: { metadata: { resourceVersion, annotations: { [NOTIFIED]: decision.write } } },
      timeoutMs: WRITE_TIMEOUT_MS,
    });
    stores.rollouts.written(written);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
