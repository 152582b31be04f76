/**
 * `bun run bench --churn [--minutes 60] [--rollouts 1000] [--limit 128] [--rate 2]`: memory of the program, with the
 * webhook on, in a control group of so many MiB, while Rollouts are created, updated, scaled and deleted without a
 * pause. A line a minute, and at the end the slope; judges nothing.
 */
import { newMemoryGroup } from "../cluster/harness/memoryGroup.ts";
import type { Api } from "../cluster/harness/api.ts";
import { type MemoryCluster, mappingsText, MiB, startMemoryCluster } from "./memoryCluster.ts";
import { rolloutKind } from "./fleetKinds.ts";
import { processUsage } from "./processUsage.ts";

export interface Churn {
  readonly command: readonly string[];
  readonly rollouts: number;
  readonly replicas: number;
  readonly minutes: number;
  /** Changes a second. */
  readonly rate: number;
  /** Of the control group, in MiB. */
  readonly limitMiB: number;
}

export interface Sample {
  readonly minute: number;
  readonly rss: number;
  readonly anonymous: number;
}

/** The change of a figure in an hour by least squares, with its standard error; NaN of fewer than three samples. */
export function slope(samples: readonly Sample[], of: (sample: Sample) => number): { perHour: number; error: number } {
  const n = samples.length;
  const meanX = samples.reduce((sum, { minute }) => sum + minute, 0) / n;
  const meanY = samples.reduce((sum, sample) => sum + of(sample), 0) / n;
  const spread = samples.reduce((sum, { minute }) => sum + (minute - meanX) ** 2, 0);
  const a = samples.reduce((sum, sample) => sum + (sample.minute - meanX) * (of(sample) - meanY), 0) / spread;
  const rest = samples.reduce((sum, sample) => sum + (of(sample) - meanY - a * (sample.minute - meanX)) ** 2, 0);
  return n < 3
    ? { perHour: Number.NaN, error: Number.NaN }
    : { perHour: 60 * a, error: 60 * Math.sqrt(rest / (n - 2) / spread) };
}

const NAMESPACE = "churn";
const PATH = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/rollouts`;

/** A crowd that keeps its size: names are never used twice, so that what is kept by a name shows. */
function crowd(api: Api, { rollouts, replicas }: Churn) {
  const names: string[] = [];
  let made = 0;
  let changes = 0;
  const create = async (): Promise<void> => {
    const name = `churn-${String(made++).padStart(6, "0")}`;
    await api.create(PATH, rolloutKind.manifest(name, replicas, "sluice.dev/churn:0"));
    names.push(name);
  };
  const next = (): string => names[(changes * 7) % names.length] ?? "";
  const patch = (path: string, value: unknown) =>
    api.patch(`${PATH}/${next()}`, "json", [{ op: "replace", path, value }]);
  /** Of ten changes: four new images, two sizes, two new Rollouts, two deletions. */
  const kinds: readonly (() => Promise<unknown>)[] = [
    () => patch("/spec/template/spec/containers/0/image", `sluice.dev/churn:${changes}`),
    () => patch("/spec/replicas", replicas + (changes % 3)),
    create,
    () => patch("/spec/template/spec/containers/0/image", `sluice.dev/churn:${changes}`),
    () => api.delete(`${PATH}/${names.shift()}`),
  ];
  return {
    fill: async (): Promise<void> => {
      while (names.length < rollouts)
        await Promise.all(Array.from({ length: Math.min(8, rollouts - names.length) }, create));
    },
    change: (): Promise<unknown> => kinds[changes++ % kinds.length]?.() ?? Promise.resolve(),
    counts: () => ({ changes, made, held: names.length }),
  };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

async function run(
  options: Churn,
  { api, start }: MemoryCluster,
  kills: () => Promise<number>,
  print: (text: string) => void,
) {
  await api.create("/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  const child = start();
  const { fill, change, counts } = crowd(api, options);
  const sample = async (when: string, minute: number): Promise<Sample> => {
    const { rss, anonymous, peakRss, cpuMs } = await processUsage(child.pid);
    const sizes = [rss, anonymous, peakRss].map((bytes) => (bytes / MiB).toFixed(1));
    const { changes, held } = counts();
    print(
      `${when}: RSS ${sizes[0]}, anonymous ${sizes[1]}, highest ${sizes[2]} MiB, ${held} Rollouts, ${changes} changes, ` +
        `CPU ${(cpuMs / SECOND).toFixed(0)} s, ${await kills()} killed (${mappingsText(child.pid, 4)})`,
    );
    return { minute, rss, anonymous };
  };
  await Bun.sleep(45 * SECOND);
  await sample("idle", -1);
  await fill();
  await Bun.sleep(MINUTE);
  await sample(`${options.rollouts} made, a minute after`, -1);

  const samples: Sample[] = [];
  let failed = 0;
  const startMs = performance.now();
  const total = options.minutes * 60 * options.rate;
  for (let n = 0; n < total; n += 1) {
    await change().catch((error: unknown) => {
      failed += 1;
      if (failed <= 3) print(`a change failed: ${String(error)}`);
    });
    const passedMs = performance.now() - startMs;
    if (passedMs >= (samples.length + 1) * MINUTE)
      samples.push(await sample(`minute ${samples.length + 1}`, samples.length + 1));
    await Bun.sleep(Math.max(0, startMs + ((n + 1) * SECOND) / options.rate - performance.now()));
  }
  if (failed > 0) print(`${failed} changes failed`);
  await Bun.sleep(MINUTE);
  await sample("a minute after the last change", -1);
  return samples;
}

const slopeText = (samples: readonly Sample[], of: (sample: Sample) => number): string => {
  const { perHour, error } = slope(samples, of);
  return `${(perHour / MiB).toFixed(2)} ± ${(error / MiB).toFixed(2)} MiB an hour`;
};

/** The first minutes compile code and fill what has a fixed size. */
const WARM_MINUTES = 5;

export async function churn(options: Churn, print: (text: string) => void): Promise<void> {
  const group = await newMemoryGroup("churn", options.limitMiB * MiB);
  if (group === undefined) print("This machine allows no control group of ours: measured without a limit");
  const command = [...(group?.enter ?? []), ...options.command];
  const cluster = await startMemoryCluster({ command, label: "churn", pods: options.rollouts * options.replicas * 2 });
  try {
    const kills = async (): Promise<number> => (await group?.kills()) ?? 0;
    const samples = await Promise.race([run(options, cluster, kills, print), cluster.failure]);
    const warm = samples.filter(({ minute }) => minute > WARM_MINUTES);
    print(`after ${WARM_MINUTES} minutes, slope of RSS: ${slopeText(warm, ({ rss }) => rss)}`);
    print(`after ${WARM_MINUTES} minutes, slope of anonymous memory: ${slopeText(warm, ({ anonymous }) => anonymous)}`);
  } finally {
    await cluster.stop();
    // A group that is left behind must not hide why the measurement failed.
    await group?.remove().catch((error: unknown) => print(`Cannot remove the control group: ${String(error)}`));
  }
}
