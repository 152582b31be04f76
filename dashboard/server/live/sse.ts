/** One event stream: what is due is asked for when the other side has room, so that a slow reader piles nothing up. */
import type { Clock } from "../../../kube/clock/clock.ts";
import type { LiveEvents } from "../../model.ts";

export interface Outlet {
  /** Something may be due. */
  poke(): void;
  /** Ends the stream; `last` is sent first. */
  end<K extends keyof LiveEvents>(name: K, data: LiveEvents[K]): void;
  readonly stream: ReadableStream<Uint8Array>;
}

export interface OutletPorts {
  readonly clock: Clock;
  /** What is due now, as texts of events; "": nothing. Called one at a time. */
  readonly next: () => Promise<string>;
  /** Called once, when either side has ended it. */
  readonly closed: () => void;
}

const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ": still here\n\n";

/** One line of JSON. */
export const eventText = <K extends keyof LiveEvents>(name: K, data: LiveEvents[K]): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

export function openOutlet({ clock, next, closed }: OutletPorts): Outlet {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let wake = (): void => {};
  let isDue = true;
  let isBeating = false;
  let last: string | undefined;
  let isOver = false;
  let cancelBeat = (): void => {};
  const beat = (): void => {
    cancelBeat = clock.after(HEARTBEAT_MS, () => {
      isBeating = true;
      wake();
      beat();
    });
  };
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    cancelBeat();
    wake();
    closed();
  };
  /** Waits until there is something to send. */
  const take = async (): Promise<string> => {
    for (;;) {
      if (isOver || last !== undefined) return last ?? "";
      if (isDue) {
        isDue = false;
        const text = await next();
        if (text !== "") return text;
        continue;
      }
      if (isBeating) {
        isBeating = false;
        return HEARTBEAT;
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        beat();
      },
      async pull(given) {
        const text = await take();
        if (text !== "") given.enqueue(encoder.encode(text));
        if (last === undefined && !isOver) return;
        over();
        given.close();
      },
      cancel: over,
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    poke() {
      isDue = true;
      wake();
    },
    end(name, data) {
      if (isOver || last !== undefined) return;
      last = eventText(name, data);
      wake();
      // Somebody who does not read gets no last word.
      clock.after(HEARTBEAT_MS, () => {
        if (isOver) return;
        over();
        controller?.error(new Error("the other side does not read"));
      });
    },
  };
}
