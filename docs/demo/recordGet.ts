/** `bun run demo:record` draws docs/demo/get.svg, too: a canary as `get rollout shop --watch` shows it on a terminal. */
import { join } from "node:path";
import { commandOf, optionsOf } from "../../cli/get/options.ts";
import { watch } from "../../cli/get/watch.ts";
import { parsed } from "../../cli/parsed.ts";
import type { CliPorts } from "../../cli/ports.ts";
import { type ManualClock, manualClock } from "../../kube/clock/clock.ts";
import { randomOf } from "../../simulator/demo/random.ts";
import { type LocalCluster, startLocalCluster } from "../../simulator/local/localCluster.ts";
import { animatedSvg, type TerminalFrame } from "./animatedSvg.ts";

export const getRecordingPath = join(import.meta.dir, "get.svg");

const size = { columns: 76, rows: 32 };
const ref = { resource: "rollouts.argoproj.io", namespace: "default", name: "shop" };
const command = "$ sluice get rollout shop --watch";
/** Before the new version is applied, and after all is done. */
const lingerMs = 3_000;
const patienceMs = 120_000;
const ignore = (): void => {};

const specOf = (version: string) => ({
  replicas: 4,
  selector: { matchLabels: { app: "shop" } },
  template: {
    metadata: { labels: { app: "shop" } },
    spec: { containers: [{ name: "shop", image: `shop:${version}` }] },
  },
  strategy: {
    canary: {
      steps: [{ setWeight: 25 }, { pause: { duration: "4s" } }, { setWeight: 50 }, { pause: { duration: "4s" } }],
    },
  },
});

interface Seen {
  readonly phase?: string;
  readonly currentPodHash?: string;
  readonly stableRS?: string;
}

const isHealthy = ({ core }: LocalCluster): boolean => {
  const { phase, currentPodHash, stableRS } = (core.get(ref)?.["status"] ?? {}) as Seen;
  return phase === "Healthy" && currentPodHash === stableRS;
};

async function until(clock: ManualClock, holds: () => boolean): Promise<void> {
  const endMs = clock.now() + patienceMs;
  while (!holds()) {
    if (clock.now() > endMs) throw new Error("the canary of the recording does not come to its end");
    await clock.advance(100);
  }
}

/** What a screen shows after one of its drawings, which begins at the first line and ends each in the same way. */
function linesOf(drawing: string): readonly string[] {
  const escape = "\u001B";
  const begin = drawing.lastIndexOf("\r");
  const moved = new RegExp(`^\r(${escape}\\[\\d+A)?`);
  return drawing.slice(begin).replace(moved, "").split(`${escape}[K\n`).slice(0, -1);
}

async function framesOf(cluster: LocalCluster, clock: ManualClock): Promise<readonly TerminalFrame[]> {
  const startMs = clock.now();
  const stop = new AbortController();
  const frames: TerminalFrame[] = [];
  const client = cluster.clientFor("sluice");
  const ports: CliPorts = {
    env: { FORCE_COLOR: "1" },
    version: "0.0.0",
    program: "sluice",
    out: async (text) => {
      const lines = linesOf(text);
      if (lines.length > 0) frames.push({ atMs: clock.now() - startMs, lines: [command, "", ...lines] });
    },
    err: (line) => {
      throw new Error(line);
    },
    stdin: async () => "",
    columns: size.columns,
    clock,
    signal: stop.signal,
    connect: () => Promise.reject(new Error("the recording has a cluster of its own")),
  };
  const found = parsed(commandOf, ["rollout", "shop", "--watch"]);
  const options = found.kind === "parsed" ? optionsOf(found.command) : found.kind;
  if (typeof options === "string") throw new Error(options);
  const watching = watch(options, ports, { client, namespace: "default", source: "" }, () => size.rows);
  await clock.advance(lingerMs);
  cluster.core.modify(ref, (object) => ({ ...object, spec: specOf("2.0") }));
  await clock.advance(1_000);
  await until(clock, () => isHealthy(cluster));
  await clock.advance(lingerMs);
  stop.abort();
  await clock.advance(0);
  await watching;
  return frames;
}

/** @returns the picture; the same one every time, since time, names and requests are simulated */
export async function getRecording(): Promise<string> {
  const clock = manualClock(1_800_000_000_000);
  const error = (message: string): never => {
    throw new Error(message);
  };
  const log = { debug: ignore, info: ignore, warn: ignore, error };
  const cluster = await startLocalCluster({ clock, log, version: "0.0.0", random: randomOf(1), nodes: 3 });
  try {
    cluster.core.create(ref.resource, {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: ref.name, namespace: ref.namespace },
      spec: specOf("1.0"),
    });
    await until(clock, () => isHealthy(cluster));
    const frames = await framesOf(cluster, clock);
    const first = frames[0]?.atMs ?? 0;
    const still = frames.find(({ lines }) => lines.some((line) => line.includes("CanaryPauseStep")))?.atMs ?? 0;
    return animatedSvg({
      columns: size.columns,
      rows: size.rows,
      frames: frames.map(({ atMs, lines }) => ({ atMs: atMs - first, lines })),
      endMs: (frames.at(-1)?.atMs ?? 0) - first + lingerMs,
      stillMs: still - first,
      description:
        "sluice get rollout shop --watch: a canary goes from version 1.0 to 2.0 in steps of 25 and 50 percent, with the " +
        "pods of both revisions.",
    });
  } finally {
    // Not awaited: the loop waits for timers of a clock that does not advance any more.
    void cluster.stop();
  }
}

if (import.meta.main) {
  const svg = await getRecording();
  await Bun.write(getRecordingPath, svg);
  process.stdout.write(`docs/demo/get.svg: ${svg.length} bytes\n`);
}
