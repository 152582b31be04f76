/** The demo on a terminal: that its keys arrive, and that the terminal is as it was however the demo ends. */
import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { hearKeys, type KeyPress, pressesIn } from "./demoKeys.ts";

const main = resolve(import.meta.dir, "../main.ts");
const patienceMs = 60_000;

interface Terminal {
  /** All that was written to it. */
  text(): string;
  /** Whether lines are edited and echoed by the terminal, as a shell needs it. */
  isAsShellsNeedIt(): boolean;
  press(keys: string): void;
  signal(signal: NodeJS.Signals): void;
  /** Waits until this is written. */
  shows(what: string): Promise<void>;
  readonly exited: Promise<number>;
}

/** @param preload a module to load before it */
function demoOn(columns: number, rows: number, preload?: string): Terminal {
  let text = "";
  const decoder = new TextDecoder();
  const waiting = new Set<() => void>();
  const before = preload === undefined ? [] : ["--preload", preload];
  const child = Bun.spawn([process.execPath, ...before, main, "demo"], {
    env: { ...process.env, TERM: "xterm-256color", NO_COLOR: "1" },
    terminal: {
      cols: columns,
      rows,
      data(_, chunk) {
        text += decoder.decode(chunk, { stream: true });
        for (const look of waiting) look();
      },
    },
  });
  const { terminal } = child;
  if (terminal === undefined) throw new Error("There is no terminal.");
  const atFirst = terminal.localFlags;
  return {
    text: () => text,
    isAsShellsNeedIt: () => terminal.localFlags === atFirst,
    press: (keys) => void terminal.write(keys),
    signal: (signal) => child.kill(signal),
    shows: (what) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!text.includes(what)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    exited: child.exited,
  };
}

const showCursor = "\u001B[?25h";
const hideCursor = "\u001B[?25l";

/** The cursor is shown, and by the last word about it. */
const hasCursor = (text: string): boolean => text.lastIndexOf(showCursor) > text.lastIndexOf(hideCursor);

describe("the terminal is as it was", () => {
  const ends: readonly (readonly [how: string, code: number, end: (terminal: Terminal) => void])[] = [
    ["after q", 0, ({ press }) => press("q")],
    ["after Ctrl-C", 130, ({ press }) => press("\u0003")],
    ["after SIGINT", 130, ({ signal }) => signal("SIGINT")],
    ["after SIGTERM", 143, ({ signal }) => signal("SIGTERM")],
    ["after SIGHUP", 129, ({ signal }) => signal("SIGHUP")],
  ];
  for (const [how, code, end] of ends)
    test(
      how,
      async () => {
        const terminal = demoOn(80, 24);
        await terminal.shows("q quit");
        expect([terminal.isAsShellsNeedIt(), hasCursor(terminal.text())]).toEqual([false, false]);
        end(terminal);
        expect(await terminal.exited).toBe(code);
        expect([terminal.isAsShellsNeedIt(), hasCursor(terminal.text())]).toEqual([true, true]);
      },
      patienceMs,
    );

  const errors: readonly (readonly [how: string, code: string])[] = [
    ["after an error in the demo", 'String.prototype.localeCompare = () => { throw new Error("It broke."); };'],
    [
      "after an error that nobody catches",
      "const { stdout } = process; const write = stdout.write.bind(stdout); stdout.write = (text, ...more) => { " +
        'if (text.includes("q quit")) setImmediate(() => { throw new Error("It broke."); }); return write(text, ...more); };',
    ],
  ];
  for (const [how, code] of errors)
    test(
      how,
      async () => {
        const folder = await mkdtemp(join(tmpdir(), "sluice-demo-test-"));
        const preload = join(folder, "broken.js");
        await writeFile(preload, code);
        const terminal = demoOn(80, 24, preload);
        expect(await terminal.exited).toBe(1);
        expect([terminal.isAsShellsNeedIt(), hasCursor(terminal.text())]).toEqual([true, true]);
        expect(terminal.text()).toContain("It broke.");
        await rm(folder, { recursive: true, force: true });
      },
      patienceMs,
    );
});

test(
  "the keys of the terminal drive the Rollout, and say so",
  async () => {
    const terminal = demoOn(80, 24);
    await terminal.shows("Promote it?");
    terminal.press("p");
    await terminal.shows("kubectl argo rollouts pause shop");
    terminal.press("p");
    await terminal.shows("kubectl patch rollout shop");
    // An arrow key is none of ours, though it ends in a letter.
    terminal.press("\u001B[A");
    terminal.press("a");
    await terminal.shows("kubectl argo rollouts abort shop");
    await terminal.shows("All requests go back to 1.0.");
    terminal.press("q");
    expect(await terminal.exited).toBe(0);
    expect(terminal.text()).not.toContain("kubectl argo rollouts promote");
  },
  patienceMs,
);

test("keys are read out of what a terminal sends, in any case, and sequences are none", () => {
  expect(pressesIn("\r")).toEqual(["goOn"]);
  expect(pressesIn(" \naAPpqQ")).toEqual(["goOn", "goOn", "abort", "abort", "pause", "pause", "quit", "quit"]);
  expect(pressesIn("\u0003\u0004")).toEqual(["interrupt", "quit"]);
  expect(pressesIn("xyz1é")).toEqual([]);
  expect(pressesIn("\u001B[A\u001B[1;5P\u001BOP\u001Ba\u001B")).toEqual([]);
});

test("the terminal is given back once, and no key is heard after that", () => {
  const calls: string[] = [];
  let send: (chunk: Uint8Array) => void = () => {};
  const heard: KeyPress[] = [];
  const input = {
    setRawMode: (isRaw: boolean) => calls.push(`raw ${isRaw}`),
    on: (_: "data", listener: (chunk: Uint8Array) => void) => (send = listener),
    off: () => (send = () => {}),
    resume: () => calls.push("resume"),
    pause: () => calls.push("pause"),
  };
  const release = hearKeys(input, (press) => heard.push(press));
  send(new TextEncoder().encode("a"));
  release();
  release();
  send(new TextEncoder().encode("a"));
  expect(heard).toEqual(["abort"]);
  expect(calls).toEqual(["raw true", "resume", "raw false", "pause"]);
});
