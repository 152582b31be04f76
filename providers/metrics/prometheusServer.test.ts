/** Prometheus itself, where Debian's package is installed: what it has scraped is what is measured. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newAuthority } from "../../test/cluster/harness/certificates.ts";
import { measure } from "./measuring/measure.ts";
import { askingOf, like, reaching, recordingServer, sender } from "./measuring/testing.ts";
import { prometheus } from "./prometheus.ts";

const program = Bun.which("prometheus");
if (program === null) console.log("skipped: Prometheus is not asked, since there is no prometheus on PATH");

/** What a version of an application shows: a canary that fails more often than the stable version. */
const PAGE = `# TYPE requests_total counter
requests_total{version="stable",code="200"} 990
requests_total{version="stable",code="500"} 10
requests_total{version="canary",code="200"} 75
requests_total{version="canary",code="500"} 25
`;

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  return port ?? 0;
}

async function startPrometheus(targetPort: number) {
  const here = await mkdtemp(join(tmpdir(), "prometheus-"));
  const { cert, key } = await (await newAuthority()).server({ dns: [], ip: ["127.0.0.1"] });
  const password = await Bun.password.hash("p:w", { algorithm: "bcrypt", cost: 4 });
  await Bun.write(join(here, "cert.pem"), cert);
  await Bun.write(join(here, "key.pem"), key);
  await Bun.write(
    join(here, "web.yml"),
    `tls_server_config: { cert_file: cert.pem, key_file: key.pem }\nbasic_auth_users: { sluice: "${password}" }\n`,
  );
  await Bun.write(
    join(here, "prometheus.yml"),
    `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: app, static_configs: [{ targets: ["127.0.0.1:${targetPort}"] }] }]\n`,
  );
  const address = `127.0.0.1:${freePort()}`;
  const log = join(here, "log");
  const server = Bun.spawn(
    [
      program ?? "",
      `--config.file=${join(here, "prometheus.yml")}`,
      `--web.config.file=${join(here, "web.yml")}`,
      `--web.listen-address=${address}`,
      `--storage.tsdb.path=${join(here, "data")}`,
    ],
    { stdout: "ignore", stderr: Bun.file(log) },
  );
  return {
    url: `https://${address}`,
    async whyEnded(): Promise<string | undefined> {
      return server.exitCode === null ? undefined : Bun.file(log).text();
    },
    async stop(): Promise<void> {
      server.kill();
      await server.exited;
      await rm(here, { recursive: true, force: true });
    },
  };
}

describe.skipIf(program === null)("Prometheus", () => {
  const target = recordingServer(
    () => new Response(PAGE, { headers: { "content-type": "text/plain; version=0.0.4" } }),
  );
  let server: Awaited<ReturnType<typeof startPrometheus>>;

  const measured = (settings: object) =>
    measure(reaching(sender()), prometheus, {
      ...askingOf({
        address: server.url,
        insecure: true,
        authentication: { basicAuth: { username: "sluice", password: "p:w" } },
        ...settings,
      }),
      now: Date.now(),
      time: (source) => ({ ms: Date.now() - Number(source) }),
    });

  beforeAll(async () => {
    server = await startPrometheus(target.port);
    for (;;) {
      const why = await server.whyEnded();
      if (why !== undefined) throw new Error(`Prometheus ended: ${why}`);
      const reading = await measured({ query: "count(requests_total)" });
      if (reading.kind === "value" && Bun.deepEquals(reading.value, [4])) return;
      await Bun.sleep(100);
    }
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    target[Symbol.dispose]();
  });

  test("answers queries over what it has scraped", async () => {
    const part = (version: string): string =>
      `sum(requests_total{version="${version}",code="500"}) / sum(requests_total{version="${version}"})`;
    expect(await measured({ query: part("canary") })).toEqual({ kind: "value", value: [0.25], text: "[0.25]" });
    expect(await measured({ query: part("stable") })).toEqual({ kind: "value", value: [0.01], text: "[0.01]" });
    expect(await measured({ query: 'sort(requests_total{version="canary"})' })).toMatchObject({ value: [25, 75] });
  });

  test.each([
    ["scalar(sum(requests_total))", 1_100, "1100"],
    ["vector(1) / 0", [Infinity], "[+Inf]"],
    ["vector(0) / 0", [Number.NaN], "[NaN]"],
    ["requests_total{version='none'}", [], "[]"],
    ["vector(1e21)", [1e21], "[1000000000000000000000]"],
    ["vector(1e-7)", [1e-7], "[0.0000001]"],
  ])("gives for %s what Argo Rollouts shows", async (query, value, text) => {
    expect(await measured({ query })).toEqual({ kind: "value", value, text });
  });

  test("answers a query over a range", async () => {
    const reading = await measured({ query: "vector(7)", rangeQuery: { start: "20000", end: "0", step: "10s" } });
    expect(reading).toEqual({ kind: "value", value: [7, 7, 7], text: "[7,7,7]" });
  });

  test("says what is wrong with a query", async () => {
    expect(await measured({ query: "sum(" })).toMatchObject({
      kind: "error",
      message: like(/^bad_data: .*parse error/),
    });
    expect(await measured({ query: '"a"' })).toEqual({
      kind: "error",
      message: "Prometheus metric type not supported",
    });
  });

  test("is not asked without its password, and not without its certificate", async () => {
    const unknown = await measured({ authentication: {}, query: "up" });
    expect(unknown).toEqual({ kind: "error", message: "client_error: client error: 401" });
    const unsafe = await measured({ insecure: false, query: "up" });
    expect(unsafe).toMatchObject({ kind: "error", message: like("its certificate is signed by an authority") });
  });
});
