/**
 * `bun run trace [--a COMMAND] [--b COMMAND] [--record FILE | --against FILE] [words…]`: plays the scenarios whose name
 * holds one of the words (all by default) on a real API server under controller A, then under controller B, and
 * compares their keyframes. A controller is a command line; flags for kubeconfig, ports and leader election are
 * appended.
 * - A is by default this repository's, B that of $SLUICE_REFERENCE.
 * - `--record FILE` plays B alone and writes its keyframes to the file (those of scenarios that were not played stay).
 * - `--against FILE` plays A alone and compares with the file. Without a B this is the default, with
 * recorded/reference.txt.
 * - `--at-once N`: so many scenarios at the same time (12). `--logs DIR`: keep clusters' data and logs there.
 * The exit code is 1 when keyframes have differences that accepted.ts does not list. $SLUICE_CRDS, $SLUICE_SHARED and
 * KUBECONFIG as in test/cluster/run.ts.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ownController } from "../cluster/harness/controllerProcess.ts";
import { type Harness, startHarness } from "../cluster/harness/harness.ts";
import { until } from "../cluster/harness/until.ts";
import { acceptedDifferences } from "./accepted.ts";
import { compare, report } from "./compareTraces.ts";
import { observe } from "./observe.ts";
import { type Keyframe, namespaceOf, play, type Trace } from "./play.ts";
import { recordingOf, traceOf } from "./recording.ts";
import { applyRouterCrds } from "./routerCrds.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

const { values: given, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    a: { type: "string", default: ownController },
    b: { type: "string", default: Bun.env.SLUICE_REFERENCE ?? "" },
    record: { type: "string" },
    against: { type: "string" },
    "at-once": { type: "string", default: "12" },
    logs: { type: "string" },
  },
});

/** Deletes a namespace and waits until it is gone. */
async function clear({ api }: Harness, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  await api.delete(path);
  const isGone = async (): Promise<boolean> => (await api.answer("GET", path)).status === 404;
  await until(`namespace ${namespace} is gone`, isGone, 120_000);
}

/** Plays all under one controller, on a control plane of its own. */
async function traceUnder(side: string, controller: string, wanted: readonly Scenario[], dir: string): Promise<Trace> {
  const harness = await startHarness({
    controller: `${controller} --leader-elect=false`,
    dir: join(dir, side),
    prepare: applyRouterCrds,
  });
  const observer = await observe(harness.api);
  const trace = new Map<string, Keyframe[]>();
  const waiting = [...wanted];
  const worker = async (): Promise<void> => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      try {
        trace.set(scenario.name, await play(scenario, { harness, observer }));
      } catch (error) {
        throw new Error(`Cannot play ${scenario.name} under ${side}`, { cause: error });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Number(given["at-once"]) }, worker));
    // On a given cluster the other controller uses the same names.
    if (harness.plane === undefined) await Promise.all(wanted.map((scenario) => clear(harness, namespaceOf(scenario))));
  } finally {
    observer.stop();
    await harness.stop();
  }
  await Bun.write(join(dir, side, "trace.txt"), recordingOf(trace));
  return trace;
}

const readTrace = async (path: string): Promise<Trace> => traceOf(await Bun.file(path).text());

/** @returns the exit code. */
async function main(dir: string): Promise<number> {
  const wanted = scenarios.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (wanted.length === 0) throw new Error(`No scenario's name holds one of: ${words.join(", ")}`);
  if (given.record !== undefined) {
    if (given.b === "") throw new Error("Cannot record: name a controller with --b, or in SLUICE_REFERENCE");
    const played = await traceUnder("b", given.b, wanted, dir);
    const kept: Trace = (await Bun.file(given.record).exists()) ? await readTrace(given.record) : new Map();
    const known = new Set(scenarios.map(({ name }) => name));
    await Bun.write(given.record, recordingOf(new Map([...kept, ...played].filter(([name]) => known.has(name)))));
    console.log(`${played.size} scenarios recorded in ${given.record}`);
    return 0;
  }
  const file = given.against ?? (given.b === "" ? join(import.meta.dir, "recorded/reference.txt") : undefined);
  const recorded = file === undefined ? undefined : await readTrace(file);
  const a = await traceUnder("a", given.a, wanted, dir);
  const b = recorded ?? (await traceUnder("b", given.b, wanted, dir));
  const compared = compare(a, b, acceptedDifferences, wanted.length === scenarios.length);
  const unrecorded = wanted.filter(({ name }) => !b.has(name)).map(({ name }) => name);
  if (unrecorded.length > 0) console.log(`Not recorded, so not compared: ${unrecorded.join(", ")}`);
  console.log(report(compared));
  return compared.differences.length + compared.unused.length + unrecorded.length > 0 ? 1 : 0;
}

const dir = given.logs ?? (await mkdtemp(join(tmpdir(), "sluice-trace-")));
const code = await main(dir).catch((error: unknown) => {
  console.error(error);
  console.error(`data and logs: ${dir}`);
  return 2;
});
if (code < 2 && given.logs === undefined) await rm(dir, { recursive: true, force: true });
process.exit(code);
