import { expect, test } from "bun:test";
import { type Followed, followTests } from "./testOutput.ts";

const names = new Set(["a.test.ts", "b/c.test.ts"]);

function follow(lines: readonly string[]): { shown: string[]; followed: Followed } {
  const shown: string[] = [];
  const followed = followTests({ names, total: 2 }, (output) => void shown.push(...output));
  lines.forEach(followed.line);
  return { shown, followed };
}

test("files and tests are counted, and what passes is not shown", () => {
  const first = [
    "",
    "a.test.ts:",
    "a warning",
    "(pass) one [1.00ms]",
    "(skip) two",
    "",
    "b/c.test.ts:",
    "(pass) three",
  ];
  const summary = ["", "1 tests skipped:", "(skip) two", "", " 2 pass", " 1 skip", " 0 fail"];
  const { shown, followed } = follow([...first, "", "a.test.ts:", "(pass) four", ...summary]);
  followed.end();
  expect([shown, followed.progress()]).toEqual([[], "2 of 2 files, 4 tests"]);
});

test("a failure is shown when it comes, with its file and with what was printed since the last test", () => {
  const before = ["a.test.ts:", "of a passing one", "(pass) one", "error: expected"];
  const { shown, followed } = follow([...before, "(fail) two [1.00ms]"]);
  expect(shown).toEqual(["a.test.ts:", "error: expected", "(fail) two [1.00ms]"]);
  followed.line("error: again");
  followed.line("(fail) three");
  expect(shown.slice(3)).toEqual(["error: again", "(fail) three"]);
  expect(followed.progress()).toBe("1 of 2 files, 3 tests, 2 failed");
});

test("the failures that are listed once more at the end are not counted again", () => {
  const { followed } = follow(["a.test.ts:", "(fail) one", "", "1 tests failed:", "(fail) one", " 0 pass", " 1 fail"]);
  expect(followed.progress()).toBe("1 of 2 files, 1 tests, 1 failed");
});

test("a file that breaks off, or cannot be loaded, is shown", () => {
  expect(follow(["a.test.ts:", "✗ a.test.ts (worker crashed: SIGKILL)"]).shown).toEqual([
    "a.test.ts:",
    "✗ a.test.ts (worker crashed: SIGKILL)",
  ]);
  const lines = ["# Unhandled error between tests", "error: Cannot find module './x.ts'"];
  expect(follow(["a.test.ts:", ...lines, "b/c.test.ts:", "(pass) one"]).shown).toEqual(["a.test.ts:", ...lines]);
});

test("the name of a test that looks like a file's heading begins no file, if there is no such file", () => {
  expect(follow(["a.test.ts:", "elsewhere.test.ts:", "(pass) one"]).followed.progress()).toBe("1 of 2 files, 1 tests");
});

test("what a file says that it skips is shown, and the progress of a long test is told", () => {
  const { shown, followed } = follow(["a.test.ts:", "skipped: no helm on PATH", "progress: 7 of 9 worlds"]);
  expect([shown, followed.progress()]).toEqual([["skipped: no helm on PATH"], "1 of 2 files, 0 tests; 7 of 9 worlds"]);
});
