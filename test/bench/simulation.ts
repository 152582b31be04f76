/** Seeds of the simulation (test/sim) that two processes play in a second, at the median of some runs. */
import { resolve } from "node:path";
import { quantile } from "./subject.ts";

const script = resolve(import.meta.dir, "../sim/run.ts");

export interface SimulationLoad {
  readonly seeds: number;
  readonly runs: number;
}

/** A Markdown table. @throws when a seed fails: then there is nothing to measure */
export async function benchSimulation({ seeds, runs }: SimulationLoad): Promise<string> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedMs = performance.now();
    const child = Bun.spawn([process.execPath, script, "--seeds", `${seeds}`], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    const output = await child.stdout.text();
    if ((await child.exited) !== 0) throw new Error(`A seed fails:\n${output}`);
    rates.push((seeds * 1_000) / (performance.now() - startedMs));
  }
  const [low, middle, high] = [0, 0.5, 1].map((q) => quantile(rates, q).toFixed(0));
  const row = `| seeds a second (${seeds} seeds, 2 processes, their start included) | ${middle} (${low}–${high}) |`;
  return [`| simulation | sluice |`, "| --- | ---: |", row].join("\n");
}
