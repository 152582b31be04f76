/** One event stream: what is due is asked for when the other side has room, so that a slow reader piles nothing up. */
import type { Clock } from "../../../kube/clock/clock.ts";
import type { LiveEvents } from "../../model.ts";

export interface Outlet {
  /** Something may be due. */
  poke(): void;
  /** Ends the stream; `last` is sent first. */
  end<K extends keyof LiveEvents>(name: K, data: LiveEvents[K]): void;
  /** The other side has gone. */
  close(): void;
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

/** What is to be sent next, one after the other. */
interface Source {
  poke(): void;
  /** Waits until there is something; "": it is over. */
  take(): Promise<string>;
  /** The last word: all that is due before it is left out. */
  last(text: string): void;
  over(): void;
  readonly isOver: () => boolean;
  readonly isLast: () => boolean;
}

function openSource({ clock, next }: Pick<OutletPorts, "clock" | "next">): Source {
  let wake = (): void => {};
  let [isDue, isBeating, isOver] = [true, false, false];
  let last: string | undefined;
  let cancelBeat = (): void => {};
  const beat = (): void => {
    cancelBeat = clock.after(HEARTBEAT_MS, () => {
      isBeating = true;
      wake();
      beat();
    });
  };
  beat();
  const due = async (): Promise<string> => {
    if (isDue) {
      isDue = false;
      const text = await next();
      if (text !== "") return text;
    }
    const isBeat = isBeating && !isDue;
    isBeating = false;
    return isBeat ? HEARTBEAT : "";
  };
  return {
    poke() {
      isDue = true;
      wake();
    },
    async take() {
      for (;;) {
        if (isOver || last !== undefined) return last ?? "";
        const text = await due();
        if (text !== "") return text;
        if (!isDue && !isOver && last === undefined) await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    last(text) {
      last ??= text;
      wake();
    },
    over() {
      isOver = true;
      cancelBeat();
      wake();
    },
    isOver: () => isOver,
    isLast: () => last !== undefined,
  };
}

export function openOutlet({ clock, next, closed }: OutletPorts): Outlet {
  const encoder = new TextEncoder();
  const source = openSource({ clock, next });
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const over = (): void => {
    if (source.isOver()) return;
    source.over();
    closed();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      async pull(given) {
        const text = await source.take();
        if (source.isOver() && !source.isLast()) return;
        if (text !== "") given.enqueue(encoder.encode(text));
        if (!source.isLast()) return;
        over();
        given.close();
      },
      cancel: over,
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    poke: source.poke,
    close: over,
    end(name, data) {
      if (source.isOver() || source.isLast()) return;
      source.last(eventText(name, data));
      // Somebody who does not read gets no last word.
      clock.after(HEARTBEAT_MS, () => {
        if (source.isOver()) return;
        over();
        controller?.error(new Error("the other side does not read"));
      });
    },
  };
}
