/**
 * Events as client-go records them: one that recurs is counted up, many similar ones are combined, and the rate of
 * Events of one object is limited.
 */
import type { ApiCore, ApiObject, Draft } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";
import { rfc3339 } from "../../kubelet/podStatus.ts";
import type { Remark } from "./decision.ts";

/** From this number of different messages with the same reason on, they are combined … */
const combineFrom = 10;
/** … unless the last was longer ago. */
const combineWithinMs = 600_000;
/** At most so many events of one object and type at once; then one more per so many milliseconds. */
const burst = 25;
const refillMs = 300_000;

/** How many objects are remembered; an older one that comes again counts as new. */
const rememberedObjects = 4096;

/** Sets an entry; when there are too many, the oldest is forgotten. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= rememberedObjects) return;
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}

interface Allowance {
  left: number;
  atMs: number;
}

interface Similar {
  readonly messages: Set<string>;
  lastMs: number;
}

const isGone = (error: unknown): boolean => error instanceof StatusError && error.status.code === 404;

const componentTypeAndUid = ({ about, type }: Remark, component: string): string =>
  `${component} ${type} ${about.metadata.uid}`;

/** Whether an object may have one more event now. */
function rationing() {
  const allowances = new Map<string, Allowance>();
  return (key: string, nowMs: number): boolean => {
    const known = allowances.get(key) ?? { left: burst, atMs: nowMs };
    known.left = Math.min(burst, known.left + (nowMs - known.atMs) / refillMs);
    known.atMs = nowMs;
    remember(allowances, key, known);
    if (known.left < 1) return false;
    known.left -= 1;
    return true;
  };
}

/** Whether there are so many messages with the same reason that they are combined. */
function combining() {
  const groups = new Map<string, Similar>();
  return (key: string, message: string, nowMs: number): boolean => {
    const known = groups.get(key);
    const group =
      known === undefined || nowMs - known.lastMs > combineWithinMs
        ? { messages: new Set<string>(), lastMs: nowMs }
        : known;
    remember(groups, key, group);
    group.lastMs = nowMs;
    if (group.messages.size < combineFrom - 1 || group.messages.has(message)) {
      group.messages.add(message);
      return group.messages.size >= combineFrom;
    }
    return true;
  };
}

function draftOf(about: ApiObject, remark: Remark, component: string, name: string, now: string): Draft {
  const { apiVersion, kind, metadata } = about;
  const { namespace = "default", uid, resourceVersion } = metadata;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: { kind, namespace, name: metadata.name, uid, apiVersion, resourceVersion },
    reason: remark.reason,
    message: remark.message,
    type: remark.type,
    source: { component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    eventTime: null,
    reportingComponent: component,
    reportingInstance: "",
  };
}

/** @returns a function that emits an Event. One that the server refuses is lost, as with client-go. */
export function recorder(core: ApiCore): (remark: Remark, component: string) => void {
  const maySend = rationing();
  const isOneOfMany = combining();
  const names = new Map<string, string>();
  let serial = 0;

  const again = (name: string, namespace: string, message: string, now: string): boolean => {
    try {
      core.modify({ resource: "events", namespace, name }, (stored) => ({
        ...stored,
        message,
        count: Number(stored["count"] ?? 1) + 1,
        lastTimestamp: now,
      }));
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  };
  return (remark, component) => {
    const nowMs = core.clock.now();
    const { about } = remark;
    const who = componentTypeAndUid(remark, component);
    const kind = `${who} ${remark.reason}`;
    const combined = isOneOfMany(kind, remark.message, nowMs);
    const message = combined ? `(combined from similar events): ${remark.message}` : remark.message;
    if (!maySend(who, nowMs)) return;
    const key = combined ? kind : `${kind} ${remark.message}`;
    const now = rfc3339(nowMs);
    const { namespace = "default" } = about.metadata;
    const known = names.get(key);
    try {
      if (known !== undefined && again(known, namespace, message, now)) return;
      // Real names end in the time in nanoseconds, as hexadecimal digits.
      serial += 1;
      const name = `${about.metadata.name}.${(nowMs * 1000 + (serial % 1000)).toString(16)}`;
      core.create("events", draftOf(about, { ...remark, message }, component, name, now));
      remember(names, key, name);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
  };
}
