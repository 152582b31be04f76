import { describe, expect, test } from "bun:test";
import { quantileOf, readPage } from "./page.ts";
import { parseSelector } from "./selector.ts";

function sumOf(page: string, text: string): { readonly sum: number; readonly series: number } {
  const selector = parseSelector(text);
  let [sum, series] = [0, 0];
  if (!("problem" in selector)) readPage(page, [{ selector, each: (value) => ((sum += value), (series += 1)) }]);
  return { sum, series };
}

const PAGE = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a,b"} 90 1700000000000
http_requests_total{code="500",path="/\\"}"} 1e1
http_requests_total_other{code="500"} 7
http_requests_total{code="501"} NaN
http_requests_total{code="502" 3
http_requests_total{code="503"} zero
http_requests_total 5
# EOF
`;

describe("a page in Prometheus' text format", () => {
  test.each([
    ["http_requests_total", 105, 3],
    ['http_requests_total{code=~"5.."}', 10, 1],
    ['http_requests_total{path="/a,b"}', 90, 1],
    ['http_requests_total{path="/\\"}"}', 10, 1],
    ['http_requests_total{absent=""}', 105, 3],
    ["http_requests", 0, 0],
  ])("has for %s the sum %p of %p series", (selector, sum, series) => {
    expect(sumOf(PAGE, selector)).toEqual({ sum, series });
  });

  test.each([
    ["HTML", "<html><body>http_requests_total 5</body></html>"],
    ["nothing", ""],
    ["JSON", '{"http_requests_total": 5}'],
    ["an endless line", `http_requests_total{a="${"x".repeat(500_000)}"} 1`],
    ["quotes without end", `http_requests_total{a="${"\\".repeat(9_000)}`],
    ["bytes", "\0\u0001\uFFFD\n".repeat(1_000)],
  ])("that is %s has no such series", (_, page) => {
    expect(sumOf(page, "http_requests_total").series).toBe(0);
  });

  test("of a million series is read in one walk", () => {
    const page = 'm{a="1"} 1\n'.repeat(1_000_000);
    expect(sumOf(page, "m")).toEqual({ sum: 1_000_000, series: 1_000_000 });
  });
});

describe("a quantile", () => {
  const buckets = (counts: Readonly<Record<string, number>>) =>
    new Map(Object.entries(counts).map(([bound, count]) => [bound === "Inf" ? Infinity : Number(bound), count]));

  test.each([
    [{ "0.1": 50, "0.5": 90, Inf: 100 }, 0.5, 0.1],
    [{ "0.1": 50, "0.5": 90, Inf: 100 }, 0.7, 0.3],
    [{ "0.1": 50, "0.5": 90, Inf: 100 }, 0.99, 0.5],
    [{ "0.1": 0, "0.5": 0, Inf: 10 }, 0.5, 0.5],
    [{ Inf: 0 }, 0.5, undefined],
    [{ "0.1": 5 }, 0.5, undefined],
    [{}, 0.5, undefined],
  ])("of %j at %p is %p", (counts, q, expected) => {
    const found = quantileOf(buckets(counts), q);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 9);
  });
});
