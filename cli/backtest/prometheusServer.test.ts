/** Prometheus itself, where Debian's package is installed: runs over what it has of the last two days. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../kube/clock/clock.ts";
import { testPorts } from "../testing.ts";
import { run } from "./command.ts";

const [program, tool] = [Bun.which("prometheus"), Bun.which("promtool")];
const isThere = program !== null && tool !== null;
if (!isThere)
  console.log("skipped: nothing is replayed on Prometheus, since there is no prometheus with promtool on PATH");

const HOUR = 3_600_000;
/** A whole number of six hours ago. */
const NOW = Math.floor(Date.now() / (6 * HOUR)) * 6 * HOUR;

const TEMPLATE = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  metrics:
    - name: rate
      interval: 5m
      count: 3
      failureLimit: 1
      successCondition: result[0] >= 0.95
      provider: { prometheus: { query: success_rate } }
`;

/** A sample a minute, for two days: bad in the six hours that begin a day ago. */
function history(): string {
  const isBad = (at: number): boolean => at >= NOW - 24 * HOUR && at < NOW - 18 * HOUR;
  const minutes = Array.from({ length: 48 * 60 }, (_, index) => NOW - 48 * HOUR + index * 60_000);
  const lines = minutes.map((at) => `success_rate ${isBad(at) ? 0.5 : 0.99} ${at / 1_000}`);
  return `# TYPE success_rate gauge\n${lines.join("\n")}\n# EOF\n`;
}

describe.skipIf(!isThere)("Prometheus", () => {
  let here: string;
  let url: string;
  let server: Bun.Subprocess;

  beforeAll(async () => {
    here = await mkdtemp(join(tmpdir(), "backtest-"));
    await Bun.write(join(here, "history.txt"), history());
    await Bun.write(join(here, "prometheus.yml"), "{}\n");
    const args = ["tsdb", "create-blocks-from", "openmetrics", join(here, "history.txt"), join(here, "data")];
    const made = Bun.spawn([tool ?? "", ...args], { stdout: "ignore", stderr: "pipe" });
    if ((await made.exited) !== 0) throw new Error(`promtool failed: ${await new Response(made.stderr).text()}`);
    const free = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const address = `127.0.0.1:${free.port}`;
    await free.stop(true);
    url = `http://${address}`;
    const flags = [`--config.file=${join(here, "prometheus.yml")}`, `--storage.tsdb.path=${join(here, "data")}`];
    server = Bun.spawn([program ?? "", ...flags, `--web.listen-address=${address}`], {
      stdout: "ignore",
      stderr: "ignore",
    });
    for (;;) {
      if (server.exitCode !== null) throw new Error(`Prometheus ended with ${server.exitCode}`);
      const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
      if (ready?.status === 200) return;
      await Bun.sleep(100);
    }
  }, 60_000);

  afterAll(async () => {
    server?.kill();
    await server?.exited;
    await rm(here, { recursive: true, force: true });
  });

  test("tells of each starting time what the run would have come to", async () => {
    const ports = testPorts({ stdin: async () => TEMPLATE, clock: { ...systemClock, now: () => NOW } });
    const code = await run(["-f", "-", "--prometheus", url, "--since", "36h", "-o", "json"], ports);
    const { counts, runs } = JSON.parse(ports.told.out) as {
      counts: object;
      runs: { startedAt: string; phase: string }[];
    };
    expect([code, counts]).toEqual([0, { Successful: 5, Failed: 1, Inconclusive: 0, Error: 0 }]);
    expect(runs.find(({ phase }) => phase === "Failed")?.startedAt).toBe(new Date(NOW - 24 * HOUR).toISOString());
  });
});
