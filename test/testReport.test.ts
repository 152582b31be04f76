import { expect, test } from "bun:test";
import { countLine, countsOf, failedOf, slowest, timesOf } from "./testReport.ts";

const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="7" assertions="1" failures="2" skipped="1" time="1.65">
  <testsuite name="a.test.ts" file="a.test.ts" tests="3" assertions="1" failures="1" skipped="1" time="0.5" hostname="h">
    <testcase name="a &lt; b &amp;&#10;c" classname="" time="0.25" file="a.test.ts" line="2" assertions="0" />
    <testcase name="slow" classname="" time="6.5" file="b.test.ts" line="2" assertions="0">
      <failure type="Error" message="name=&quot;x&quot;" />
    </testcase>
  </testsuite>
</testsuites>`;

test("the tests of a report are counted, in the form that is added up", () => {
  expect(countsOf(xml)).toEqual({ passed: 4, failed: 2, skipped: 1 });
  expect(countLine(countsOf(xml))).toBe("4 passed, 2 failed, 1 skipped");
  expect(countLine(countsOf(""))).toBe("0 passed, 0 failed");
});

test("the slowest tests come first, with their names as they were written", () => {
  expect(slowest(timesOf(xml), 2)).toEqual([
    { file: "b.test.ts", name: "slow", seconds: 6.5 },
    { file: "a.test.ts", name: "a < b &\nc", seconds: 0.25 },
  ]);
});

test("those that failed are known by name", () => {
  expect(failedOf(xml).map(({ file, name }) => [file, name])).toEqual([["b.test.ts", "slow"]]);
  expect(failedOf("")).toEqual([]);
});
