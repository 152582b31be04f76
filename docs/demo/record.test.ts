import { expect, setDefaultTimeout, test } from "bun:test";
import { animatedSvg } from "./animatedSvg.ts";
import { recording, recordingPath } from "./record.ts";
import { getRecording, getRecordingPath } from "./recordGet.ts";

// Each plays whole demos.
setDefaultTimeout(60_000);

test("the recording shows the demo as it is now; if not: bun run demo:record", async () => {
  const fresh = await recording();
  expect((await Bun.file(recordingPath).text()) === fresh).toBe(true);
  expect(fresh.length).toBeLessThan(200_000);
  // GitHub shows neither scripts nor what is loaded from elsewhere.
  expect(fresh).not.toMatch(/<script|href=|url\(/);
  for (const told of ["2.1 are errors", "10 % of the requests fail", "RolloutAborted", "is invalid"])
    expect(fresh).toContain(told);
});

test("the recording of a watch shows the tree as it is now; if not: bun run demo:record", async () => {
  const fresh = await getRecording();
  expect((await Bun.file(getRecordingPath).text()) === fresh).toBe(true);
  expect(fresh.length).toBeLessThan(200_000);
  for (const told of ["sluice get rollout shop --watch", "CanaryPauseStep", "shop:2.0", "revision:2", "• "])
    expect(fresh).toContain(told);
});

const film = { columns: 20, rows: 3, endMs: 4_000, stillMs: 1_500, description: "A < B" };

test("a row is a strip of what it shows, one after the other; a row that stays has no motion", () => {
  const svg = animatedSvg({
    ...film,
    frames: [
      { atMs: 0, lines: ["same", "one"] },
      { atMs: 1_000, lines: ["same", "two"] },
      { atMs: 2_000, lines: ["same", "two"] },
      { atMs: 3_000, lines: ["same", "one"] },
    ],
  });
  expect(svg).toContain(
    "@keyframes r1{0%{transform:translateY(0px)}25%{transform:translateY(-18px)}75%{transform:translateY(0px)}}",
  );
  expect(svg).toContain("#r1{transform:translateY(-18px)}");
  expect(svg).toContain("animation:r1 4000ms step-end infinite");
  expect(svg).not.toContain("@keyframes r0");
  expect(svg).not.toContain('id="r2"');
  expect(svg).toContain("<title>A &lt; B</title>");
});

test("colours become classes, bars become shapes, and text that stands apart keeps its column", () => {
  const line = "\u001B[92m██\u001B[39m░  a <b>   \u001B[1mc d\u001B[22m";
  const svg = animatedSvg({ ...film, frames: [{ atMs: 0, lines: [line] }] });
  const shapes = [...svg.matchAll(/<(?:rect|text)(?= class| x)[^]*?(?:\/>|<\/text>)/g)].map(([shape]) => shape);
  expect(shapes).toEqual([
    '<rect class="g" x="0" y="2" width="16.8" height="14"/>',
    '<text x="16.8" y="14">░</text>',
    '<text x="42" y="14" textLength="42">a &lt;b&gt;</text>',
    '<text class="s" x="109.2" y="14" textLength="25.2">c d</text>',
  ]);
});
