/** Whatever a condition contains, it ends soon, and with a value: true, false, or what is wrong. */
import { describe, expect, test } from "bun:test";
import { TooCostlyError, within } from "../../kube/object/budget.ts";
import { conditionProblem, parseCondition } from "./condition.ts";
import { evaluateCondition } from "./evaluation.ts";
import { FLOATS, LIST, NIL, TEXT_MAP } from "./types/types.ts";
import { fromJson, type Value, vector } from "./syntax/value.ts";
import { seededBelow } from "../../test/seeded.ts";

function answer(condition: string, result: Value = null): boolean | string {
  const parsed = parseCondition(condition);
  const outcome = "problem" in parsed ? parsed : evaluateCondition(parsed.condition, result, 0);
  return "holds" in outcome ? outcome.holds : outcome.problem.message;
}

const LONG = "it takes too long";
const LARGE = "it takes too much memory";
const DEEP = "nested";

const endless: readonly (readonly [sentence: string, condition: string, message: string])[] = [
  ["loops in loops in loops", "all(1..999, all(1..999, all(1..999, # > 0)))", LONG],
  ["a text that doubles", 'len(reduce(1..1000, #acc + #acc, "a")) > 0', LARGE],
  ["a list that doubles", "len(reduce(1..100, concat(#acc, #acc), [1])) > 0", LARGE],
  ["a list of lists that doubles", "len(flatten(reduce(1..60, [#acc, #acc], [1]))) > 0", LONG],
  ["its text", "string(reduce(1..60, [#acc, #acc], [1])) == nil", LONG],
  ["its JSON", "toJSON(reduce(1..60, [#acc, #acc], [1])) == nil", LONG],
  ["comparing two of them", "reduce(1..60, [#acc, #acc], [1]) == reduce(1..60, [#acc, #acc], [1])", LONG],
  ["their largest number", "max(reduce(1..60, [#acc, #acc], [1])) > 0", LONG],
  ["their mean", "mean(reduce(1..60, [#acc, #acc], [1])) > 0", LONG],
  ["a list that is nested further and further", "string(reduce(1..1000, [#acc])) == nil", DEEP],
  ["a range without end", "len(0..999999999999) > 0", LARGE],
  ["a repetition without end", 'repeat("ab", 999999) == ""', LARGE],
  ["replacing by much more", 'len(replace(repeat("a", 99999), "a", repeat("b", 99999))) > 0', LARGE],
  ["joining by much more", 'len(reduce(1..40, join([#acc, #acc], #acc), "ab")) > 0', LARGE],
  ["telling many apart", "len(uniq(1..20000)) > 0", LONG],
  ["sorting many", "sortBy(1..400000, -#)[0] == 1", LONG],
  ["parentheses", `${"(".repeat(20_000)}1${")".repeat(20_000)}`, DEEP],
  ["negations", `${"!".repeat(20_000)}true`, DEEP],
  ["additions", `1${"+1".repeat(4_000)} == 1`, DEEP],
  ["members", `result${".a".repeat(4_000)} == 1`, DEEP],
  ["questions", `${"true ? ".repeat(4_000)}1`, DEEP],
  ["branches", `${"if true { true } else ".repeat(4_000)}{ true }`, DEEP],
  ["lists", `${"[".repeat(4_000)}${"]".repeat(4_000)} == []`, DEEP],
  ["closures", `${"all([1], ".repeat(4_000)}true`, DEEP],
  ["comparisons in the middle of comparisons", `${"(0 < ".repeat(100)}1${" < 5 ? 1 : 2)".repeat(100)} == 1`, LONG],
  ["parts", `[${"1,".repeat(11_000)}] == []`, "more than 10000 parts"],
  ["characters", `"${"a".repeat(200_000)}" == ""`, "longer than"],
];

describe("there is an end to", () => {
  test.each(endless.map(([sentence, condition, message]) => ({ sentence, condition, message })))(
    "$sentence",
    ({ condition, message }) => {
      expect(answer(condition)).toContain(message);
    },
  );

  test("regular expressions that would make others backtrack", () => {
    expect(answer('repeat("a", 5000) + "b" matches "^(a+)+$"')).toBe(false);
    expect(answer('all(1..1000, repeat("a", 1000) matches "(a{1,100}){1,9}b")')).toContain("too long");
  });

  test("regular expressions that are large, and those that are made again and again", () => {
    expect(answer('result matches "(abcdefghijklmnopqrstuvwxyz){1000}"', "a")).toContain("too large a regular");
    expect(answer('result matches repeat("a.", 3000)', "a")).toContain("too large a regular");
    expect(answer('any(1..5000, result matches "b+" + string(#))', "a")).toContain(LONG);
    expect(answer('any(1..5000, result matches "b+")', "a")).toBe(false);
  });

  test("texts that are full of beginnings of what is looked for in them", () => {
    const [text, part] = ['repeat("b", 320000)', 'repeat("b", 9990) + "ac" + repeat("b", 9990)'];
    expect(answer(`${text} contains ${part}`)).toBe(false);
    expect(answer(`${text} matches ${part}`)).toBe(false);
    expect(answer(`len(split(${text}, ${part})) == 1`)).toBe(true);
    expect(answer(`replace(${text}, ${part}, "") == ""`)).toBe(false);
    expect(answer(`indexOf(${text}, ${part}) == -1`)).toBe(true);
    expect(answer(`lastIndexOf(${text}, ${part}) == -1`)).toBe(true);
    expect(answer(`let t = ${text}; none(1..1000, t contains "abbbbbbbbbb")`)).toContain(LONG);
  });

  test("beginnings and ends that are compared again and again", () => {
    expect(answer("let t = repeat('a', 900000); all(1..10000, t startsWith t)")).toContain(LONG);
  });

  test("JSON that is nested without end", () => {
    expect(answer(`fromJSON("${"[".repeat(2_000)}${"]".repeat(2_000)}") == nil`)).toContain(DEEP);
  });
});

describe("what a judgement spends on conditions grows with them, and ends it", () => {
  const judged = (condition: string, steps: number): unknown =>
    within(steps, () => {
      const parsed = parseCondition(condition);
      return "condition" in parsed ? conditionProblem(parsed.condition, LIST) : parsed.problem;
    });

  test("by reading", () => {
    expect(judged("-".repeat(50_000), 100_000)).toEqual(new TooCostlyError("reading conditions"));
  });

  test("by checking", () => {
    const long = `[${"len(result),".repeat(2_000)}1] == result`;
    expect(judged(long, 120_000)).toEqual(new TooCostlyError("checking conditions"));
    expect(judged(long, 500_000)).toBeUndefined();
  });

  test("by regular expressions", () => {
    const tests = Array.from({ length: 20 }, (_, i) => `"a" matches "x{1,${i + 100}}"`).join(" || ");
    expect(judged(tests, 20_000)).toEqual(new TooCostlyError("matching regular expressions"));
  });
});

/** 1 MiB each, or so: more than that is never measured. */
const LARGEST: Readonly<Record<string, Value>> = {
  "a list": fromJson(Array.from({ length: 100_000 }, (_, i) => i)),
  maps: fromJson(Array.from({ length: 20_000 }, (_, i) => ({ a: String(i), b: i }))),
  "a text": "ab".repeat(500_000),
  "a map": fromJson(Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))),
};

/** What visits or copies all of it, again and again where it can. */
const GREEDY = [
  "all(1..9999, any(result, # == nil))",
  "any(result, result == [])",
  'len(reduce(1..99, string(result) + #acc, "")) == 1',
  'toJSON(result) == ""',
  "fromJSON(toJSON(result)) == result",
  "sort(result)[0] == 1",
  "uniq(result) == []",
  'all(1..99, len(split(result, "a")) > 1)',
  "all(1..99, len(flatten([result, result])) > 1)",
  "all(1..99, concat(result, result) == result)",
  "all(1..99, upper(result) == result)",
  "all(1..99, keys(result) != [])",
  "sortBy(1..400000, -#)[0] == 1",
];

describe.each(Object.keys(LARGEST))("a measurement of 1 MiB, %s", (name) => {
  test.each(GREEDY)("does not make %p an exception", (condition) => {
    const outcome = answer(condition, LARGEST[name] ?? null);
    expect(typeof outcome === "boolean" || outcome.length > 0).toBe(true);
  });
});

/** What walks through a whole text, by which a step would be longer than all the others together. */
const WALKS = [
  'all(1..99, toJSON(result) != "")',
  "all(1..99, len(result) > 0)",
  'all(1..99, trim(result) != "x")',
  'any(1..999, trim(result, "abäö") == "x")',
  'all(1..99, upper(result) != "")',
  'all(1..99, splitAfter(result, "") != [])',
  'all(1..99, replace(result, "a", "") != "")',
  'all(1..99, result matches "[^x]*$")',
  "all(1..9999, result matches 'x+y')",
  "all(1..99, fromJSON(toJSON(result)) == result)",
  'all(1..99, fromBase64(toBase64(result)) != "")',
];

describe.each([
  ["ASCII", "ab".repeat(500_000)],
  ["other characters", "Ã¤Ã¶".repeat(250_000)],
])("a text of 1 MiB of %s", (_, text) => {
  test.each(WALKS)("costs %p its length each time", (condition) => {
    expect(answer(condition, text)).toContain(LONG);
  });
});

describe("what is usual is far from those ends", () => {
  test("twenty thousand samples: more than an answer of a Prometheus has within 1 MiB", () => {
    expect(answer("all(result, # < 5)", vector(Array.from({ length: 20_000 }, () => 1)))).toBe(true);
  });

  test("three hundred alternatives", () => {
    expect(answer(`false${" || result > 1".repeat(300)}`, 2)).toBe(true);
  });
});

const WORDS = (
  "result result[0] result.a asInt asFloat isNaN default len all any filter map reduce sortBy groupBy find count sum now date " +
  "duration max median string toJSON fromJSON split get keys ( ) [ ] { } , ; : :: . ?. ? ?? .. | || && ! not in and or if else " +
  'let x = == != < > <= >= + - * / % ** ^ # #acc #index ## .v 0 1 -1 2.5 1e3 0x1f 1_0 .5 true false nil "a" \'b\' `c` b"d" ' +
  '"\\x41" " // /* */ é 😀 \\ @ matches contains startsWith $env'
).split(" ");

const RESULTS: readonly Value[] = [
  null,
  true,
  0.5,
  Number.NaN,
  "text",
  vector([]),
  vector([1, Number.NaN]),
  fromJson({ a: 1, v: [1, "x", null], "": {} }),
  fromJson([1, "a", [2]]),
];

describe("nothing is thrown", () => {
  test("by words in any order", () => {
    const pick = seededBelow(7);
    const word = (): string => WORDS[pick(WORDS.length)] ?? "";
    for (let round = 0; round < 20_000; round++) {
      const source = Array.from({ length: 1 + pick(9) }, word).join(pick(3) === 0 ? "" : " ");
      const outcome = answer(source, RESULTS[pick(RESULTS.length)]);
      expect(typeof outcome === "boolean" || outcome.length > 0, source).toBe(true);
    }
  });

  test("by characters in any order", () => {
    const pick = seededBelow(11);
    for (let round = 0; round < 20_000; round++) {
      const codes = Array.from({ length: pick(20) }, () => (pick(9) === 0 ? pick(0x1_10_00) : 32 + pick(95)));
      expect(() => answer(String.fromCharCode(...codes))).not.toThrow();
    }
  });

  test("by what is true of some results only", () => {
    const pick = seededBelow(13);
    const calls = ["# > 1", ".a", "#", "-#", "string(#)", "{#: 1}", "#[0]", "not #"];
    const functions = WORDS.filter((name) => /^[a-zA-Z]{3,}$/.test(name));
    for (let round = 0; round < 10_000; round++) {
      const name = functions[pick(functions.length)] ?? "len";
      const source = `${name}(result, ${calls[pick(calls.length)] ?? "#"}) ${["==", "in", "<", "+"][pick(4)] ?? "=="} result`;
      expect(() => answer(source, RESULTS[pick(RESULTS.length)])).not.toThrow();
    }
  });

  test("by looking at a condition without a result", () => {
    const pick = seededBelow(17);
    for (let round = 0; round < 5_000; round++) {
      const source = Array.from({ length: 1 + pick(7) }, () => WORDS[pick(WORDS.length)] ?? "").join(" ");
      const parsed = parseCondition(source);
      if ("problem" in parsed) continue;
      for (const type of [FLOATS, LIST, NIL, TEXT_MAP])
        expect(() => conditionProblem(parsed.condition, type)).not.toThrow();
    }
  });
});
