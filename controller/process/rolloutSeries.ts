/**
 * Counters and histograms kept for each Rollout, in as little memory as possible: a thousand Rollouts with eight event
 * reasons each take under 1 MB. They are dropped 65 s after their Rollout, as the reference's are.
 */
import {
  type Distribution,
  emptyDistribution,
  familyHead,
  histogramLines,
  type Labels,
  observe,
  sample,
} from "./exposition.ts";

interface Series {
  readonly namespace: string;
  readonly name: string;
  reconcile: Distribution | undefined;
  errors: number;
  /** Pairs: index of the name in the table, count. */
  readonly events: number[];
  readonly requests: number[];
  notifications: Notifications | undefined;
}

/** Counts as `events`; undefined for a Rollout of which nobody was told anything. */
interface Notifications {
  readonly sent: number[];
  readonly failed: number[];
  readonly lengths: Distribution;
}

export interface RolloutSeries {
  reconciled(key: string, durationMs: number, failed: boolean): void;
  eventEmitted(key: string, type: string, reason: string): void;
  requested(key: string, verb: string, status: string): void;
  notified(key: string, type: string, reason: string, durationMs: number, failed: boolean): void;
  deleted(key: string): void;
  /** Drops the series of Rollouts gone for 65 s, and notices Rollouts that went without `deleted`. */
  sweep(): void;
  render(): Generator<string>;
  /** Samples of a family whose head the caller prints; labels: kind, namespace, name, verb, status. */
  requestSamples(family: string, labels: readonly string[]): Generator<string>;
}

interface Sources {
  readonly now: () => number;
  readonly rollouts: () => Iterable<{
    readonly metadata: { readonly namespace?: string | undefined; readonly name?: string | undefined };
  }>;
}

const reconcileBounds = [0.01, 0.15, 0.25, 0.5, 1];
const keptAfterDeletionMs = 65_000;

export function rolloutSeries(sources: Sources): RolloutSeries {
  const store = seriesStore(sources);
  const eventNames = nameTable();
  const requestNames = nameTable();
  return {
    reconciled(key, durationMs, failed) {
      const series = store.of(key);
      series.reconcile ??= emptyDistribution(reconcileBounds);
      observe(series.reconcile, reconcileBounds, durationMs / 1_000);
      if (failed) series.errors += 1;
    },
    eventEmitted: (key, type, reason) => increment(store.of(key).events, eventNames.indexOf(type, reason)),
    requested: (key, verb, status) => increment(store.of(key).requests, requestNames.indexOf(verb, status)),
    notified(key, type, reason, durationMs, failed) {
      const series = store.of(key);
      series.notifications ??= { sent: [], failed: [], lengths: emptyDistribution(reconcileBounds) };
      const { sent, failed: lost, lengths } = series.notifications;
      increment(failed ? lost : sent, eventNames.indexOf(type, reason));
      observe(lengths, reconcileBounds, durationMs / 1_000);
    },
    deleted: store.deleted,
    sweep: store.sweep,
    *render() {
      yield* reconcileLines(store.all());
      yield familyHead("rollout_events_total", "counter", "Events of a Rollout.");
      for (const { namespace, name, events } of store.all()) {
        for (const [[type, reason], count] of eventNames.read(events)) {
          const labels: Labels = [...labelsOf(namespace, name), ["type", type], ["reason", reason]];
          yield sample("rollout_events_total", labels, count);
        }
      }
      yield* notificationLines([...store.all()], eventNames.read);
    },
    *requestSamples(family, labels) {
      for (const { namespace, name, requests } of store.all()) {
        for (const [[verb, status], count] of requestNames.read(requests)) {
          const values = ["rollouts", namespace, name, verb, status];
          yield sample(
            family,
            labels.map((label, index) => [label, values[index] ?? ""]),
            count,
          );
        }
      }
    },
  };
}

function* reconcileLines(all: Iterable<Series>): Generator<string> {
  const series = [...all];
  yield familyHead("rollout_reconcile", "histogram", "Length of passes over a Rollout in seconds.");
  for (const { namespace, name, reconcile } of series) {
    if (reconcile === undefined) continue;
    yield histogramLines("rollout_reconcile", labelsOf(namespace, name), reconcileBounds, reconcile);
  }
  yield familyHead("rollout_reconcile_error", "counter", "Passes over a Rollout that failed.");
  for (const { namespace, name, errors } of series) {
    if (errors > 0) yield sample("rollout_reconcile_error", labelsOf(namespace, name), errors);
  }
}

function* notificationLines(all: readonly Series[], read: ReturnType<typeof nameTable>["read"]): Generator<string> {
  const told = all.filter(({ notifications }) => notifications !== undefined);
  const families = [
    ["notification_send_success", "Notifications that were sent.", "sent"],
    ["notification_send_error", "Notifications that could not be sent.", "failed"],
  ] as const;
  for (const [family, help, which] of families) {
    yield familyHead(family, "counter", help);
    for (const { namespace, name, notifications } of told) {
      for (const [[type, reason], count] of read(notifications?.[which] ?? [])) {
        yield sample(family, [...labelsOf(namespace, name), ["type", type], ["reason", reason]], count);
      }
    }
  }
  yield familyHead("notification_send", "histogram", "Length of sending a notification in seconds.");
  for (const { namespace, name, notifications } of told) {
    if (notifications === undefined) continue;
    yield histogramLines("notification_send", labelsOf(namespace, name), reconcileBounds, notifications.lengths);
  }
}

/** The series of each Rollout, and when to drop them. */
function seriesStore({ now, rollouts }: Sources) {
  const all = new Map<string, Series>();
  const goneAtMs = new Map<string, number>();
  // Without scrapes nothing calls sweep: then the number of Rollouts does.
  let sweepAtSize = 1_000;

  const sweep = (): void => {
    const nowMs = now();
    const live = new Set<string>();
    for (const { metadata } of rollouts()) live.add(`${metadata.namespace ?? ""}/${metadata.name ?? ""}`);
    for (const key of all.keys()) {
      if (live.has(key)) goneAtMs.delete(key);
      else if (!goneAtMs.has(key)) goneAtMs.set(key, nowMs);
    }
    for (const [key, atMs] of goneAtMs) {
      if (nowMs - atMs < keptAfterDeletionMs) continue;
      goneAtMs.delete(key);
      all.delete(key);
    }
    sweepAtSize = Math.max(1_000, all.size * 2);
  };

  return {
    all: () => all.values(),
    sweep,
    deleted: (key: string): void => {
      if (all.has(key)) goneAtMs.set(key, now());
    },
    of: (key: string): Series => {
      const known = all.get(key);
      if (known !== undefined) return known;
      if (all.size >= sweepAtSize) sweep();
      const slash = key.indexOf("/");
      const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
      const series: Series = {
        namespace,
        name,
        reconcile: undefined,
        errors: 0,
        events: [],
        requests: [],
        notifications: undefined,
      };
      all.set(key, series);
      return series;
    },
  };
}

function labelsOf(namespace: string, name: string): Labels {
  return [
    ["namespace", namespace],
    ["name", name],
  ];
}

function increment(pairs: number[], index: number): void {
  for (let at = 0; at < pairs.length; at += 2) {
    if (pairs[at] === index) {
      pairs[at + 1] = (pairs[at + 1] ?? 0) + 1;
      return;
    }
  }
  pairs.push(index, 1);
}

/** Pairs of words by number: there are some dozens in all, of which each Rollout has a few. */
function nameTable() {
  const names: (readonly [string, string])[] = [];
  const indices = new Map<string, number>();
  return {
    indexOf(first: string, second: string): number {
      const key = `${first}\0${second}`;
      let index = indices.get(key);
      if (index === undefined) {
        index = names.push([first, second]) - 1;
        indices.set(key, index);
      }
      return index;
    },
    *read(pairs: readonly number[]): Generator<readonly [readonly [string, string], number]> {
      for (let at = 0; at < pairs.length; at += 2) {
        const name = names[pairs[at] ?? -1];
        if (name !== undefined) yield [name, pairs[at + 1] ?? 0];
      }
    },
  };
}
