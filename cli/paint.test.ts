import { describe, expect, test } from "bun:test";
import { clip, inColour, paintFor, plain, wrap } from "./paint.ts";

describe("colours", () => {
  test("are those of a terminal, unless it cannot or somebody does not want them", () => {
    expect(paintFor({ isTTY: true, env: {} })).toBe(inColour);
    expect(paintFor({ isTTY: false, env: {} })).toBe(plain);
    expect(paintFor({ isTTY: true, env: { TERM: "dumb" } })).toBe(plain);
    expect(paintFor({ isTTY: true, env: { NO_COLOR: "1" } })).toBe(plain);
    expect(paintFor({ isTTY: true, env: { NO_COLOR: "" } })).toBe(inColour);
    expect(paintFor({ isTTY: false, env: { FORCE_COLOR: "1" } })).toBe(inColour);
    expect(paintFor({ isTTY: true, env: { FORCE_COLOR: "0" } })).toBe(plain);
    expect(paintFor({ isTTY: true, env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).toBe(plain);
  });

  test("end where they began", () => {
    expect(inColour("green", "ok")).toBe("\u001B[92mok\u001B[39m");
    expect(inColour("bold", "")).toBe("");
  });
});

describe("a line that is too long", () => {
  test("is cut by what is seen of it", () => {
    expect(clip("abcdef", 3)).toBe("abc");
    expect(clip("abc", 3)).toBe("abc");
    expect(clip("●●●●", 2)).toBe("●●");
    expect(clip(inColour("red", "abcdef"), 3)).toBe("\u001B[91mabc\u001B[0m");
    expect(clip(inColour("red", "abc"), 3)).toBe(inColour("red", "abc"));
  });

  test("is broken at a blank, or where it must", () => {
    expect(wrap("* one two three", 9, "  ")).toEqual(["* one two", "  three"]);
    expect(wrap("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
    expect(wrap("* abcdefgh", 4, "  ")).toEqual(["* ab", "  cd", "  ef", "  gh"]);
    expect(wrap("short", 10)).toEqual(["short"]);
  });
});
