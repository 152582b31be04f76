/**
 * `bun run docs:pictures` takes the pictures of docs/dashboard.md: the pages on a cluster in this process, in Debian's
 * chromium (SLUICE_CHROMIUM: another one). `pngquant`, where it is installed, makes them smaller.
 */
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { pageFiles } from "../../dashboard/pages/assets.ts";
import { createDashboard, serve } from "../../dashboard/server/start.ts";
import { onlyErrors, startWorld } from "./world.ts";

interface Picture {
  readonly file: string;
  readonly path: string;
  /** What is there once it is drawn. */
  readonly drawn: string;
  readonly width: number;
  readonly height: number;
  readonly colours: "light" | "dark";
  /** Pressed before the picture is taken. */
  readonly press?: string;
}

const PICTURES: readonly Picture[] = [
  { file: "overview", path: "", drawn: ".rows a", width: 1_280, height: 700, colours: "light" },
  { file: "rollout", path: "rollout/shop/web", drawn: ".chart svg", width: 1_280, height: 1_000, colours: "light" },
  { file: "aborted", path: "rollout/payments/ledger", drawn: ".chart svg", width: 1_280, height: 900, colours: "dark" },
  {
    file: "promote",
    path: "rollout/checkout/cart",
    drawn: ".revision",
    width: 1_000,
    height: 620,
    colours: "light",
    press: "Promote",
  },
  {
    file: "simulation",
    path: "rollout/shop/web/simulation?image=registry.example.com/shop/web:2.16.0",
    drawn: ".timeline svg",
    width: 1_280,
    height: 760,
    colours: "light",
  },
  { file: "telephone", path: "rollout/shop/web", drawn: ".chart svg", width: 380, height: 800, colours: "dark" },
];

const MOST_BYTES = 150_000;

async function take(browser: Browser, url: string, at: number, picture: Picture): Promise<number> {
  const { path, drawn, width, height, colours, press, file } = picture;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: colours });
  const page = await context.newPage();
  await page.clock.setFixedTime(at);
  await page.goto(url + path);
  await page.waitForSelector(drawn);
  if (press !== undefined) {
    await page.getByRole("button", { name: press, exact: true }).click();
    await page.waitForSelector("dialog[open] li");
  }
  await page.screenshot({ path: fileOf(file), animations: "disabled" });
  await context.close();
  return smaller(fileOf(file));
}

const fileOf = (name: string): string => join(import.meta.dir, `${name}.png`);

/** @returns its bytes. @throws when it is too large for a page that people read */
async function smaller(path: string): Promise<number> {
  if (Bun.which("pngquant") !== null) {
    const quantized = Bun.spawn(["pngquant", "--force", "--strip", "--speed=1", "--output", path, "64", path]);
    if ((await quantized.exited) !== 0) throw new Error(`Cannot make ${path} smaller: pngquant failed`);
  }
  const { size } = Bun.file(path);
  if (size <= MOST_BYTES) return size;
  throw new Error(`${path} has ${size} bytes, ${MOST_BYTES} are allowed: install pngquant, or take less of the page`);
}

const world = await startWorld();
const dashboard = createDashboard({
  client: world.client,
  auth: { kind: "kubeconfig", cluster: "staging", namespace: "default" },
  clock: world.clock,
  log: onlyErrors,
  version: "0.0.0",
  root: "/rollouts",
  isReadOnly: false,
  hosts: undefined,
  origin: undefined,
  reviewMs: 60_000,
  pages: pageFiles,
});
const serving = serve(dashboard, { port: 0, address: "127.0.0.1", tls: undefined });
const browser = await chromium.launch({
  executablePath: Bun.env["SLUICE_CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
world.run();
for (const picture of PICTURES) {
  const size = await take(browser, `http://127.0.0.1:${serving.port}/rollouts/`, world.clock.now(), picture);
  process.stdout.write(`docs/dashboard/${picture.file}.png: ${(size / 1_000).toFixed(0)} kB\n`);
}
await browser.close();
await serving.stop();
world.stop();
process.exit(0);
