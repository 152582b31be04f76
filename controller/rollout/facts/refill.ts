/** Reads again what was not held for lack of room (controller/rollout/facts/room.ts), when there is room for it. */
import { canBeName, collectionPath, nameSelector } from "../../../kube/client/path.ts";
import { pause } from "../../../kube/clock/sleep.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { KubeObject } from "../../../kube/runtime/watch.ts";
import type { Resource } from "../../../schema/kube.ts";
import type { Complaints } from "../../process/complaints.ts";
import type { Room, Waiting } from "./room.ts";
import type { Clock } from "../../../kube/clock/clock.ts";

export interface RefillPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly room: Room;
  readonly signal: AbortSignal;
}

/** Where an object is read, and the cache that it goes to. */
export interface Shelf {
  readonly api: Resource;
  readonly upsert: (raw: KubeObject) => void;
}

/** Many objects may be deleted at once; and no user may cause reads as often as they like. */
const REST_MS = 2_000;
const RETRY_MS = 10_000;

/** Runs until `signal`. `shelfOf` returns where an object belongs; undefined: it is read elsewhere. */
export function refill(ports: RefillPorts, shelfOf: (waiting: Waiting) => Shelf | undefined): void {
  const { clock, room, signal } = ports;
  let busy = false;
  let again = false;
  const run = async (): Promise<void> => {
    busy = true;
    do {
      again = false;
      await pause(clock, REST_MS, signal);
      await readAll(ports, shelfOf);
    } while (again && !signal.aborted);
    busy = false;
  };
  room.onFree(() => {
    again = true;
    if (!busy && !signal.aborted) void run();
  });
}

/** One after the other, each once: what finds no room after all waits for the next round. */
async function readAll(ports: RefillPorts, shelfOf: (waiting: Waiting) => Shelf | undefined): Promise<void> {
  const { room, clock, complaints, signal } = ports;
  const tried = new Set<string>();
  const isNext = (waiting: Waiting, uid: string): boolean => !tried.has(uid) && shelfOf(waiting) !== undefined;
  for (let next = room.nextThatFits(isNext); next !== undefined; next = room.nextThatFits(isNext)) {
    if (signal.aborted) return;
    const [uid, waiting] = next;
    const shelf = shelfOf(waiting);
    if (shelf === undefined) return;
    try {
      await readOne(ports, shelf, waiting);
      tried.add(uid);
    } catch (error) {
      const message = `Cannot read ${shelf.api.plural} "${waiting.namespace}/${waiting.name}", for which there is room now; trying again`;
      complaints.report({ about: message, level: "warn", message, error });
      await pause(clock, RETRY_MS, signal);
    }
    await clock.giveWay?.();
  }
}

async function readOne({ client, signal }: RefillPorts, { api, upsert }: Shelf, waiting: Waiting): Promise<void> {
  const { namespace, name } = waiting;
  if (!canBeName(name)) return;
  // A list, not a get: it needs no permission that the watch does not need.
  const { items } = await client.request<{ readonly items?: readonly KubeObject[] | null }>({
    method: "GET",
    path: collectionPath(api, namespace === "" ? undefined : namespace),
    query: { fieldSelector: nameSelector(name) },
    signal,
  });
  for (const item of items ?? []) upsert(item);
}
