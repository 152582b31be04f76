/** `sluice backtest`: an AnalysisTemplate over past data (docs/cli/backtest.md). */
import { measurerOf } from "../../controller/analysis/actions/measurer.ts";
import { takeMeasurement, type TakingPorts } from "../../controller/analysis/actions/takeMeasurement.ts";
import type { Replayed, Take } from "../../controller/analysis/replay/replay.ts";
import { createSendHttp } from "../../providers/metrics/measuring/http.ts";
import { PROVIDERS } from "../../providers/metrics/providers.ts";
import { runOf } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { readObjects } from "../simulate/files.ts";
import { Unreadable } from "../yaml/files.ts";
import { timeText } from "../../simulator/simulate/words.ts";
import { backtest, startsOf } from "./backtest.ts";
import { type BacktestFlags, commandOf, flagsOf } from "./options.ts";
import { type Subject, subjectOf } from "./template.ts";
import { backtestJson, backtestText } from "./text.ts";

/** Columns where there is no terminal. */
const WIDTH = 120;

/** @returns the exit code: 0 it was replayed; 1 it cannot be, or nothing of it could be measured */
export const run = runOf(commandOf, flagsOf, tested);

async function tested(flags: BacktestFlags, ports: CliPorts): Promise<number> {
  const found = await subject(flags, ports);
  if (found.kind === "refused") {
    ports.err(`Error: ${found.problem}`);
    return 1;
  }
  const { sinceMs, everyMs, longestMs } = flags;
  const starts = startsOf(ports.clock.now(), sinceMs, everyMs, longestMs);
  if (starts.length === 0) {
    ports.err(
      `Error: no run of up to ${timeText(longestMs)} begins and ends in the last ${timeText(sinceMs)}: give a longer --since, or a shorter --every or --for`,
    );
    return 1;
  }
  const { run: replay } = found;
  const take = takerOf(ports);
  const runs = await backtest({
    run: replay,
    starts,
    longestMs,
    take,
    atOnce: flags.concurrency,
    signal: ports.signal,
  });
  const silent = nothingMeasured(runs);
  if (silent !== undefined) {
    ports.err(`Error: nothing could be measured: ${silent}`);
    return 1;
  }
  const outcome = { template: found.name, runs, everyMs, notes: notesOf(found, runs, starts.length, longestMs) };
  await ports.out(
    flags.output === "json"
      ? `${JSON.stringify(backtestJson(outcome), null, 2)}\n`
      : backtestText(outcome, ports.columns ?? WIDTH),
  );
  return 0;
}

async function subject(flags: BacktestFlags, ports: CliPorts): Promise<Subject> {
  try {
    return subjectOf({ ...flags, objects: await readObjects(flags.files, ports) });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { kind: "refused", problem: error.message };
  }
}

function notesOf(
  { others }: Extract<Subject, { readonly kind: "run" }>,
  runs: readonly Replayed[],
  wanted: number,
  longestMs: number,
): readonly string[] {
  const ended = runs.filter(({ isTerminated }) => isTerminated).length;
  return [
    ...(others.length === 0 ? [] : [`Left out, since only Prometheus knows how things were: ${others.join(", ")}`]),
    ...(ended === 0
      ? []
      : [
          `${ended} of the runs did not end by themselves, and were ended after ${timeText(longestMs)}, as that of an update that is over`,
        ]),
    ...(runs.length < wanted ? [`Stopped after ${runs.length} of ${wanted} runs`] : []),
  ];
}

/** A source that never answers says nothing about the template. @returns what was said instead */
function nothingMeasured(runs: readonly Replayed[]): string | undefined {
  const all = runs.flatMap(({ measurements }) => measurements);
  if (all.some(({ phase }) => phase !== "Error")) return undefined;
  return all[0]?.message ?? runs[0]?.message ?? "the runs were stopped before";
}

function takerOf({ clock, env, version, signal }: CliPorts): Take {
  const environment = (name: string): string | undefined => env[name];
  const send = createSendHttp({
    version,
    addresses: { allow: [], deny: [] },
    apiServers: [],
    environment,
    readText,
    clock,
  });
  const measurer = measurerOf({
    // Whoever types the command names the address, and reaches what this machine reaches.
    http: (question, until, party) => send({ ...question, ownAddress: true }, until, party),
    kube: async () => ({ kind: "failed", message: "not sent: a backtest asks no cluster" }),
    clock,
  });
  return (run, action, atMs) => {
    const ports: TakingPorts = {
      measurer,
      clock: { ...clock, now: () => atMs },
      readSecret: async () => undefined,
      environment,
      ownNamespace: "",
      providers: PROVIDERS,
      complain: () => {},
    };
    return takeMeasurement(ports, run, action, atMs, signal);
  };
}

async function readText(path: string): Promise<string | undefined> {
  const file = Bun.file(path);
  return (await file.exists()) ? file.text() : undefined;
}
