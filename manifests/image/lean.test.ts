import { expect, test } from "bun:test";
import { runInThisContext } from "node:vm";
import { loadingLate } from "./lean.ts";

/** What the text evaluates to. */
const evaluated = (text: string): unknown => runInThisContext(`(() => { ${text} })()`);

test("a module that a start does not need is loaded when one of its members is read", () => {
  const text = loadingLate(
    'import childProcess from "node:child_process"; return [typeof childProcess.spawn, childProcess.nothing];',
  );
  expect(text).not.toContain("import ");
  expect(evaluated(text)).toEqual(["function", undefined]);
});

test("so is one whose members are imported by names, or by new names, or as a whole", () => {
  expect(
    evaluated(loadingLate('import { isIP, isIPv4 as isOld } from "net"; return [isIP("::1"), isOld("::1")];')),
  ).toEqual([6, false]);
  expect(evaluated(loadingLate("import * as zlib from 'node:zlib'; return zlib.constants.Z_BEST_SPEED;"))).toBe(1);
});

test("one that is required is loaded where it is required", () => {
  expect(evaluated(loadingLate('const { isIP } = require("net"); return isIP("1.2.3.4");'))).toBe(4);
});

test("types, other modules, and what only looks like one of them stay as they are", () => {
  for (const text of [
    'import type https from "node:https";',
    'import { readFileSync } from "node:fs";',
    'import { connect } from "./net";',
    'import tls from "tls-of-somebody";',
    'const undici = await import("undici");',
  ]) {
    expect(loadingLate(text)).toBe(text);
  }
});
