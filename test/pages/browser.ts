/** Debian's chromium, driven by playwright-core: what people see and press. */
import { existsSync } from "node:fs";
import { violationsOf } from "./axe.ts";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const EXECUTABLE = Bun.env["SLUICE_CHROMIUM"] ?? "/usr/bin/chromium";

export const hasBrowser = existsSync(EXECUTABLE);

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox", "--disable-gpu"] });

/** For what takes a moment; a busy machine takes long for it. */
const PATIENCE_MS = 20_000;

export interface Visit {
  readonly page: Page;
  /** What went wrong in it: errors on the console, exceptions, refusals of the policy, answers of 400 and above. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** A window of its own: no cookie and no storage of another. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/** What axe-core finds that is serious or critical: a line each. */
export async function barriers(page: Page): Promise<readonly string[]> {
  const violations = await violationsOf(page);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${impact} ${id}: ${target} ${failureSummary}`),
    );
}

/** Pixels by which the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth");
