/**
 * The golden scenarios (test/golden) in the simulated cluster: each as it is, and once more for every write of the
 * controller with a crash right after that write. All must end in the same state.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { noFaults } from "../world/faults.ts";
import { type Written, written } from "./goldenWrites.ts";
import type { Scenario } from "./goldenStage.ts";
import { runWorld, type Outcome, type WorldOptions } from "./simulatedWorld.ts";

const REST_MS = 60_000;

const FOLDER = join(import.meta.dir, "../../golden");

/** The modules that golden tests import, and what replaces them here. */
const instead: Readonly<Record<string, true>> = {
  '"bun:test"': true,
  '"./goldenWorld.ts"': true,
  '"./timeline.ts"': true,
};

/** Runs the golden tests for what they do, not for what they expect: their imports are replaced as they are loaded. */
async function goldenScenarios(): Promise<readonly Scenario[]> {
  Bun.plugin({
    name: "golden scenarios",
    setup(build) {
      build.onLoad({ filter: /test[\\/]golden[\\/]\w+\.test\.ts$/ }, async ({ path }) => {
        const text = await Bun.file(path).text();
        const contents = Object.keys(instead).reduce(
          (changed, name) => changed.replaceAll(`from ${name}`, `from "../sim/play/goldenStage.ts"`),
          text,
        );
        return { contents, loader: "ts" };
      });
    },
  });
  // Only those that record timelines: others check single decisions, or what is told of them.
  const recordsTimeline = (name: string): boolean =>
    readFileSync(join(FOLDER, name), "utf8").includes("expectTimeline");
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".test.ts") && recordsTimeline(name));
  for (const name of files.toSorted()) await import(join(FOLDER, name));
  const { scenarios } = await import("./goldenStage.ts");
  return scenarios;
}

type Play = Pick<WorldOptions, "print" | "onWrite">;

/** `crashAfterWrite` undefined: no crash. */
const play = (scenario: Scenario, crashAfterWrite: number | undefined, observers: Play = {}): Outcome =>
  runWorld({
    seed: 1,
    script: scenario.script,
    faults: noFaults,
    leases: false,
    crashAfterWrite,
    restMs: REST_MS,
    ...observers,
  });

export interface Crashed {
  readonly name: string;
  readonly crashes: number;
  /** What went wrong, with the write after which the crash came. */
  readonly problems: readonly string[];
  /** What the controller writes when nothing disturbs it. */
  readonly writes: readonly Written[];
}

/** One scenario, crashed after every `every`th write, beginning with `first`; `every` 0: never. */
function crashAtWrites(scenario: Scenario, first: number, every: number): Crashed {
  const { name } = scenario;
  const writes: Written[] = [];
  const calm = play(scenario, undefined, { onWrite: (request, atMs) => void writes.push(written(request, atMs)) });
  const problems = calm.violation === undefined ? [] : [`without a crash: ${calm.violation.what}`];
  let crashes = 0;
  for (let write = first; every > 0 && write <= calm.writes; write += every) {
    const { violation, end } = play(scenario, write);
    crashes += 1;
    const differs = Bun.deepEquals(end, calm.end)
      ? undefined
      : `ends with ${end.join("; ")} | not ${calm.end.join("; ")}`;
    const problem = violation === undefined ? differs : `${violation.rule}: ${violation.what}`;
    if (problem !== undefined) problems.push(`after write ${write}: ${problem}`);
  }
  return { name, crashes, problems, writes };
}

/** A share of the scenarios (`crashAtWrites`); the first write differs from one to the next, so that all kinds of writes are covered. */
export async function playGolden(
  share: number,
  of: number,
  every: number,
  print: (crashed: Crashed) => void,
): Promise<void> {
  for (const [index, scenario] of (await goldenScenarios()).entries()) {
    if (index % of !== share || scenario.missing !== undefined) continue;
    print(crashAtWrites(scenario, 1 + (Math.floor(index / of) % Math.max(1, every)), every));
  }
}

/** Prints one scenario line by line. @returns the exit code */
export async function replayGolden(name: string, write: number | undefined): Promise<number> {
  const scenario = (await goldenScenarios()).find((one) => one.name === name);
  if (scenario === undefined) {
    console.error(`Error: there is no golden scenario "${name}"`);
    return 2;
  }
  const { violation, end } = play(scenario, write, { print: console.log });
  console.log(end.join("\n"));
  return violation === undefined ? 0 : 1;
}
