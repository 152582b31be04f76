/** The pages on the true server, over a cluster in this process: what a button says, happens there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import type { Rollout } from "../../schema/rollout.ts";
import { barriers, overflow, startBrowser, type Visit, visit } from "./browser.ts";
import { OWNER, startTrueServer, type TrueServer, VIEWER } from "./trueServer.ts";

let browser: Browser;
let server: TrueServer;
beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), startTrueServer()]);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await server.stop();
});

const rollout = (namespace: string, name: string): Rollout =>
  server.world.core.get({ resource: "rollouts.argoproj.io", namespace, name }) as unknown as Rollout;

async function loggedIn(token: string, path = ""): Promise<Visit> {
  const seen = await visit(browser, server.url + path);
  await seen.page.clock.setFixedTime(server.world.clock.now());
  await seen.page.fill("#token", token);
  await seen.page.keyboard.press("Enter");
  await seen.page.locator("#token").waitFor({ state: "detached" });
  return seen;
}

type Kept = Awaited<ReturnType<ReturnType<Page["context"]>["storageState"]>>;
const kept = new Map<string, Kept>();

/** In a session that is begun once: too many logins from one address are held back. */
async function opened(token: string, path = "", options: Parameters<typeof visit>[2] = {}): Promise<Visit> {
  let storageState = kept.get(token);
  if (storageState === undefined) {
    const first = await loggedIn(token);
    kept.set(token, (storageState = await first.page.context().storageState()));
    await first.close();
  }
  const seen = await visit(browser, server.url + path, { ...options, storageState });
  await seen.page.clock.setFixedTime(server.world.clock.now());
  return seen;
}

async function pressed(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  await page.locator("dialog[open] button[type=submit]:not(:disabled)").click();
  await page.locator("dialog[open]").waitFor({ state: "detached" });
}

/** Reads again until it holds: what a button does takes the controller a moment. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 600) throw new Error("It does not come to that");
    await Bun.sleep(50);
  }
}

const PAGES: readonly (readonly [name: string, path: string, drawn: string])[] = [
  ["the overview", "", ".rows a"],
  ["a canary at a pause, with analysis and a router", "rollout/shop/web", ".chart svg"],
  ["a blue-green update that waits", "rollout/checkout/cart", ".revision"],
  ["an update that an analysis has turned back", "rollout/payments/ledger", ".chart svg"],
  ["an update whose pods do not start", "rollout/search/indexer", ".pods-list .bad"],
  ["one with an Experiment", "rollout/search/suggest", ".judge"],
  ["a simulation", "rollout/shop/web/simulation?image=registry.example.com/shop/web:2.16.0", ".timeline svg"],
];

describe.each(PAGES)("%s", (_, path, drawn) => {
  test.each(["light", "dark"] as const)("has nothing serious for axe in %s colours", async (colorScheme) => {
    const { page, close } = await opened(VIEWER, path, { colorScheme });
    await page.waitForSelector(drawn);
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
    expect(await barriers(page)).toEqual([]);
    await close();
  });

  test("fits into narrow and wide windows, and complains of nothing", async () => {
    const { page, complaints, close } = await opened(OWNER, path);
    await page.waitForSelector(drawn);
    for (const width of [380, 900, 2_560]) {
      await page.setViewportSize({ width, height: 900 });
      expect([width, Math.max(0, await overflow(page))]).toEqual([width, 0]);
    }
    expect(complaints).toEqual([]);
    await close();
  });
});

describe("an owner", () => {
  test("sees why a canary waits, promotes it, and sees it go on", async () => {
    const { page, close } = await opened(OWNER, "rollout/shop/web");
    await page.waitForSelector(".steps");
    expect(await page.locator('[aria-current="step"]').textContent()).toContain("pause");
    const before = rollout("shop", "web").status?.currentStepIndex ?? 0;
    await pressed(page, "Promote");
    await until(() => (rollout("shop", "web").status?.currentStepIndex ?? 0) > before);
    await page.waitForSelector(`.step.done:nth-child(${before + 1})`);
    await close();
  });

  test("aborts an update, and tries it again", async () => {
    const { page, close } = await opened(OWNER, "rollout/shop/web");
    await pressed(page, "Abort");
    await page.waitForSelector(".phase.big.bad");
    expect(rollout("shop", "web").status?.abort).toBe(true);
    await pressed(page, "Retry");
    await page.locator(".phase.big.bad").waitFor({ state: "detached" });
    expect(rollout("shop", "web").status?.abort).not.toBe(true);
    await close();
  });

  test("promotes a blue-green update, and the active Service serves it", async () => {
    const { page, close } = await opened(OWNER, "rollout/checkout/cart");
    await page.waitForSelector(".tag.canary");
    await pressed(page, "Promote");
    await page.waitForSelector(".phase.big.good");
    expect(rollout("checkout", "cart").status?.blueGreen?.activeSelector).toBe(
      rollout("checkout", "cart").status?.currentPodHash,
    );
    await close();
  });

  test("sets an image, which begins an update, and goes back", async () => {
    const { page, close } = await opened(OWNER, "rollout/mail/sender");
    const image = (): string | undefined => {
      const { template } = rollout("mail", "sender").spec;
      const { containers } = (template ?? {}).spec as { readonly containers: readonly { readonly image: string }[] };
      return containers[0]?.image;
    };
    const old = image();
    await page.getByRole("button", { name: "Set image" }).click();
    await page.getByLabel("Image of sender", { exact: true }).fill("registry.example.com/mail/sender:1.5.0");
    await page.locator("dialog[open] button[type=submit]:not(:disabled)").click();
    await until(() => image() === "registry.example.com/mail/sender:1.5.0");
    await pressed(page, "Go back to 1");
    await until(() => image() === old);
    await close();
  });

  test("restarts pods, and ends an AnalysisRun", async () => {
    const { page, close } = await opened(OWNER, "rollout/shop/images");
    await pressed(page, "Restart");
    await until(() => rollout("shop", "images").spec.restartAt !== undefined);
    await page.goto(`${server.url}rollout/search/suggest`);
    await page.locator(".judge a", { hasText: "suggest-" }).first().click();
    await pressed(page, "Terminate");
    await page.waitForSelector(".toast.done");
    await close();
  });
});

describe("a viewer", () => {
  test("has no button that changes anything, and changes nothing without one", async () => {
    const { page, complaints, close } = await opened(VIEWER, "rollout/payments/ledger");
    await page.waitForSelector(".revision");
    expect(await page.locator(".act").count()).toBe(0);
    const answered = await page.evaluate<{ readonly status: number; readonly error: string }>(`(async () => {
      const { csrf } = await (await fetch("api/sluice/session")).json();
      const response = await fetch("api/sluice/act", {
        method: "POST",
        headers: { "content-type": "application/json", "x-csrf-token": csrf },
        body: JSON.stringify({ verb: "retry", namespace: "payments", name: "ledger" }),
      });
      return { status: response.status, ...(await response.json()) };
    })()`);
    expect(answered.status).toBe(403);
    expect(answered.error).toContain("vera@example.com");
    expect(rollout("payments", "ledger").status?.abort).toBe(true);
    expect(complaints.filter((text) => !text.includes("403"))).toEqual([]);
    await close();
  });
});

describe("somebody else's page", () => {
  test("gets nothing done with the browser of somebody who is logged in", async () => {
    const { page, close } = await opened(OWNER, "rollout/payments/ledger");
    const foreign = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("<h1>Win a prize</h1>", { headers: { "content-type": "text/html" } }),
    });
    // Another site, and yet this machine.
    await page.goto(`http://localhost:${foreign.port}/`);
    const target = JSON.stringify(`${server.url}api/sluice/act`);
    const body = JSON.stringify(JSON.stringify({ verb: "retry", namespace: "payments", name: "ledger" }));
    // A script may send what it likes, but with nobody's cookie; and what comes back is not for it.
    const read = await page.evaluate<string>(
      `fetch(${target}, { method: "POST", credentials: "include", body: ${body} }).then(() => "read", () => "refused")`,
    );
    expect(read).toBe("refused");
    const answer = page.waitForResponse((response) => response.url().endsWith("/act"));
    await page.evaluate(`(() => {
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: ${target}, enctype: "text/plain" });
      form.append(Object.assign(document.createElement("input"), { name: ${body} }));
      document.body.append(form);
      form.submit();
    })()`);
    expect((await answer).status()).toBe(403);
    expect(rollout("payments", "ledger").status?.abort).toBe(true);
    await foreign.stop(true);
    await close();
  });
});

describe("a session", () => {
  test("lets no cookie in that was copied, once its owner has logged out", async () => {
    const { page, close } = await loggedIn(OWNER);
    const cookies = await page.context().cookies();
    expect(cookies.map(({ httpOnly, sameSite }) => ({ httpOnly, sameSite }))).toEqual([
      { httpOnly: true, sameSite: "Strict" },
    ]);
    expect(await page.evaluate<string>("document.cookie")).toBe("");
    const thief = await browser.newContext();
    await thief.addCookies(cookies);
    const stolen = await thief.newPage();
    await stolen.goto(server.url);
    await stolen.waitForSelector(".rows a");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.waitForSelector("#token");
    await stolen.waitForSelector("#token");
    await stolen.reload();
    await stolen.waitForSelector("#token");
    expect((await stolen.request.get(`${server.url}api/sluice/live`)).status()).toBe(401);
    await thief.close();
    await close();
  });

  test("begins with no token that the cluster does not know", async () => {
    const { page, close } = await visit(browser, server.url);
    await page.fill("#token", "made-up");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[role=alert] >> text=The API server does not take this token");
    await close();
  });

  test("ends, with what is shown, when the cluster takes its token no more", async () => {
    const { page, close } = await loggedIn(VIEWER);
    await page.waitForSelector(".rows a");
    server.revoke(VIEWER);
    await page.waitForSelector("#token");
    expect(await page.locator(".rows").count()).toBe(0);
    await close();
  });
});
