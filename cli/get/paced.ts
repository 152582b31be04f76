/** Calls at most once in a while, and never forgets the last. */
import type { Clock } from "../../kube/clock/clock.ts";

export interface Paced {
  /** Something has changed: `act` is called now, or when `everyMs` have passed since the last call. */
  touch(): void;
  /** `act` is not called any more. */
  stop(): void;
}

export function paced(clock: Clock, everyMs: number, act: () => void): Paced {
  let lastMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  let isStopped = false;
  return {
    touch() {
      if (isStopped || cancel !== undefined) return;
      cancel = clock.after(lastMs + everyMs - clock.now(), () => {
        cancel = undefined;
        lastMs = clock.now();
        act();
      });
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
