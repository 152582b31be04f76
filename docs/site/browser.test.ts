/** The site in a real browser, opened from a disk and served: axe finds nothing, and the search finds. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { buildSite } from "./build.ts";
import { repositoryAt } from "./repository.ts";

/** Debian's; without it the tests are left out. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const PAGES = ["index.html", "troubleshooting.html", "recipes/k3s-traefik.html"];

describe.skipIf(!existsSync(CHROMIUM))("in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-site-"));
  let browser: Browser;
  let server: ReturnType<typeof Bun.serve>;

  beforeAll(async () => {
    const site = await buildSite(repositoryAt(resolve(import.meta.dir, "../..")));
    for (const [address, bytes] of site) {
      await mkdir(dirname(join(folder, address)), { recursive: true });
      await Bun.write(join(folder, address), bytes);
    }
    server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => new Response(Bun.file(join(folder, new URL(request.url).pathname))),
    });
    const { chromium } = await import("playwright-core");
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop(true);
    rmSync(folder, { recursive: true });
  });

  const onDisk = (address: string): string => pathToFileURL(join(folder, address)).href;

  interface Opened {
    readonly page: Page;
    /** What the browser has asked for, and what it complained about. */
    readonly requests: string[];
    readonly complaints: string[];
  }

  async function open(url: string, settings: Parameters<Browser["newContext"]>[0] = {}): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...settings });
    const page = await context.newPage();
    const [requests, complaints]: [string[], string[]] = [[], []];
    page.on("request", (request) => void requests.push(request.url()));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => void complaints.push(error.message));
    await page.goto(url);
    return { page, requests, complaints };
  }

  async function violations(page: Page): Promise<string[]> {
    // Through the debugger, as the page's own policy lets no other script in.
    await page.evaluate((await import("axe-core")).default.source);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run: (options: object) => Promise<{ violations: AxeRule[] }> };
      };
      const { violations: found } = await axe.run({ preload: false });
      return found.map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .slice(0, 3)
            .map(({ html }) => html.slice(0, 100))
            .join(", ")}`,
      );
    });
  }
  interface AxeRule {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }

  test.each(PAGES)(
    "%s has nothing that axe finds, light on a phone and dark on a wide screen",
    async (address) => {
      for (const [colorScheme, width] of [["light", 380] as const, ["dark", 1600] as const]) {
        const { page, complaints } = await open(onDisk(address), { colorScheme, viewport: { width, height: 900 } });
        expect(await violations(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await page.context().close();
      }
    },
    60_000,
  );

  test("nothing is wider than the window, from 380 to 2560 pixels", async () => {
    const { page } = await open(onDisk("index.html"));
    for (const address of PAGES) {
      await page.goto(onDisk(address));
      for (const width of [380, 1280, 2560]) {
        await page.setViewportSize({ width, height: 900 });
        expect([address, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([address, width]);
      }
    }
    await page.context().close();
  }, 60_000);

  test.each([
    ["opened from a disk", () => onDisk("cli/doctor.html")],
    ["served", () => `${server.url.origin}/cli/doctor.html`],
  ])(
    "%s, the search finds a message and leads there, and no other host is asked",
    async (_, url) => {
      const { page, requests, complaints } = await open(url());
      await page.keyboard.press("/");
      await page.keyboard.type("failed calling webhook");
      await page.waitForSelector("#found li a");
      expect(await page.getAttribute("#found li a", "href")).toContain("troubleshooting.html#");
      expect(await page.textContent("#found [role=status]")).toMatch(/^\d+ found/);
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press("Enter");
      await page.waitForURL(/troubleshooting\.html#/);
      const hosts = new Set(requests.map((each) => new URL(each).host));
      expect([...hosts]).toEqual([new URL(url()).host]);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    60_000,
  );

  test.each([
    ["setCanaryScale", "Fields of a Rollout › setCanaryScale", "fields/rollout.html#"],
    ["dynamicStableScale", "dynamicStableScale", "fields/rollout.html#"],
    ["slack", "slack", "notifications/services.html#slack"],
    ["stuck", "When something does not move", "troubleshooting.html"],
  ])(
    "what is called %s is found first",
    async (words, title, address) => {
      const { page } = await open(onDisk("index.html"));
      await page.fill("#search", words);
      await page.waitForSelector("#found li a");
      expect(await page.textContent("#found li a")).toContain(title);
      expect(await page.getAttribute("#found li a", "href")).toContain(address);
      await page.context().close();
    },
    60_000,
  );

  test("what was found fits a phone", async () => {
    const { page } = await open(onDisk("index.html"), { viewport: { width: 380, height: 800 } });
    await page.fill("#search", "weights do not change");
    await page.waitForSelector("#found li a");
    expect(await page.textContent("#found li a")).toContain("Weights do not change");
    const box = await page.locator("#found").boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(380);
    await page.context().close();
  }, 60_000);

  test("signs that mean something to a pattern are searched for as they are", async () => {
    const { page, complaints } = await open(onDisk("index.html"));
    await page.fill("#search", "result[0] (x|y) $.a\\");
    await page.waitForSelector("#found p:not(:empty)");
    await page.fill("#search", "--traefik-api-group");
    await page.waitForSelector("#found li a");
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  test("code is copied without the prompt and the answers of a transcript", async () => {
    const { page } = await open(`${server.url.origin}/index.html`, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.locator(".block", { hasText: "$ kubectl apply -f rollout.yaml" }).locator(".copy").click();
    await page.waitForSelector("text=Copied");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("kubectl apply -f rollout.yaml");
    await page.context().close();
  }, 60_000);

  test("colours that were chosen stay on the next page", async () => {
    const { page } = await open(onDisk("index.html"), { colorScheme: "light" });
    await page.click(".theme");
    await page.goto(onDisk("install.html"));
    expect(await page.getAttribute("html", "data-theme")).toBe("dark");
    expect(await page.textContent(".theme")).toBe("Light");
    await page.context().close();
  }, 60_000);

  test("without JavaScript pages are read, and the menu of a phone opens; the search is not shown", async () => {
    const { page } = await open(onDisk("install.html"), {
      javaScriptEnabled: false,
      viewport: { width: 380, height: 800 },
    });
    expect(await page.isVisible("#search")).toBe(false);
    expect(await page.isVisible("nav.menu")).toBe(false);
    await page.click(".open-menu");
    expect(await page.isVisible("nav.menu")).toBe(true);
    await page.click("nav.menu a[href='uninstall.html']");
    expect(await page.textContent("h1")).toContain("Taking Sluice away");
    await page.context().close();
  }, 60_000);
});
