/** `sluice demo`: rollouts to look at, on a cluster in this process, with no cluster and no network needed. */
import { Command } from "commander";
import { exitCodeOf, stopSignals } from "../controller/process/stopSignals.ts";
import type { Key } from "../simulator/demo/person.ts";
import type { Viewer } from "../simulator/demo/play.ts";
import { hearKeys, type KeyPress } from "./demoKeys.ts";
import { changeReporter } from "./demoLines.ts";
import { playDemo } from "./demoPlay.ts";
import { endLines, momentLines, printedLines, type Screen } from "./demoScreen.ts";
import { liveScreen } from "./liveScreen.ts";
import { parsedOrTold } from "./parsed.ts";
import { paintFor, plain } from "./paint.ts";
import type { CliPorts } from "./ports.ts";
import { messageOf } from "../kube/object/errors.ts";

export interface DemoSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** How to start this program: "sluice", "bun run". */
  readonly program: string;
  /** The page that says how to install it; undefined: it is this program. */
  readonly installing?: string;
}

interface DemoPorts extends DemoSurroundings, Pick<CliPorts, "out" | "err"> {
  /** How usage lines call it: "sluice", "kubectl sluice". */
  readonly called: string;
}

const keys = `
On a terminal it is drawn in place, in colours unless NO_COLOR is set, and you
decide:

  Enter or space   promote the update, or go on
  a                abort the update
  p                pause the Rollout, and resume it
  q                quit

If you press nothing, the demo decides by itself after some seconds. Elsewhere
it prints a line for every change.

Examples:
  sluice demo             to watch and to decide
  sluice demo > story.txt to read later`;

const commandOf = (): Command =>
  new Command("sluice demo")
    .description(
      "Shows a canary, a bad version that is turned back, a blue-green update, a refused Rollout, a Deployment that " +
        "becomes one and an analysis that stops a bad version, in a minute and without a cluster: the controller, the " +
        "webhook and the API server are real and run in this process; pods, requests and time are simulated.",
    )
    .usage("[flags]")
    .allowExcessArguments(false)
    .addHelpText("after", keys)
    .action(() => {});

/** @returns the exit code. */
export async function runDemo(args: readonly string[], surroundings: DemoPorts): Promise<number> {
  const { out, err, called } = surroundings;
  const command = await parsedOrTold(commandOf, args, { out, err, program: called });
  if (typeof command === "number") return command;
  const stopping = new AbortController();
  let exitCode = 0;
  const stop = (code: number): void => {
    exitCode = code;
    stopping.abort();
  };
  const isLive = process.stdout.isTTY && surroundings.env["TERM"] !== "dumb";
  const view = isLive ? liveView(surroundings, stop) : lineView();
  // However the process ends: a terminal that stays without a cursor or an echo is of no use.
  process.once("exit", view.end);
  stopSignals({ onStop: (signal) => stop(exitCodeOf(signal)), onForce: view.end });
  // As in `sluice demo | head`: nothing reads the demo any more, nor an error message.
  process.stdout.on("error", () => stop(0));
  try {
    // A whole second, as the times of objects are.
    const startMs = Math.floor(Date.now() / 1_000) * 1_000;
    const { wait, nextKey } = view;
    await playDemo({ viewer: view, wait, nextKey, version: surroundings.version, startMs, signal: stopping.signal });
  } catch (error) {
    view.end();
    console.error(`Error: ${messageOf(error)}`);
    return 1;
  }
  view.end();
  if (!stopping.signal.aborted) process.stdout.write(yourTurn(surroundings));
  // The caller ends the process next, and what the pipe has not taken yet would be lost.
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
  return exitCode;
}

const yourTurn = ({ program, installing }: DemoSurroundings): string =>
  `\n  Your turn: \`${program} dev\`\n  serves a cluster like this one to your kubectl.\n${
    installing === undefined ? "" : `  To install ${program}: ${installing}\n`
  }\n`;

interface View extends Viewer {
  readonly wait: (ms: number) => Promise<void>;
  readonly nextKey?: () => Key | undefined;
  /** More than once is harmless. */
  readonly end: () => void;
}

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

/** @param stop ends the demo with an exit code */
function liveView({ env }: DemoSurroundings, stop: (exitCode: number) => void): View {
  const { stdin, stdout } = process;
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const live = liveScreen({ write: (text) => void stdout.write(text), size });
  const screen = (): Screen => ({ paint: paintFor({ isTTY: true, env }), ...size() });
  const keys: Key[] = [];
  const pressed = (press: KeyPress): void => {
    if (press === "quit") stop(0);
    else if (press === "interrupt") stop(exitCodeOf("SIGINT"));
    else keys.push(press);
  };
  const release = stdin.isTTY ? hearKeys(stdin, pressed) : undefined;
  const ended: string[] = [];
  let kept: readonly string[] = [];
  let isOver = false;
  return {
    moment(moment) {
      live.draw(momentLines(moment, screen()));
      if (moment.printed.length > 0) kept = printedLines(moment, screen());
    },
    sceneEnded(end) {
      ended.push(...endLines(end, screen()));
    },
    wait: pace(),
    ...(release === undefined ? {} : { nextKey: () => keys.shift() }),
    end() {
      if (isOver) return;
      isOver = true;
      live.keep([...kept, "", ...ended]);
      live.end();
      release?.();
    },
  };
}

function lineView(): View {
  const changes = changeReporter();
  const { stdout } = process;
  const screen: Screen = { paint: plain, columns: 80, rows: 24 };
  const print = (line: string): void => void stdout.write(`${line}\n`);
  return {
    moment: (moment) => changes(moment).forEach(print),
    sceneEnded: (end) => print(`\n${endLines(end, screen).join("\n").trimStart()}`),
    wait: async () => {},
    end: () => {},
  };
}
