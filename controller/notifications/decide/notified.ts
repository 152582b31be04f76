/**
 * What has been told already: the Rollout's annotation `notified.notifications.argoproj.io`, in notifications-engine's own
 * form, so that a cluster can move there and back (docs/notifications.md#once-per).
 */
import type { Destination } from "../../../providers/notifications/service.ts";
import { NOTIFIED } from "../../../schema/labels.ts";

/** When each was told, in seconds since the epoch. */
export type Notified = ReadonlyMap<string, number>;

/** As many as notifications-engine keeps; more bytes than that are kept by nobody. */
const MOST_ENTRIES = 100;
const MOST_BYTES = 32 * 2 ** 10;

export function notifiedIn(annotations: Readonly<Record<string, string>> | undefined): Notified {
  const text = annotations?.[NOTIFIED] ?? "";
  if (text === "") return new Map();
  try {
    const parsed = JSON.parse(text) as Record<string, unknown> | unknown[];
    if (Array.isArray(parsed)) return new Map();
    const entries = Object.entries(parsed);
    return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
  } catch {
    return new Map();
  }
}

/** The annotation's text; null: it goes. The oldest entries are dropped where there are too many. */
export function notifiedText(notified: Notified): string | null {
  const newest = [...notified].toSorted(([a, at], [b, bt]) => bt - at || (a < b ? -1 : 1)).slice(0, MOST_ENTRIES);
  let bytes = 0;
  const kept = newest.filter(([key], index) => (bytes += Buffer.byteLength(key) + 16) <= MOST_BYTES || index === 0);
  if (kept.length === 0) return null;
  return JSON.stringify(Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

const hash = (text: string): string => new Bun.CryptoHasher("sha1").update(text).digest("base64url").replace(/=+$/, "");

export interface Mark {
  /** The namespace of a configuration that is the Rollout's own; undefined: the controller's. */
  readonly selfService: string | undefined;
  readonly trigger: string;
  readonly index: number;
  readonly when: string;
  /** The value of oncePer; "": none. */
  readonly once: string;
  readonly destination: Destination;
}

/** Characters of a value of oncePer that are kept as they are: a longer one is replaced by its hash. */
const LONGEST_VALUE = 200;

export function markKey({ selfService, trigger, index, when, once, destination }: Mark): string {
  const { service, recipient } = destination;
  const parts = [trigger, `[${index}].${hash(when)}`, service, recipient];
  const value = once.length > LONGEST_VALUE ? `sha1-${hash(once)}` : once;
  return [...(value === "" ? [] : [value]), ...(selfService === undefined ? [] : [selfService]), ...parts].join(":");
}
