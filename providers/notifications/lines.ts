/** Lines of what a socket receives, in their order, as many as are wanted. */
import type { Socket } from "node:net";

export interface Lines {
  /** From now on; what came from another socket before is kept. */
  readFrom(socket: Socket): void;
  /** Without its end; undefined: nothing comes any more. */
  next(): Promise<string | undefined>;
  /** What has come and was not asked for. */
  forget(): void;
}

/** Characters of a line, and lines that nobody asked for. */
const LONGEST = 65_536;

export function createLines(): Lines {
  let text = "";
  let ended = false;
  let current: Socket | undefined;
  let wake: (() => void) | undefined;
  return {
    readFrom(socket) {
      current?.removeAllListeners("data");
      current = socket;
      ended = false;
      const finish = (): void => {
        if (current !== socket) return;
        ended = true;
        wake?.();
      };
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
        // A server that sends without end is none.
        if (text.length > LONGEST) socket.destroy();
        wake?.();
      });
      socket.on("error", finish);
      socket.on("close", finish);
      socket.on("end", finish);
    },
    async next() {
      for (;;) {
        const end = text.indexOf("\n");
        if (end !== -1) {
          const line = text.slice(0, end).replace(/\r$/, "");
          text = text.slice(end + 1);
          return line;
        }
        if (ended) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    forget() {
      text = "";
    },
  };
}
