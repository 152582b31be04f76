/** When the controller gives memory back: after a burst, or after the start. */
import { isSparse, releaseCode, releaseMemory, type Rest } from "../../controller/process/quiet.ts";
import { repackStores } from "../../controller/rollout/facts/repack.ts";
import type { Wired } from "../../controller/wiring.ts";
import { systemClock } from "../../kube/clock/clock.ts";

/** `wired` is there once the controller is put together. */
interface Held {
  readonly wired?: Pick<Wired, "controller">;
}

export const restsOf = (held: Held): readonly Rest[] => [
  { afterMs: 3_000, act: releaseMemory },
  { afterMs: 20_000, act: releaseCode },
  { afterMs: 22_000, act: () => void releaseAll(held) },
];

/** Collects first, so that copies find the room that garbage leaves, and last, when the originals are garbage. */
async function releaseAll({ wired }: Held): Promise<void> {
  releaseMemory();
  if (wired === undefined || !isSparse()) return;
  await repackStores(wired.controller.stores, systemClock);
  releaseMemory();
}
