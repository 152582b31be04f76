/** What people do with the pages, against a made-up server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { startBrowser, type Visit, visit } from "./browser.ts";
import { ALL, card, few, many, paused, session } from "./cards.ts";
import { detail } from "./detail.ts";
import { type FakeServer, startFakeServer, withoutUser } from "./fakeServer.ts";

let browser: Browser;
let server: FakeServer;
let seen: Visit;
beforeAll(async () => void (browser = await startBrowser()));
afterAll(() => browser.close());
beforeEach(() => void (server = startFakeServer({ cards: few, may: { shop: ALL }, troubles: [] })));
afterEach(async () => {
  await seen.close();
  await server.stop();
});

async function open(path = ""): Promise<Page> {
  seen = await visit(browser, server.url + path);
  return seen.page;
}

interface Scrolled {
  /** Of frames that took more than 50 ms, how long, in ms. */
  readonly long: readonly number[];
  /** Elements of the page, at most. */
  readonly most: number;
  /** The name in the last row. */
  readonly last: string;
}

const names = (page: Page): Promise<string[]> => page.locator(".rows .c-name a").allTextContents();
/** What a key or a dialog leads to has the focus with the next drawing. */
async function getsFocus(page: Page, text: string): Promise<void> {
  const focused = (): Promise<string> => page.evaluate("document.activeElement.textContent");
  for (let looks = 0; looks < 200 && (await focused()) !== text; looks += 1) await page.waitForTimeout(50);
  expect(await focused()).toBe(text);
}
const chip = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^${name}`) });

describe("the overview", () => {
  test("shows all Rollouts, and how many need attention", async () => {
    const page = await open();
    await page.waitForSelector(".rows a");
    expect(await names(page)).toEqual(few.map(({ name }) => name));
    expect(await chip(page, "Needs attention").textContent()).toBe("Needs attention 2");
  });

  test("is filtered by text, label, status and namespace, which the address keeps", async () => {
    const page = await open();
    await page.fill("#search", "web");
    expect(await names(page)).toEqual(["web"]);
    await page.fill("#search", "team:payments");
    expect(await names(page)).toEqual(["ledger-api", "fraud-scoring"]);
    await page.fill("#search", "envoy, indexer");
    expect(await names(page)).toEqual(["fraud-scoring", "indexer"]);
    await page.fill("#search", "");
    await chip(page, "Degraded").click();
    expect(await names(page)).toEqual(["ledger-api"]);
    expect(page.url()).toEndWith("?show=Degraded");
    await page.reload();
    await page.waitForSelector(".rows a");
    expect(await names(page)).toEqual(["ledger-api"]);
    await chip(page, "All").click();
    await page.getByLabel("Namespace").selectOption("search");
    await page.waitForURL("**/rollouts/search");
    await page.getByText("2 of ").waitFor();
    expect(await names(page)).toEqual(["indexer", "suggest"]);
    expect(page.url()).toEndWith("/rollouts/search");
  });

  test("keeps what is starred, and shows it first", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Star web" }).click();
    await page.reload();
    await page.waitForSelector(".rows a");
    expect((await names(page))[0]).toBe("web");
    await chip(page, "Starred").click();
    expect(await names(page)).toEqual(["web"]);
  });

  test("is used by keys alone", async () => {
    const page = await open();
    await page.waitForSelector(".rows a");
    await page.keyboard.press("/");
    await page.keyboard.type("s");
    expect(await page.inputValue("#search")).toBe("s");
    await page.keyboard.press("Escape");
    expect(await page.inputValue("#search")).toBe("");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await getsFocus(page, "receipts");
    await page.keyboard.press("s");
    expect(await page.getByRole("button", { name: "Star receipts" }).getAttribute("aria-pressed")).toBe("true");
    await page.keyboard.press("End");
    await getsFocus(page, "web");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".steps");
    expect(page.url()).toEndWith("/rollouts/rollout/shop/web");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".rows a");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    expect(await page.locator("dialog[open]").count()).toBe(0);
  });

  test("follows the stream: changed cards, new ones, and those that are gone", async () => {
    const page = await open();
    await page.waitForSelector(".rows a");
    server.tell("changed", { cards: [card("shop", "web", { phase: "Degraded" }), card("checkout", "vouchers")] });
    await page.waitForSelector("text=vouchers");
    expect(await page.locator(".row", { hasText: "web" }).locator(".phase").textContent()).toBe("Degraded");
    expect((await names(page)).indexOf("vouchers")).toBe(2);
    server.tell("gone", { cards: [{ namespace: "checkout", name: "vouchers" }] });
    await page.getByText("vouchers", { exact: true }).waitFor({ state: "detached" });
  });

  test("of 1,000 Rollouts draws those that are seen, however far it is scrolled", async () => {
    server.world.overview = { cards: many(1_000), may: {}, troubles: [] };
    const page = await open();
    await page.waitForSelector(".rows a");
    expect(await chip(page, "All").textContent()).toBe("All 1000");
    const scrolled = await page.evaluate<Scrolled>(`(async () => {
      const long = [];
      new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ type: "longtask" });
      let most = 0;
      for (let top = 0; top < document.documentElement.scrollHeight; top += 180) {
        scrollTo(0, top);
        await new Promise(requestAnimationFrame);
        most = Math.max(most, document.querySelectorAll("*").length);
      }
      const last = [...document.querySelectorAll(".rows .c-name a")].at(-1).textContent;
      return { long, most, last };
    })()`);
    // How long frames last depends on what else the machine does: a figure to look at, on a machine at rest.
    console.log(
      `1,000 Rollouts: ${scrolled.most} elements at most; frames over 50 ms: ${JSON.stringify(scrolled.long)}`,
    );
    expect(scrolled.last).toBe("service-0999");
    expect(scrolled.most).toBeLessThan(2_500);
  });
});

describe("one Rollout", () => {
  test("says where it stands and why, and says it again when it changes", async () => {
    const page = await open("rollout/shop/web");
    await page.waitForSelector(".steps");
    expect(await page.locator('[aria-current="step"]').textContent()).toContain("pause: 10m");
    expect(await page.locator(".sentence").first().textContent()).toBe(detail.explanation.sentence);
    const explanation = { ...detail.explanation, sentence: 'Rollout "web" is done.' };
    server.tell("rollout", { ...detail, card: { ...paused, phase: "Healthy", step: 6 }, explanation });
    await page.waitForSelector('text=Rollout "web" is done.');
    expect(await page.locator(".toasts p.unseen").textContent()).toBe('web is Healthy. Rollout "web" is done.');
  });

  test("draws measurements against their condition, and has them as a table, too", async () => {
    const page = await open("run/shop/web-12-success");
    await page.waitForSelector(".chart svg");
    expect(await page.locator(".point").count()).toBe(7);
    expect(await page.locator(".limit line").count()).toBe(2);
    await page.locator("summary", { hasText: "as a table" }).first().click();
    expect(await page.locator("table").first().locator("tbody tr").count()).toBe(7);
  });

  test.each([
    ["Promote", "promote"],
    ["Promote fully", "promote-full"],
    ["Abort", "abort"],
    ["Restart", "restart"],
    ["Pause", "pause"],
  ])("has a button %s, which says what it will do before it does it", async (label, verb) => {
    const page = await open("rollout/shop/web");
    const button = page.getByRole("button", { name: label, exact: true });
    await button.click();
    await page.waitForSelector(`dialog[open] >> text=${verb} of web: this happens first.`);
    expect(server.acts).toEqual([]);
    await page.locator("dialog[open] button[type=submit]").click();
    await page.waitForSelector(`.toast >> text=Done: ${verb} of web.`);
    expect(server.acts).toEqual([{ verb, namespace: "shop", name: "web" }] as never);
    await getsFocus(page, label);
  });

  test("goes back to a revision, and sets an image that is written", async () => {
    const page = await open("rollout/shop/web");
    await page.getByRole("button", { name: "Go back to 10" }).click();
    await page.locator("dialog[open] button[type=submit]").click();
    await page.waitForSelector(".toast");
    await page.getByRole("button", { name: "Set image" }).first().click();
    await page.getByLabel("Image of web", { exact: true }).fill("registry.example.com/shop/web:3.0.0");
    await page.locator("dialog[open] button[type=submit]:not(:disabled)").click();
    await page.waitForSelector(".toast >> text=set-image");
    expect(server.acts).toEqual([
      { verb: "undo", namespace: "shop", name: "web", revision: 10 },
      {
        verb: "set-image",
        namespace: "shop",
        name: "web",
        container: "web",
        image: "registry.example.com/shop/web:3.0.0",
      },
    ]);
    expect(await page.getByRole("button", { name: "Go back to 9" }).count()).toBe(0);
  });

  test("does not do what does not apply, and says in words what was refused", async () => {
    server.world.applies = false;
    const page = await open("rollout/shop/web");
    await page.getByRole("button", { name: "Restart" }).click();
    await page.waitForSelector("dialog[open] ul.problem");
    expect(await page.locator("dialog[open] button[type=submit]").isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    server.world.applies = true;
    server.world.refusesActs = 'User "mira" may not patch rollouts/status in "shop".';
    await page.getByRole("button", { name: "Restart" }).click();
    await page.locator("dialog[open] button[type=submit]:not(:disabled)").click();
    await page.waitForSelector('[role=alert] >> text=User "mira" may not patch');
  });

  test("shows no button to somebody who may press none", async () => {
    server.world.detail = { ...detail, may: {} };
    const page = await open("rollout/shop/web");
    await page.waitForSelector(".steps");
    expect(await page.locator(".act").count()).toBe(0);
  });

  test("that is gone, or that may not be read, is a sentence", async () => {
    const page = await open("rollout/shop/web");
    await page.waitForSelector(".steps");
    server.tell("missing", { namespace: "shop", name: "web" });
    await page.waitForSelector('text=There is no Rollout "web"');
    server.tell("denied", { why: 'You may not read Rollouts in "shop".' });
    await page.waitForSelector('text=You may not read Rollouts in "shop".');
  });

  test("is simulated, with the chart of what would happen", async () => {
    const page = await open("rollout/shop/web");
    await page.getByRole("link", { name: "Simulate an update" }).click();
    await page.waitForSelector(".timeline svg");
    expect(await page.locator(".timeline polygon").count()).toBe(4);
    expect(await page.locator(".sentence").textContent()).toBe("Healthy after 26m24s.");
  });
});

describe("a session", () => {
  test("begins with a token; a wrong one is refused in words", async () => {
    server.world.session = withoutUser(session);
    const page = await open();
    await page.fill("#token", "bad-token");
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.waitForSelector("text=The cluster does not accept this token.");
    expect(await page.evaluate("document.activeElement.id")).toBe("token");
    await page.fill("#token", "good-token");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".rows a");
    expect(await page.getByText("mira@example.com").count()).toBe(1);
  });

  test("that ends leads to the login, and says why", async () => {
    const page = await open();
    await page.waitForSelector(".rows a");
    server.world.session = withoutUser(session);
    server.tell("ended", { why: "revoked" });
    await page.waitForSelector("text=Your token is no longer accepted");
    expect(await page.locator("#token").count()).toBe(1);
  });

  test("leaves nothing of what one person saw to the next one", async () => {
    const page = await open();
    await page.waitForSelector(".rows a");
    await page.getByRole("button", { name: "Log out" }).click();
    server.world.overview = { cards: [], may: {}, troubles: [] };
    await page.fill("#token", "good-token");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".empty");
    expect(await page.getByText("ledger-api").count()).toBe(0);
  });

  test("in which Rollouts may not be listed shows why, and none", async () => {
    const page = await open();
    await page.waitForSelector(".rows a");
    server.tell("denied", { why: 'You may not list Rollouts in "shop".' });
    await page.waitForSelector('[role=alert] >> text=You may not list Rollouts in "shop".');
    expect(await page.locator(".rows a").count()).toBe(0);
  });

  test("ends when the user says so", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.waitForSelector("text=You are logged out.");
  });

  test("offers the identity provider only where there is one", async () => {
    server.world.session = withoutUser({ ...session, logins: ["token"] });
    const page = await open();
    await page.waitForSelector("#token");
    expect(await page.getByRole("link", { name: /organisation/ }).count()).toBe(0);
  });
});

describe("the pages", () => {
  test("say when the connection is lost, and go on when it is back", async () => {
    const page = await open();
    await page.waitForSelector(".rows a");
    server.cut();
    await page.waitForSelector("text=The connection is lost");
    await page.locator(".connection.lost").waitFor({ state: "detached" });
    server.tell("changed", { cards: [card("shop", "newcomer")] });
    await page.waitForSelector("text=newcomer");
  });

  test("keep the colours that were chosen", async () => {
    const page = await open();
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    const light = await ground();
    const button = page.getByRole("button", { name: /^Colours/ });
    await button.click();
    await button.click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.waitForSelector(".rows a");
    expect(await ground()).toBe(dark);
  });

  test("have an icon", async () => {
    const page = await open();
    const icon = await page.request.get(`${server.url}favicon.svg`);
    expect(icon.status()).toBe(200);
    expect(icon.headers()["content-type"]).toBe("image/svg+xml");
  });
});
