import { describe, expect, test } from "bun:test";
import { TooCostlyError, within } from "../object/budget.ts";
import { regexpSearch } from "./matches.ts";

const matches = (pattern: string, ...texts: readonly string[]): boolean | undefined => regexpSearch(texts)(pattern);

/** Pattern, text, and what Go's regexp.MatchString answers (false for what does not compile). */
const table: readonly (readonly [sentence: string, pattern: string, text: string, answer: boolean])[] = [
  ["an expression matches anywhere", "rate", "success-rate-5m", true],
  ["anchors hold it to the ends", "^rate$", "success-rate", false],
  ["the empty one matches everything", "", "x", true],
  ["a star alone is no expression", "*", "x", false],
  ["dot and star match everything", ".*", "x", true],
  ["alternatives", "^(error|latency)-p9[59]$", "latency-p99", true],
  ["alternatives that may be empty", "^(|a)b$", "b", true],
  ["one to three times", "^a{1,3}$", "aaa", true],
  ["not four times", "^a{1,3}$", "aaaa", false],
  ["at least twice", "^(ab){2,}$", "ababab", true],
  ["braces without a count stand for themselves", "^a{x}$", "a{x}", true],
  ["a count above a thousand is none", "a{1001}", "a", false],
  ["a repetition of a repetition is none", "a**", "aa", false],
  ["a lazy repetition is one", "^a+?$", "aa", true],
  ["flags at the start", "(?i)RATE", "rate", true],
  ["flags of a group", "^(?i:R)ate$", "Rate", true],
  ["and only of the group", "^(?i:R)ate$", "RATE", false],
  ["looking ahead does not exist", "a(?=b)", "ab", false],
  ["referring back does not exist", String.raw`(a)\1`, "aa", false],
  ["named groups", "(?P<x>a)(?<y>b)", "ab", true],
  ["a name twice, which others refuse", "(?P<x>a)(?P<x>b)", "ab", true],
  ["start and end of the text", String.raw`\Aa\z`, "a", true],
  ["another language's end", String.raw`a\Z`, "a", false],
  ["classes", String.raw`^[a-c\d_-]+$`, "ab-1_", true],
  ["classes that exclude", "^[^a-c]$", "b", false],
  ["a bracket first in its class", "^[]a]+$", "a]", true],
  ["POSIX classes", "^[[:alpha:]]+$", "abc", true],
  ["Unicode properties", String.raw`^\p{Greek}\pL$`, "αb", true],
  ["an unknown property", String.raw`\p{Klingon}`, "x", false],
  ["quoted stretches", String.raw`^\Qa.b\E$`, "a.b", true],
  ["a missing bracket", "(a", "a", false],
  ["one too many", "a)", "a", false],
  ["groups nested without end", `${"(".repeat(2_000)}a${")".repeat(2_000)}`, "a", false],
  ["a backward range", "[z-a]", "m", false],
  ["edges of words", String.raw`\brate\b`, "error rate", true],
  ["line ends only when asked", "(?m)^b$", "a\nb", true],
  ["repetitions that multiply to a thousand", "((a{10}){10}){10}|b", "b", true],
  ["and to more, which Go does not compile", "((a{100}){100}){100}", "a".repeat(100), false],
  ["nothing, a thousand times a thousand", `${"(?:".repeat(4)}${"){1000}".repeat(4)}.`, "a", false],
  ["a lone surrogate is a replacement character", "^\ufffd$", "\ud800", true],
  ["hexadecimal", String.raw`^\x41\x{42}$`, "AB", true],
];

describe("a regular expression of Go's", () => {
  test.each(table.map(([sentence, pattern, text, answer]) => ({ sentence, pattern, text, answer })))(
    "$sentence",
    ({ pattern, text, answer }) => {
      expect(matches(pattern, text)).toBe(answer);
    },
  );

  test("one text among many is enough", () => {
    expect(matches("^b", "a", "b")).toBe(true);
    expect(matches("^b")).toBe(false);
  });

  test("one that would make a backtracking matcher hang takes no time", () => {
    expect(matches("^(a+)+$", `${"a".repeat(5_000)}b`)).toBe(false);
  });

  test("is not judged when that would take too long", () => {
    expect(matches("(abcdefghijklmnopqrstuvwxyz){1000}", "a")).toBeUndefined();
    expect(matches("(a{0,300}){3}", "a".repeat(2_000))).toBeUndefined();
    expect(matches(`(${"a".repeat(120_000)})`, "a")).toBeUndefined();
    expect(matches(`a{${"1".repeat(40_000)}`, "a")).toBeUndefined();
    expect(matches(String.raw`\pL`.repeat(1_000), "a")).toBeUndefined();
    expect(matches(`(?i)[${"B-\u{1e940}".repeat(100)}]`, "a")).toBeUndefined();
    expect(matches(`${"b".repeat(2_000)}ac`, "b".repeat(100_000))).toBeUndefined();
  });

  test("is paid for before it is compiled, by the budget of the judgement too", () => {
    const judged = within(3_000, () => regexpSearch(["a"])("(a{1,900}b)+"));
    expect(judged).toEqual(new TooCostlyError("matching regular expressions"));
    expect(within(3_000, () => regexpSearch(["a"])("^a+$"))).toBe(true);
  });

  test("shares its time with others", () => {
    const search = regexpSearch(["a".repeat(2_000)]);
    const answers = Array.from({ length: 10 }, () => search("^(b+)+$"));
    expect([answers[0], answers.at(-1)]).toEqual([false, undefined]);
  });
});
