/** Graphite itself, where Debian's graphite-web is installed: what it answers is what is read. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { graphite } from "./graphite.ts";
import { measure } from "./measuring/measure.ts";
import { sender } from "./measuring/testing.ts";
import { askingFor } from "./testing.ts";

const PYTHON = "/usr/bin/python3";
const isInstalled = existsSync("/usr/lib/python3/dist-packages/graphite/render/views.py");

const SETTINGS = `
import os
from graphite.settings import *
HERE = os.environ["GRAPHITE_HERE"]
LOG_DIR = STORAGE_DIR = WHISPER_DIR = HERE
STANDARD_DIRS = [HERE]
INDEX_FILE = os.path.join(HERE, "index")
DATABASES = {"default": {"NAME": os.path.join(HERE, "db"), "ENGINE": "django.db.backends.sqlite3"}}
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
LOG_FILE_INFO = LOG_FILE_EXCEPTION = LOG_FILE_CACHE = LOG_FILE_RENDERING = "-"
`;

/** Two points in the last five minutes, and nothing between them. */
const POINTS = `
import os, time, whisper
path = os.path.join(os.environ["GRAPHITE_HERE"], "shop", "errors.wsp")
os.makedirs(os.path.dirname(path))
whisper.create(path, [(60, 60)])
now = int(time.time()) // 60 * 60
whisper.update_many(path, [(now - 60, 1.5), (now - 180, 2.25)])
`;

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  return port ?? 0;
}

async function startGraphite() {
  const here = await mkdtemp(join(tmpdir(), "graphite-"));
  await Bun.write(join(here, "graphite_of_test.py"), SETTINGS);
  const env = { ...process.env, GRAPHITE_HERE: here, PYTHONPATH: here, DJANGO_SETTINGS_MODULE: "graphite_of_test" };
  const points = Bun.spawnSync([PYTHON, "-c", POINTS], { env });
  if (!points.success) throw new Error(`writing points failed: ${points.stderr.toString()}`);
  const address = `127.0.0.1:${freePort()}`;
  const log = join(here, "log");
  const command = [PYTHON, "-m", "django", "runserver", "--noreload", address];
  const server = Bun.spawn(command, { env, stdout: "ignore", stderr: Bun.file(log) });
  const url = `http://${address}`;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`Graphite did not start: ${await Bun.file(log).text()}`);
    const answer = await fetch(`${url}/render?format=json`).catch(() => undefined);
    if (answer?.ok === true) break;
    await Bun.sleep(100);
  }
  const stop = async (): Promise<void> => {
    server.kill();
    await server.exited;
    await rm(here, { recursive: true });
  };
  return { url, stop };
}

if (isInstalled) {
  describe("the real Graphite", () => {
    let running: Awaited<ReturnType<typeof startGraphite>>;
    beforeAll(async () => {
      running = await startGraphite();
    }, 60_000);
    afterAll(() => running.stop());

    const reading = (query: string) =>
      measure(
        {
          http: sender(),
          kube: () => Promise.resolve({ kind: "failed", message: "no Kubernetes here" }),
          signal: new AbortController().signal,
        },
        graphite,
        askingFor({ address: running.url, query }),
      );

    test("answers with the points of a target, oldest first, without the minutes that have none", async () => {
      expect(await reading("target=shop.errors & from=-5min")).toEqual({
        kind: "value",
        value: [2.25, 1.5],
        text: "[2.250000,1.500000]",
      });
    });

    test("reads quotes and functions of a query", async () => {
      expect(await reading("target=alias(scale(sumSeries(shop.*), 2), 'twice')\n&from=-5min")).toMatchObject({
        value: [4.5, 3],
      });
    });

    test("divides by zero into points without values", async () => {
      const query = "target=divideSeries(shop.errors, scale(shop.errors, 0))&from=-5min";
      expect(await reading(query)).toEqual({ kind: "value", value: [], text: "[]" });
    });

    test("knows no such target", async () => {
      expect(await reading("target=shop.nothing&from=-5min")).toEqual({ kind: "noData", message: "no values found" });
    });

    test("refuses what is no function, with its own words", async () => {
      const found = await reading("target=no(shop.errors)");
      expect(found.kind === "error" && found.message).toContain("error response: Invalid parameters (");
    });
  });
} else {
  test.skip("the real Graphite: graphite-web is not installed", () => {});
}
