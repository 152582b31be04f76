import { describe, expect, test } from "bun:test";
import { pageFiles } from "./assets.ts";

/** All that a browser loads for the first page, and with it for all pages, compressed. */
const MOST_BYTES = 40_000;

const files = await pageFiles();

describe("the pages", () => {
  test(`are ${MOST_BYTES / 1_000} kB at most, compressed`, () => {
    const bytes = [...files.values()].reduce((sum, { gzip }) => sum + gzip.length, 0);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
    expect(bytes).toBeGreaterThan(5_000);
  });

  test("are one page, one script, one style sheet and an icon, those that may be kept named by their content", () => {
    const names = [...files.keys()].map((name) => name.replace(/-[0-9a-f]{10}\./, "-HASH."));
    expect(names).toEqual(["index.html", "assets/app-HASH.js", "assets/app-HASH.css", "favicon.svg"]);
  });

  test("are the same when they are unpacked", () => {
    for (const { body, gzip } of files.values()) expect(Bun.gunzipSync(gzip).length).toBe(Buffer.byteLength(body));
  });

  test("load only what is served beside them, and hold no script or style of their own", () => {
    const { body = "" } = files.get("index.html") ?? {};
    expect(body).toContain('<base href="/rollouts/"');
    const loaded = [...body.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(loaded).toHaveLength(3);
    for (const path of loaded) expect(files.has(path)).toBe(true);
    expect(body).not.toMatch(/<style|style=|<script[^>]*>[^<]|\son\w+=/);
    for (const { body: text } of files.values()) {
      expect(text.match(/https?:\/\/(?!www\.w3\.org\/)[\w.-]+/g) ?? []).toEqual([]);
    }
  });
});
