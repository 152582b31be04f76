/** How long the compiled program takes from exec until it has finished or serves requests, over many starts. */
import { join } from "node:path";
import { engineOptions } from "../../controller/process/lean.ts";
import { connect } from "../cluster/harness/api.ts";
import { startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { freePort, freePorts } from "../cluster/harness/ports.ts";
import { quantile } from "./subject.ts";

/** As in the image: the engine's options are set, so nothing is started twice. */
const inImage = engineOptions;

/** @returns a Markdown table. @param program path of the compiled program */
export async function benchStart(program: string, runs: number): Promise<string> {
  const plane = await startControlPlane({ audit: false });
  try {
    await applyCrds((args) => plane.kubectl(args), await connect(await plane.identity("bench"), "sluice-bench"));
    const nobody = `--server=http://127.0.0.1:${freePort()}`;
    const cluster = `--kubeconfig=${await plane.identity("sluice-controller")}`;
    const log = Bun.file(join(plane.dir, "start.log"));
    const starts = new Map<string, number[]>();
    const record = (what: string, ms = Number.NaN): void => void starts.set(what, [...(starts.get(what) ?? []), ms]);
    for (let run = 0; run < runs; run++) {
      record("`version` has ended", await finish(program));
      const [alone] = await serve([program, "controller", nobody], inImage, ["/healthz"], log);
      record("`controller` serves `/healthz`, no API server there", alone);
      const [healthy, ready] = await serve([program, "controller", cluster], inImage, ["/healthz", "/readyz"], log);
      record("`controller` serves `/healthz`", healthy);
      record("`controller` is ready", ready);
      const [again] = await serve([program, "controller", cluster], {}, ["/healthz"], log);
      record("`controller` serves `/healthz`, outside of the image", again);
    }
    return table(starts, runs);
  } finally {
    await plane.stop();
  }
}

async function finish(program: string): Promise<number> {
  const startedMs = performance.now();
  const child = Bun.spawn([program, "version"], { stdio: ["ignore", "ignore", "ignore"] });
  await child.exited;
  return performance.now() - startedMs;
}

/** @returns when each of the paths first answered 200, in this order, polled every millisecond */
async function serve(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  paths: readonly string[],
  log: Bun.BunFile,
): Promise<number[]> {
  const [healthzPort, metricsPort] = freePorts(3);
  // Each earlier process was killed while it held the Lease, so the next would have to wait for that to expire.
  const flags = [`--healthzPort=${healthzPort}`, `--metricsPort=${metricsPort}`, "--leader-elect=false"];
  const startedMs = performance.now();
  const child = Bun.spawn([...command, ...flags], { env: { ...Bun.env, ...env }, stdio: ["ignore", log, log] });
  const times: number[] = [];
  for (const path of paths) {
    const url = `http://127.0.0.1:${healthzPort}${path}`;
    while ((await fetch(url, { keepalive: false }).catch(() => undefined))?.status !== 200) await Bun.sleep(1);
    times.push(performance.now() - startedMs);
  }
  child.kill("SIGKILL");
  await child.exited;
  return times;
}

/** @param starts milliseconds from exec, one for each start */
function table(starts: ReadonlyMap<string, readonly number[]>, runs: number): string {
  const rows = Array.from(starts, ([what, ms]) => {
    const [low, middle, high, highest] = [0, 0.5, 0.9, 1].map((q) => quantile(ms, q).toFixed(0));
    return `| ${what} | ${middle} ms | ${low}–${high} ms | ${highest} ms |`;
  });
  const head = `| from exec until, ${runs} starts | median | fastest to 90th percentile | slowest |`;
  return [head, "| --- | ---: | ---: | ---: |", ...rows].join("\n");
}
