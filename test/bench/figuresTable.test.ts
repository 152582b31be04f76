import { expect, test } from "bun:test";
import { figuresOf } from "./figures.ts";
import { markdownTable, ratios, table } from "./figuresTable.ts";

const MB = 2 ** 20;

const results = new Map([
  [
    "sluice",
    [30, 36, 33].map((burstP99) => figuresOf({ burstP99, burstCpuMs: 20, fleetRss: 64.26 * MB, idleWrites: 0 })),
  ],
  ["reference", [40, 40, 44].map((burstP99) => figuresOf({ burstP99, burstCpuMs: 40, fleetRss: 128 * MB }))],
  ["floor", [30, 30, 30].map((burstP99) => figuresOf({ burstP99 }))],
]);

test("a table shows medians with the spread, and the ratios of runs made one after another", () => {
  expect(table(results, { names: ["burstP99", "fleetRss"], ours: "sluice", heads: { floor: "Deployments" } })).toBe(
    `
|                             |     sluice |  reference | Deployments |     to reference |   to Deployments |
| --------------------------- | ---------: | ---------: | ----------: | ---------------: | ---------------: |
| all at once: Healthy p99, s | 33 (30–36) | 40 (40–44) |          30 | 0.75 (0.75–0.90) | 1.10 (1.00–1.20) |
| with N Rollouts: RSS, MB    |       64.3 |        128 |           – |             0.50 |                – |
`.trim(),
  );
});

test("what nobody measured has no row, and what is no comparison has no ratio", () => {
  const lines = table(results, { ours: "sluice" }).split("\n");
  expect(lines).toHaveLength(6);
  expect(lines.find((line) => line.includes("idle: writes"))).toMatch(/\| +0 \| +– \| +– \| +– \| +– \|$/);
});

test("without ours there are no ratios", () => {
  expect(table(results).split("\n")[0]).toMatch(/^\| +\| +sluice \| +reference \| +floor \|$/);
});

test("a ratio to nothing is none", () => {
  expect(ratios([2, 3, 4], [4, 0])).toEqual([0.5, Number.NaN, Number.NaN]);
});

test("columns are as wide as their widest cell", () => {
  expect(
    markdownTable([
      ["", "ms"],
      ["a request", "12"],
    ]),
  ).toBe("|           |  ms |\n| --------- | --: |\n| a request |  12 |");
});
