/** The demo as `npx` gets it, from nothing: all that is downloaded, all that is installed, and what people see. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { demoArchive } from "../../manifests/release/demoPackage.ts";
import { demoScript } from "../../manifests/release/demoScript.ts";
import { demoName, demoPackage } from "../../manifests/release/names.ts";

const dir = Bun.env["SLUICE_RELEASE_DIR"] ?? "";
/** Who has never used npm. */
const home = join(dir, "home");
const main = resolve(import.meta.dir, "../../main.ts");
const patienceMs = 120_000;

/** Who wants to see the demo waits for this: half a second on a slow line (10 Mbit/s). */
const MOST_BYTES = 700_000;
/** The packages that a cold `npx` may install. One more, a linter say, is everybody's wait: think of another way. */
const ALLOWED: readonly string[] = [demoName];

const ETAG = '"one"';
const asked: string[] = [];
/** That were sent, over all requests. */
let bytes = 0;
let archive: Uint8Array<ArrayBuffer> = new Uint8Array();
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch({ url, headers }) {
    const { pathname } = new URL(url);
    // That npm asks whether anything is known against what it installed is no download.
    if (pathname === "/-/npm/v1/security/advisories/bulk") return Response.json({});
    asked.push(pathname);
    if (pathname !== `/${demoPackage}`) return new Response(null, { status: 404 });
    // As GitHub serves files of a release: npm asks for them more than once.
    if (headers.get("if-none-match") === ETAG) return new Response(null, { status: 304, headers: { etag: ETAG } });
    bytes += archive.length;
    return new Response(archive, { headers: { etag: ETAG } });
  },
});

beforeAll(async () => {
  archive = demoArchive(await demoScript(), "licence");
  await mkdir(home, { recursive: true });
}, patienceMs);
afterAll(() => server.stop(true));

const command = (...args: string[]): string[] => ["npx", "--yes", `${server.url.href}${demoPackage}`, ...args];

/** The registry is the same server, which has nothing else: what is asked of it is known. */
const env = {
  PATH: process.env["PATH"] ?? "",
  HOME: home,
  TERM: "xterm-256color",
  NO_COLOR: "1",
  npm_config_registry: server.url.href,
  npm_config_update_notifier: "false",
};

async function printed(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { cwd: home, env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect([err, code]).toEqual(["", 0]);
  return out;
}

test(
  "a cold npx downloads one small file, and its first frame is drawn on the terminal, where keys are heard",
  async () => {
    let text = "";
    const decoder = new TextDecoder();
    const drawn = Promise.withResolvers<void>();
    const child = Bun.spawn(command(), {
      cwd: home,
      env,
      terminal: {
        cols: 100,
        rows: 30,
        data(_, chunk) {
          text += decoder.decode(chunk, { stream: true });
          if (text.includes("q quit") || text.includes("Blue-green")) drawn.resolve();
        },
      },
    });
    await Promise.race([drawn.promise, child.exited]);
    expect(text).toContain("1 Canary");
    child.terminal?.write("q");
    expect([await child.exited, [...new Set(asked)]]).toEqual([0, [`/${demoPackage}`]]);
    expect(bytes).toBeLessThan(MOST_BYTES);
  },
  patienceMs,
);

test("nothing is installed that is not on the list", async () => {
  const manifests = [...new Bun.Glob(".npm/_npx/*/node_modules/**/package.json").scanSync({ cwd: home, dot: true })];
  const names = manifests.map((path) => path.replace(/^.*node_modules\/(.*)\/package\.json$/, "$1"));
  expect(names.toSorted()).toEqual([...ALLOWED]);
});

describe("from the package", () => {
  test(
    "the demo tells on Node, line by line, what it tells on Bun",
    async () => {
      const beforeEnd = (story: string): string => story.slice(0, story.indexOf("  Your turn: "));
      const [onNode, onBun] = await Promise.all([printed(command()), printed([process.execPath, main, "demo"])]);
      expect(beforeEnd(onNode)).toBe(beforeEnd(onBun));
      expect(beforeEnd(onNode)).toContain("↩ Analysis ");
      expect(onNode).toMatch(/Your turn: `sluice dev`\n.*\n {2}To install sluice: https:\S+\/docs\/install\.md#\S+\n/);
    },
    patienceMs,
  );

  test(
    "it explains itself by the name that it has there",
    async () => {
      const help = await printed(command("--help"));
      expect(help).toContain("Usage: sluice-demo [flags]\n");
      expect(help).not.toContain("sluice demo");
    },
    patienceMs,
  );
});
