/** `sluice demo`: rollouts to look at, on a cluster in this process, with no cluster and no network needed. */
import type { Log } from "../controller/process/log.ts";
import { manualClock } from "../kube/clock/clock.ts";
import { exitCodeOf, stopSignals } from "../controller/process/stopSignals.ts";
import { startLocalCluster } from "../simulator/local/cluster.ts";
import { type Onlooker, play } from "../simulator/demo/play.ts";
import { randomOf } from "../simulator/demo/random.ts";
import { changeTeller } from "./demoLines.ts";
import { endLine, momentLines, type Screen } from "./demoScreen.ts";
import { liveScreen } from "./liveScreen.ts";
import { paintFor, plain } from "./paint.ts";

export interface DemoSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** How to call this program: "sluice", "bun run". */
  readonly program: string;
}

export const demoUsage = `Shows a canary, a blue-green update and a refused Rollout, in half a minute and without a cluster:
the controller, the webhook and the API server are real and run in this process; pods and time are simulated.

Usage:
  sluice demo

On a terminal it is drawn in place, in colours unless NO_COLOR is set; elsewhere it prints a line for every change.
`;

/** @returns the exit code. */
export async function runDemo(args: readonly string[], surroundings: DemoSurroundings): Promise<number> {
  const [first] = args;
  if (first === "--help" || first === "-h") {
    console.log(demoUsage);
    return 0;
  }
  if (first !== undefined) {
    console.error(`Error: sluice demo takes no arguments, and got "${first}"`);
    return 1;
  }
  const stopping = new AbortController();
  let exitCode = 0;
  const stop = (code: number): void => {
    exitCode = code;
    stopping.abort();
  };
  stopSignals({ onStop: (signal) => stop(exitCodeOf(signal)), onForce: () => view.end() });
  // As in `sluice demo | head`: nothing reads the demo any more, nor an error message.
  process.stdout.on("error", () => stop(0));
  const isLive = process.stdout.isTTY && surroundings.env["TERM"] !== "dumb";
  const view = isLive ? liveView(surroundings) : lineView();
  try {
    await playOn(view, surroundings.version, stopping.signal);
  } catch (error) {
    view.end();
    console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  view.end();
  if (!stopping.signal.aborted) {
    process.stdout.write(
      `\n  Your turn: \`${surroundings.program} dev\` serves a cluster like this one to your kubectl.\n\n`,
    );
  }
  // The caller ends the process next, and what the pipe has not taken yet would be lost.
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
  return exitCode;
}

interface View extends Onlooker {
  readonly wait: (ms: number) => Promise<void>;
  end(): void;
}

async function playOn(onlooker: View, version: string, signal: AbortSignal): Promise<void> {
  // A whole second, as the times of objects are.
  const clock = manualClock(Math.floor(Date.now() / 1_000) * 1_000);
  const cluster = await startLocalCluster({ clock, log: onlyErrors, version, random: randomOf(1), nodes: 3 });
  try {
    await play({ cluster, clock, onlooker, wait: onlooker.wait, signal });
  } finally {
    // Not awaited: the loop waits for timers of a clock that does not advance any more.
    void cluster.stop();
  }
}

const ignore = (): void => {};
const onlyErrors: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (message, fields) => console.error(message, typeof fields === "function" ? fields() : (fields ?? "")),
};

/** Waits for the next frame; the wait is shorter the longer the present frame took. */
function pace(): (ms: number) => Promise<void> {
  let nextMs = performance.now();
  return async (ms) => {
    const nowMs = performance.now();
    // After a standstill no time is made up for.
    nextMs = Math.max(nextMs + ms, nowMs - ms);
    await Bun.sleep(Math.max(0, nextMs - nowMs));
  };
}

/** Title, rule, caption, and the blank lines between: no longer needed at the end. */
const headLines = 4;

function liveView({ env }: DemoSurroundings): View {
  const { stdout } = process;
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const live = liveScreen({ write: (text) => void stdout.write(text), size });
  const screen = (): Screen => ({ paint: paintFor({ isTTY: true, env }), columns: size().columns });
  const ended: string[] = [];
  const kept: string[] = [];
  return {
    moment(moment) {
      const lines = momentLines(moment, screen());
      live.draw(["", ...lines]);
      // A refusal stays on the screen.
      if (moment.printed.length > 0) kept.splice(0, kept.length, ...lines.slice(headLines));
    },
    sceneEnded(end) {
      ended.push(endLine(end, screen()));
    },
    wait: pace(),
    end() {
      live.keep([...kept, "", ...ended]);
      live.end();
    },
  };
}

function lineView(): View {
  const tell = changeTeller();
  const { stdout } = process;
  const screen: Screen = { paint: plain, columns: 80 };
  const print = (line: string): void => void stdout.write(`${line}\n`);
  return {
    moment: (moment) => tell(moment).forEach(print),
    sceneEnded: (end) => print(`\n${endLine(end, screen).trimStart()}`),
    wait: async () => {},
    end: ignore,
  };
}
