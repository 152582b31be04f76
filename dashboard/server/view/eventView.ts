/** Events of a Rollout and of what belongs to it. Pure. */
import type { EventView } from "../../model.ts";

/** An Event of the core API, as far as it is read. */
export interface StoredEvent {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string | null;
  };
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null;
}

const MOST_EVENTS = 100;

const at = ({ series, lastTimestamp, eventTime, metadata }: StoredEvent): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";

/** Newest first. */
export const eventViews = (events: readonly StoredEvent[]): readonly EventView[] =>
  events
    .map((event): EventView => {
      const { type, reason = "", message = "", involvedObject = {}, series, count } = event;
      return {
        type: type === "Warning" ? "Warning" : "Normal",
        reason,
        message,
        count: series?.count ?? count ?? 1,
        at: at(event),
        about: `${involvedObject.kind ?? ""}/${involvedObject.name ?? ""}`,
      };
    })
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, MOST_EVENTS);
