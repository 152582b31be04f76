/** What becomes of deliveries: they are counted, remembered, and where they failed, logged and told by an event. */
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import type { Complaints } from "../process/complaints.ts";
import type { Log } from "../process/log.ts";
import type { SentNotification } from "../process/metrics.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import type { Delivery } from "./decide/decide.ts";
import type { Journal } from "./journal.ts";
import type { OutboxPorts } from "./send/outbox.ts";

export interface OutcomePorts {
  readonly log: Pick<Log, "debug">;
  readonly complaints: Complaints;
  readonly events: Pick<EventRecorder, "record">;
  readonly observer: { notified(notification: SentNotification): void };
  readonly stores: Pick<Stores, "rollouts">;
  readonly validForMs: () => number;
  readonly journal: Journal;
  /** The annotation of the Rollout of this key may have to be written. */
  readonly again: (key: string) => void;
}

export const outcomeOf =
  (ports: OutcomePorts): OutboxPorts["ended"] =>
  ({ key, delivery }, problem, durationMs) => {
    const { event, mark, trigger } = delivery;
    const { journal, observer, log, again } = ports;
    const { service } = delivery.destination;
    observer.notified({ key, ...event, service, durationMs, failed: problem !== undefined });
    if (mark !== undefined) {
      if (problem === undefined) journal.sent(key, mark);
      else journal.failed(key, mark);
      again(key);
    }
    if (problem === undefined) log.debug("Notified", () => ({ rollout: key, trigger, destination: named(delivery) }));
    else complain(ports, key, delivery, problem);
  };

const named = ({ destination: { service, recipient } }: Delivery): string =>
  recipient === "" ? service : `${service}:${recipient}`;

function complain(
  { complaints, stores, events, validForMs }: OutcomePorts,
  key: string,
  delivery: Delivery,
  problem: string,
): void {
  const { trigger } = delivery;
  const destination = named(delivery);
  complaints.report({
    about: `notification ${destination}`,
    level: "error",
    message: "Cannot notify",
    error: new Error(problem),
    fields: { rollout: key, trigger, destination },
  });
  const rollout = stores.rollouts.get(key);
  if (rollout === undefined || validForMs() <= 0) return;
  const { name, namespace, uid = "", resourceVersion } = rollout.metadata;
  const object = { ...ROLLOUT_KIND, name, namespace, uid, resourceVersion };
  const message = `Cannot notify ${destination} of ${trigger}: ${problem}`;
  events.record({ object, type: "Warning", reason: "NotificationFailed", message });
}
