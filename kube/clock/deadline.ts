import type { Clock } from "./clock.ts";

/** A signal that aborts after `ms`, or with `outer`. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Aborts as well: nobody reads any more what is still open. */
  end(): void;
}

export function deadline(clock: Clock, ms: number, outer: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const cancel = clock.after(ms, abort);
  outer.addEventListener("abort", abort, { once: true });
  if (outer.aborted) abort();
  return {
    signal: controller.signal,
    end() {
      cancel();
      outer.removeEventListener("abort", abort);
      abort();
    },
  };
}
