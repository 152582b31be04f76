/**
 * `get --watch`: on a terminal the tree is drawn again in place, in a pipe a new one is printed after each change
 * (docs/cli/get.md#watching).
 */
import { aborted } from "../../kube/clock/sleep.ts";
import { endOfWatch } from "../endOfWatch.ts";
import { type LiveScreen, liveScreen } from "../liveScreen.ts";
import type { CliPorts, Connection } from "../ports.ts";
import type { GetOptions } from "./options.ts";
import { paced } from "./paced.ts";
import { lookOf, textOf, toldMissing } from "./shown.ts";
import { newShelves, type Shelves, watchAll, type Watching } from "../../controller/reading/shelves.ts";
import { blocksOf, fullName, missingOf, type Subject, subjectsOn, wantedFor } from "./subjects.ts";

/** So that a storm of changes can be read. */
const DRAW_MS = 200;
/** Ages move on. */
const AGE_MS = 1_000;
const SECOND_MS = 1_000;

/** Rows of the terminal, now. */
export type Rows = () => number;

const rowsOfProcess: Rows = () => process.stdout.rows || 24;

/** @returns the exit code: 0 it was stopped, nobody reads on, or the time was up; 1 what was asked for is not there */
export async function watch(
  options: GetOptions,
  ports: CliPorts,
  { client, namespace }: Connection,
  rows = rowsOfProcess,
): Promise<number> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const { clock } = ports;
  const signal = AbortSignal.any([endOfWatch(ports), ending.signal]);
  if (signal.aborted) return 0;
  if (options.timeoutSeconds > 0) clock.after(options.timeoutSeconds * SECOND_MS, end);
  const shelves = newShelves();
  const drawing = paced(clock, DRAW_MS, () => drawer?.draw());
  let drawer: Drawer | undefined;
  const reading = watchAll(client, shelves, wantedFor(options, namespace), {
    clock,
    signal,
    changed: () => drawing.touch(),
  });
  try {
    const watching = await Promise.race([reading, aborted(signal)]);
    if (watching === undefined) return 0;
    if (toldMissing(subjectsOn(shelves, options), options, ports)) return 1;
    drawer = drawerFor({ options, ports, shelves, watching, rows });
    drawer.draw();
    await aborted(signal);
    drawing.stop();
    await drawer.end();
    return 0;
  } finally {
    drawing.stop();
    end();
  }
}

interface Scene {
  readonly options: GetOptions;
  readonly ports: CliPorts;
  readonly shelves: Shelves;
  readonly watching: Watching;
  readonly rows: Rows;
}

interface Drawer {
  draw(): void;
  /** Resolves when all is written. */
  end(): Promise<void>;
}

const drawerFor = (scene: Scene): Drawer => {
  const { output } = scene.options;
  const isText = output === undefined || output === "wide";
  return isText && scene.ports.columns !== undefined ? onTerminal(scene) : inPipe(scene);
};

/** Writes one after the other, whoever waits for it. */
function inTurn(ports: CliPorts): { readonly write: (text: string) => void; readonly written: () => Promise<void> } {
  let last = Promise.resolve();
  return {
    write: (text) => void (last = last.then(() => ports.out(text))),
    written: () => last,
  };
}

/** What is not as it should be, below the trees. */
function remarks({ options, watching }: Scene, subjects: readonly Subject[]): readonly string[] {
  const missing = missingOf(subjects, options);
  const trouble = watching.trouble();
  return [
    ...missing.map((name) => `${fullName(options.kind, name)} was deleted`),
    ...(trouble === undefined ? [] : [`${trouble}; it is tried again`]),
  ];
}

function onTerminal(scene: Scene): Drawer {
  const { options, ports, shelves, rows } = scene;
  const { write, written } = inTurn(ports);
  const size = () => ({ columns: ports.columns ?? 80, rows: rows() });
  const screen: LiveScreen = liveScreen({ write, size });
  const lines = (): readonly string[] => {
    const subjects = subjectsOn(shelves, options);
    const noted = remarks(scene, subjects);
    const trees = blocksOf(subjects, ports.clock.now(), lookOf(options, ports));
    return noted.length === 0 ? trees : [...trees, "", ...noted];
  };
  let cancel = (): void => {};
  const tick = (): void => {
    cancel = ports.clock.after(AGE_MS, () => {
      screen.draw(lines());
      tick();
    });
  };
  tick();
  return {
    draw: () => screen.draw(lines()),
    async end() {
      cancel();
      // What did not fit on the screen is seen now.
      screen.keep(lines());
      screen.end();
      await written();
    },
  };
}

/** Ages alone are no change. */
function inPipe(scene: Scene): Drawer {
  const { options, ports, shelves } = scene;
  const { write, written } = inTurn(ports);
  const isText = options.output === undefined || options.output === "wide";
  const between = isText ? "\n" : options.output === "yaml" ? "---\n" : "";
  let before: string | undefined;
  const told = new Set<string>();
  const draw = async (): Promise<void> => {
    const subjects = subjectsOn(shelves, options);
    const still = await textOf(subjects, options, ports, 0);
    if (still !== before && subjects.length > 0) {
      write((before === undefined ? "" : between) + (await textOf(subjects, options, ports, ports.clock.now())));
      before = still;
    }
    const noted = remarks(scene, subjects);
    for (const remark of noted.filter((each) => !told.has(each))) ports.err(remark);
    told.clear();
    for (const remark of noted) told.add(remark);
  };
  let drawn = Promise.resolve();
  return {
    draw: () => void (drawn = drawn.then(draw)),
    async end() {
      await drawn;
      await written();
    },
  };
}
