/** Caches that take less room: the objects that a burst has left scattered are put together again. */
import type { Clock } from "../../../kube/clock/clock.ts";
import { keyOf, type Store, type Stored } from "../../../kube/runtime/cache.ts";
import type { Stores } from "./stores.ts";

/** Copying so many takes a few milliseconds; then others have a turn. */
const OBJECTS_PER_TURN = 32;

/**
 * What both kinds hold is data as JSON has it. The texts are copied, too: half of all objects are texts. What is nested
 * too deeply to be copied stays where it is.
 */
function copied<T>(held: T): T {
  try {
    return JSON.parse(JSON.stringify(held)) as T;
  } catch {
    return held;
  }
}

async function repackStore<T extends Stored>(store: Pick<Store<T>, "values" | "repack">, clock: Clock): Promise<void> {
  const keys = Array.from(store.values(), keyOf);
  for (const [index, key] of keys.entries()) {
    if (index % OBJECTS_PER_TURN === 0) await clock.giveWay?.();
    store.repack(key, copied);
  }
}

/** Copies what is held of Rollouts and ReplicaSets, some 50 µs each. The originals are garbage afterwards. */
export async function repackStores({ rollouts, replicaSets }: Stores, clock: Clock): Promise<void> {
  await repackStore(rollouts, clock);
  await repackStore(replicaSets, clock);
}
