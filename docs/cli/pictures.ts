/** `bun docs/cli/pictures.ts` draws docs/cli/simulate.svg: what `sluice simulate` prints for the page's own files. */
import { join } from "node:path";
import { run } from "../../cli/simulate/command.ts";
import { manualClock } from "../../kube/clock/clock.ts";

export const picturePath = join(import.meta.dir, "simulate.svg");

/** The same one every time, since time, pods and metrics are simulated. */
export async function picture(): Promise<string> {
  let [svg, problem] = ["", ""];
  const file = (name: string): string => join(import.meta.dir, name);
  const args = ["-f", file("shop.yaml"), "--image", "shop:2.0", "--metrics", file("scenario.yaml"), "-o", "svg"];
  const unused = (what: string) => () => Promise.reject(new Error(`${what} is not needed`));
  const code = await run(args, {
    env: {},
    version: "0.0.0",
    program: "sluice",
    out: async (text) => void (svg += text),
    err: (line) => void (problem = line),
    stdin: unused("standard input"),
    columns: undefined,
    clock: manualClock(),
    signal: new AbortController().signal,
    connect: unused("a cluster"),
  });
  if (code !== 0) throw new Error(`the picture cannot be drawn: ${problem}`);
  return svg;
}

if (import.meta.main) {
  const svg = await picture();
  await Bun.write(picturePath, svg);
  process.stdout.write(`docs/cli/simulate.svg: ${svg.length} bytes\n`);
  // The cluster of the simulation waits for a clock that does not advance any more.
  process.exit(0);
}
