/** What commands are given when they run as a process of their own. */
import { stopSignals } from "../controller/process/stopSignals.ts";
import { codeOf, messageOf } from "../kube/object/errors.ts";
import { systemClock } from "../kube/clock/clock.ts";
import type { CliPorts } from "./ports.ts";

/**
 * Take from it what you need: whoever spreads it looks at `signal`, too.
 * @param program as it was called; see `calledAs`
 */
export function processPorts(version: string, program: string): CliPorts {
  let signal: AbortSignal | undefined;
  const unread = new AbortController();
  return {
    env: process.env,
    version,
    program,
    out: (text) => written(text, () => unread.abort()),
    unread: unread.signal,
    err: (line) => console.error(line),
    stdin: () => Bun.stdin.text(),
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
    },
    clock: systemClock,
    // From the first look on: a command that does not look is ended by a signal at once, as any process is.
    get signal() {
      return (signal ??= signalOfPerson());
    },
    async connect(options) {
      const { connected } = await import("./connection.ts");
      return connected(options, { version, clock: systemClock });
    },
  };
}

/** A sentence for the person, without its first word. */
class CannotWrite extends Error {
  override readonly name = "CannotWrite";
}

/** Nobody who stops reading (`| head`) wants to know of it. @param unread called then */
async function written(text: string, unread: () => void): Promise<void> {
  // Bun would make a file of standard output empty, with all that others have written to it.
  if (text === "") return;
  try {
    await Bun.write(Bun.stdout, text);
  } catch (error) {
    if (codeOf(error) === "EPIPE") return unread();
    const why = codeOf(error) === "ENOSPC" ? "no space left on device" : messageOf(error);
    throw new CannotWrite(`cannot write standard output: ${why}`, { cause: error });
  }
}

function signalOfPerson(): AbortSignal {
  const asked = new AbortController();
  stopSignals({ onStop: () => asked.abort(), onForce: () => undefined });
  return asked.signal;
}
