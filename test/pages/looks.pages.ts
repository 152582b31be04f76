/** What every page is like: for screen readers, in the dark, on a telephone and on a wall; against a made-up server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { barriers, overflow, startBrowser, visit } from "./browser.ts";
import { ALL, few, session } from "./cards.ts";
import { type FakeServer, startFakeServer, withoutUser } from "./fakeServer.ts";

const may = Object.fromEntries(few.map(({ namespace }) => [namespace, ALL]));
let browser: Browser;
let server: FakeServer;
beforeAll(async () => {
  browser = await startBrowser();
  server = startFakeServer({ cards: few, may, troubles: ["Rollouts of the namespace vault cannot be listed."] });
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** The page, and what is there once it is drawn. */
const PAGES: readonly (readonly [name: string, path: string, drawn: string])[] = [
  ["the overview", "", "[role=row] a"],
  ["an overview where nothing is found", "?q=nothing-like-this", ".empty"],
  ["a Rollout", "rollout/shop/web", ".chart svg"],
  ["a Rollout that is not there", "rollout/shop/nobody", ".notice"],
  ["a simulation", "rollout/shop/web/simulation", ".timeline svg"],
  ["an AnalysisRun", "run/shop/web-12-success", ".chart svg"],
  ["an Experiment", "experiment/shop/web-12-1", ".chart svg"],
  ["an address that leads nowhere", "what/is/this/then", "h1"],
];

const COLOURS = ["light", "dark"] as const;

describe.each(PAGES)("%s", (_, path, drawn) => {
  test.each(COLOURS)("has nothing serious for axe in %s colours", async (colorScheme) => {
    const { page, close } = await visit(browser, server.url + path, { colorScheme });
    await page.waitForSelector(drawn);
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
    expect(await barriers(page)).toEqual([]);
    await close();
  });

  test("fits into windows from 380 to 2,560 pixels", async () => {
    const { page, close } = await visit(browser, server.url + path);
    await page.waitForSelector(drawn);
    for (const width of [380, 768, 1_440, 2_560]) {
      await page.setViewportSize({ width, height: 900 });
      expect([width, Math.max(0, await overflow(page))]).toEqual([width, 0]);
    }
    await close();
  });

  test("breaks no rule of its policy, and complains of nothing", async () => {
    const { page, complaints, close } = await visit(browser, server.url + path);
    await page.waitForSelector(drawn);
    expect(complaints).toEqual([]);
    await close();
  });

  test("has one first heading, one main part, and a title of its own", async () => {
    const { page, close } = await visit(browser, server.url + path);
    await page.waitForSelector(drawn);
    expect(await page.locator("h1").count()).toBe(1);
    expect(await page.locator("main").count()).toBe(1);
    expect(await page.title()).not.toBe("");
    await close();
  });
});

describe("the login", () => {
  const loggedOut = (): void => void (server.world.session = withoutUser(session));

  test.each(COLOURS)("has nothing serious for axe in %s colours", async (colorScheme) => {
    loggedOut();
    const { page, close } = await visit(browser, server.url, { colorScheme });
    await page.waitForSelector("#token");
    expect(await barriers(page)).toEqual([]);
    await close();
    server.world.session = session;
  });

  test("fits into a window 380 pixels wide", async () => {
    loggedOut();
    const { page, close } = await visit(browser, server.url, { viewport: { width: 380, height: 700 } });
    await page.waitForSelector("#token");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await close();
    server.world.session = session;
  });
});

describe("a dialog", () => {
  test.each(COLOURS)("has nothing serious for axe in %s colours", async (colorScheme) => {
    const { page, close } = await visit(browser, `${server.url}rollout/shop/web`, { colorScheme });
    await page.getByRole("button", { name: "Abort" }).click();
    await page.waitForSelector("dialog[open] li");
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open] .keys");
    expect(await barriers(page)).toEqual([]);
    await close();
  });
});
