/** The answers of Go 1.26 itself: a program with regexp.Compile and MatchString filled in the table. */
import { expect, test } from "bun:test";
import { compileRegexp, searchRegexp, usualBudget } from "./matches.ts";

const TEXTS = "a b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]".split(" ");

/** Pattern, and which of the texts it matches; undefined for what Go does not compile. */
const answers: readonly (readonly [pattern: string, matched: string | undefined])[] = [
  ["(?i)k", "K k"],
  ["(?i)ſ", "ſ s"],
  ["(?i)σ", "σ ς"],
  ["(?i)[k-s]", "K k ſ s"],
  ["^ς$", "ς"],
  ["[^k]", "a b K ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  ["(?i)[^k]", "a b ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  [String.raw`\x{110000}`, undefined],
  [String.raw`\x4`, undefined],
  [String.raw`\18`, undefined],
  [String.raw`\0`, ""],
  [String.raw`\8`, undefined],
  [String.raw`\C`, undefined],
  [String.raw`\p{Lu`, undefined],
  [String.raw`\pX`, undefined],
  ["[a-b-c]", "a b a{,2} a{02} -"],
  ["[a-]", "a a{,2} a{02} -"],
  [String.raw`[\d-z]`, "a{,2} a{02} 1 -"],
  [String.raw`[a-\d]`, undefined],
  ["[[:^alpha:]]", "ſ σ ς é ß ẞ İ 😀 a{,2} a{02} 1 _ - ]"],
  ["[[:foo:]]", undefined],
  ["[]", undefined],
  ["[^]a]", "b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ -"],
  ["(?P<1>a)", "a a{,2} a{02}"],
  ["(?P<é>a)", undefined],
  ["(?P=n)", undefined],
  ["(?>a)", undefined],
  ["(?#c)", undefined],
  ["(?<=a)b", undefined],
  ["(?x)a", undefined],
  ["(?i-)a", undefined],
  ["(?-i)a", "a a{,2} a{02}"],
  ["(?-)a", undefined],
  ["()", "a b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  ["|", "a b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  ["a|", "a b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  ["**", undefined],
  ["a{2}{3}", undefined],
  ["a{,2}", "a{,2}"],
  ["a{0}", "a b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  ["a{02}", "a{02}"],
  ["a{2,1}", undefined],
  ["a{999999999999}", undefined],
  ["a{ 1}", ""],
  ["a*+", undefined],
  [String.raw`\Q`, "a b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  [String.raw`\E`, undefined],
  [String.raw`\Qa.b`, ""],
  ["\\", undefined],
  ["é", "é"],
  ["\ud800", ""],
  ["(?i)İ", "İ"],
  ["(?i)ß", "ß ẞ"],
  [String.raw`\b`, "a b K k s i a{,2} a{02} 1 _"],
  [String.raw`\B`, "ſ σ ς é ß ẞ İ 😀 a{,2} a{02} - ]"],
  ["(?s).", "a b K k ſ s σ ς é ß ẞ İ i 😀 a{,2} a{02} 1 _ - ]"],
  ["(?U)a+", "a a{,2} a{02}"],
  ["a++", undefined],
  [String.raw`\_`, "_"],
  ["\\é", undefined],
  [String.raw`\-`, "-"],
  ["{", "a{,2} a{02}"],
  [String.raw`(?i)\p{Lu}`, "a b K k ſ s σ ς é ß ẞ İ i a{,2} a{02}"],
  [String.raw`\P{^Greek}`, "σ ς"],
  [String.raw`\p{^Lu}`, "a b k ſ s σ ς é ß i 😀 a{,2} a{02} 1 _ - ]"],
  ["[[a]]", ""],
  ["[a&&b]", "a b a{,2} a{02}"],
  ["[[.a.]]", ""],
];

test.each(answers.map(([pattern, matched]) => ({ pattern, matched })))(
  "$pattern is to us what it is to Go",
  ({ pattern, matched }) => {
    const compiled = compileRegexp(pattern, usualBudget());
    if (compiled === "costly") throw new Error("costly");
    const found = compiled === "none" ? undefined : TEXTS.filter((text) => searchRegexp(compiled, text, usualBudget()));
    expect(found?.join(" ")).toBe(matched);
  },
);
