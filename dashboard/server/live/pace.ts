/** What a page is told again and again: at most every 250 ms, and only when it has changed. */
import type { Clock } from "../../../kube/clock/clock.ts";

const PACE_MS = 250;

export interface Paced {
  /** What is to be sent, or "" where nothing is yet. */
  next(): Promise<string>;
  end(): void;
}

/** `poke` has `next` called again; `now` makes the text as it is at the moment. */
export function paced(clock: Clock, poke: () => void, now: () => Promise<string>): Paced {
  let before = "";
  let nextAt = 0;
  let cancel = (): void => {};
  return {
    async next() {
      const waitMs = nextAt - clock.now();
      if (waitMs > 0) {
        cancel();
        cancel = clock.after(waitMs, poke);
        return "";
      }
      nextAt = clock.now() + PACE_MS;
      const text = await now();
      if (text === before) return "";
      before = text;
      return text;
    },
    end: () => cancel(),
  };
}
