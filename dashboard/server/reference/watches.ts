/** The two watches of the reference's API: a JSON object a line. */
import type { Clock } from "../../../kube/clock/clock.ts";
import { keyOf } from "../../../kube/runtime/cache.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { People } from "../auth/people.ts";
import { ownedOn } from "../live/board.ts";
import type { Boards } from "../live/boards.ts";
import type { Viewer } from "../live/live.ts";
import type { Slots } from "../live/slots.ts";
import { fullInfo, type Place, shortInfo } from "./reads.ts";

/** The reference sends one Rollout's changes at most this often. */
const PACE_MS = 1_000;

export interface WatchPorts {
  readonly people: People;
  readonly boards: Boards;
  readonly slots: Slots;
  readonly clock: Clock;
  /** Aborted when the other side has gone, even before it began to read. */
  readonly left: AbortSignal;
}

interface Lines {
  readonly stream: ReadableStream<Uint8Array>;
}

/**
 * @param linesOf what to send now of the keys that have changed; undefined: of all
 * @param paceMs how much time is between two looks
 */
function lines(
  { boards, people, slots, clock, left }: WatchPorts,
  { person, ended }: Viewer,
  namespace: string,
  paceMs: number,
  linesOf: (rollouts: readonly Rollout[], owned: ReturnType<typeof ownedOn>) => readonly string[],
): Lines {
  const giveBack = slots.take(person);
  const lookout = boards.look(person, namespace);
  const hold = people.hold(person);
  const { feed } = lookout.board;
  const close = feed.watchClosely(namespace);
  const encoder = new TextEncoder();
  let dirty: Set<string> | "all" = "all";
  let wake = (): void => {};
  let isOver = false;
  const stop = feed.onTouch((keys) => {
    if (dirty === "all") return;
    for (const key of keys) dirty.add(key);
    wake();
  });
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    stop();
    close.end();
    lookout.leave();
    hold.release();
    giveBack();
    wake();
  };
  for (const signal of [person.gone, left, ...(ended === undefined ? [] : [ended])]) {
    if (signal.aborted) over();
    signal.addEventListener("abort", over, { once: true });
  }
  const due = (): readonly Rollout[] => {
    const all = [...feed.shelves.rollouts.values()];
    const keys = dirty;
    dirty = new Set();
    if (keys === "all" || keys.has(`${namespace}/`)) return all;
    return all.filter((rollout) => keys.has(keyOf(rollout)));
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await Promise.all([feed.ready, close.ready]);
        while (!isOver) {
          const text = linesOf(due(), ownedOn(feed.shelves)).join("");
          if (text !== "") {
            controller.enqueue(encoder.encode(text));
            await new Promise<void>((resolve) => clock.after(paceMs, resolve));
            return;
          }
          if (dirty === "all" || dirty.size > 0) continue;
          await new Promise<void>((resolve) => (wake = resolve));
        }
        controller.close();
      },
      cancel: over,
    },
    { highWaterMark: 0 },
  );
  return { stream };
}

/** Only what differs from the line that was sent last. */
function fresh(): (key: string, line: string) => readonly string[] {
  const sent = new Map<string, string>();
  return (key, line) => {
    if (sent.get(key) === line) return [];
    sent.set(key, line);
    return [`${line}\n`];
  };
}

export function watchInfo(ports: WatchPorts, viewer: Viewer, { namespace, name }: Place): ReadableStream<Uint8Array> {
  const changed = fresh();
  return lines(ports, viewer, namespace, PACE_MS, (rollouts, owned) =>
    rollouts
      .filter(({ metadata }) => metadata.name === name)
      .flatMap((rollout) => changed(name, JSON.stringify({ result: fullInfo(rollout, owned) }))),
  ).stream;
}

export function watchList(ports: WatchPorts, viewer: Viewer, namespace: string): ReadableStream<Uint8Array> {
  const changed = fresh();
  return lines(ports, viewer, namespace, 0, (rollouts, owned) =>
    rollouts.flatMap((rollout) => {
      const event = { type: "Updated", rolloutInfo: shortInfo(rollout, owned) };
      return changed(rollout.metadata.name, JSON.stringify({ result: event }));
    }),
  ).stream;
}
