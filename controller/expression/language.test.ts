/** The language of conditions, a sentence for each rule. But for layouts and zones, expr-lang/expr answers the same. */
import { describe, expect, test } from "bun:test";
import { parseCondition } from "./condition.ts";
import { evaluateCondition } from "./evaluation.ts";
import { fromJson, type Value, vector } from "./syntax/value.ts";

/** True, false, or the message of what is wrong. */
function answer(condition: string, result: Value = null): boolean | string {
  const parsed = parseCondition(condition);
  const outcome = "problem" in parsed ? parsed : evaluateCondition(parsed.condition, result, Date.UTC(2026, 0, 2));
  return "holds" in outcome ? outcome.holds : outcome.problem.message;
}

type Row = readonly [sentence: string, condition: string];

const each = (rows: readonly Row[]): { sentence: string; condition: string }[] =>
  rows.map(([sentence, condition]) => ({ sentence, condition }));

const holding: readonly Row[] = [
  ["or binds weaker than and", "true || false && false"],
  ["words and signs are the same operators", "not false and (false or true)"],
  ["not binds tighter than a comparison", "not true == false"],
  ["minus binds weaker than a power", "-2 ** 2 == -4.0"],
  ["powers group to the right", "2 ** 3 ** 2 == 512.0"],
  ["differences group to the left", "10 - 3 - 2 == 5"],
  ["a caret is a power too", "2 ^ 10 == 1024.0"],
  ["comparisons chain", "1 < 2 < 3 and not (1 < 3 < 2)"],
  ["a range binds weaker than a sum", "1..1+2 == [1, 2, 3]"],
  ["?? binds tighter than everything", "1 + nil ?? 2 == 3"],
  ["a pipe gives its left side as the first argument", '"a,b" | split(",") | len() == 2'],
  ["a choice reads to the right", "false ? 1 : false ? 2 : 3 == 3"],
  ["a choice without a middle gives the condition", "true ?: false"],
  ["if and else", "if 1 > 2 { false } else if 2 > 1 { true } else { false }"],
  ["variables hold to the end", "let x = 2; let y = x * 3; y == 6"],
  ["the last of several expressions counts", "false; 1; true"],
  ["a line may have a comment", "true // and more\n"],
  ["a comment may stand inside", "1 /* one */ == 1"],
  ["integers have four notations", "0x1f == 31 && 0b11 == 3 && 0o17 == 15 && 1_000 == 1000"],
  ["floats begin or end with a dot", ".5 + 1. == 1.5"],
  ["texts have escapes", String.raw`"\x41\u00e9\u{1F600}\n" == "Aé😀" + "\n"`],
  ["raw texts have none", '`a\\n` == "a\\\\n"'],
  ["two backticks in a raw text are one", '`a``b` == "a`b"'],
  ["maps take names, texts and numbers as keys", '{a: 1, "b": 2, 3: 4}["3"] == 4'],
  ["keys may be worked out", '{("a" + "b"): 1}.ab == 1'],
  ["lists may end with a comma", "[1, 2,] == [1, 2]"],
  ["words that are operators are members too", '{"in": 1}.in == 1'],
  ["integers divide into floats", "7 / 2 == 3.5"],
  ["a remainder has the sign of the dividend", "-7 % 3 == -1"],
  ["integers wrap around at 64 bits", "9223372036854775807 + 1 < 0"],
  ["floats divide by zero", "1.0 / 0 > 1e300"],
  ["an integer may equal a float", "1 == 1.0 && 2 < 2.5"],
  ["lists count from behind", "[1, 2, 3][-1] == 3"],
  ["slices reach beyond the ends", "[1, 2, 3][-2:10] == [2, 3] && [1, 2][:1] == [1]"],
  ["texts are sliced by bytes", 'len("é") == 1 && "aé"[1:] == "é" && "é"[:1] != "é"'],
  ["what is missing in a map is nil", "{}.x == nil"],
  ["a ? stops at nil", "{}?.x?.y.z == nil"],
  ["in looks into lists and keys of maps", '2 in [1, 2] && "a" in {"a": nil} && 3 not in 1..2'],
  [
    "contains, startsWith, endsWith",
    '"canary" contains "nar" and "canary" startsWith "ca" and "canary" not endsWith "x"',
  ],
  ["matches takes Go's expressions", String.raw`"Canary-1" matches "(?i)^canary-\\d$"`],
  ["nothing matches nil", '(nil ?? {}.x) matches "a" == false'],
  ["a closure may do without braces", "all([1, 2], # > 0) && any([1, 2], {# > 1})"],
  ["a dot in a closure is a member of the element", "map([{v: 1}, {v: 2}], .v) == [1, 2]"],
  ["closures nest", "all([[1], [2]], any(#, # > 0))"],
  ["#index in map and reduce", "map([5, 6], #index) == [0, 1]"],
  ["#acc in reduce", "reduce([1, 2, 3], #acc + #, 10) == 16 && reduce([1, 2, 3], #acc + #) == 6"],
  ["one holds for exactly one", "one([1, 2, 3], # > 2) && none([1], # > 1)"],
  ["find gives the element, findIndex its place", "find([1, 5, 7], # > 2) == 5 && findIndex([1, 5, 7], # > 2) == 1"],
  ["from behind", "findLast([1, 5, 7], # > 2) == 7 && findLastIndex([1, 5, 7], # < 6) == 1"],
  [
    "count and sum with and without a closure",
    "count([1, 2], # > 1) == 1 && count([true, false]) == 1 && sum([1, 2], # * 2) == 6",
  ],
  ["groupBy", "groupBy([1, 2, 3], # % 2)[1] == [1, 3]"],
  ["sort and sortBy", 'sort([3, 1, 2], "desc") == [3, 2, 1] && sortBy([{v: 2}, {v: 1}], .v)[0].v == 1'],
  [
    "max, min, mean, median take lists and numbers",
    "max(1, [5, 2]) == 5 && min([3, 2]) == 2 && mean([1, 2]) == 1.5 && median([3, 1, 2]) == 2.0",
  ],
  ["rounding", "round(2.5) == 3 && round(-2.5) == -3 && floor(1.9) == 1 && ceil(1.1) == 2 && abs(-1) == 1"],
  ["numbers of texts", 'int("42") == 42 && float("1e3") == 1000 && asInt("7") == 7 && asFloat("0x1p-1") == 0.5'],
  [
    "texts of values",
    'string([1, nil, 1.5, "a"]) == "[1 <nil> 1.5 a]" && string(1e6) == "1e+06" && string({b: 1, a: 2}) == "map[a:2 b:1]"',
  ],
  [
    "types by name",
    'type(1) == "int" && type(1.0) == "float" && type(nil) == "nil" && type([]) == "array" && type({}) == "map"',
  ],
  ["JSON there and back", 'fromJSON(toJSON({"a": [1]})) == {"a": [1.0]} && toJSON([]) == "[]"'],
  ["base64 there and back", 'fromBase64(toBase64("é")) == "é"'],
  [
    "texts are trimmed",
    'trim(" a ") == "a" && trim("xax", "x") == "a" && trimPrefix("ab", "a") == "b" && trimSuffix("ab", "b") == "a"',
  ],
  [
    "texts are split and joined",
    'join(split("a,b", ","), "-") == "a-b" && len(splitAfter("a,b", ",")) == 2 && split("ab", "") == ["a", "b"]',
  ],
  [
    "texts are searched and replaced",
    'replace("aab", "a", "x", 1) == "xab" && indexOf("abc", "c") == 2 && lastIndexOf("aba", "a") == 2',
  ],
  [
    "upper and lower keep what has no single letter",
    'upper("aß") == "Aß" && lower("É") == "é" && repeat("ab", 2) == "abab"',
  ],
  [
    "lists are changed",
    "reverse([1, 2]) == [2, 1] && uniq([1, 1, 2]) == [1, 2] && concat([1], [2]) == [1, 2] && flatten([1, [2, [3]]]) == [1, 2, 3]",
  ],
  ["first, last, take", "first([1, 2]) == 1 && last([1, 2]) == 2 && last([]) == nil && take([1, 2], 1) == [1]"],
  [
    "maps become lists and pairs",
    'len(keys({a: 1})) == 1 && values({a: 1}) == [1] && fromPairs([["a", 1]])["a"] == 1 && toPairs({a: 1})[0][1] == 1',
  ],
  [
    "bits",
    "bitand(6, 3) == 2 && bitor(4, 1) == 5 && bitxor(6, 3) == 5 && bitshl(1, 3) == 8 && bitshr(-8, 1) == -4 && bitnot(0) == -1",
  ],
  [
    "times and durations",
    'now() - duration("1h") < now() && date("2024-01-02").Year() == 2024 && duration("90s").Minutes() == 1.5',
  ],
  ["a time is this one", "now().Unix() == 1767312000"],
  ["NaN stays where sorting meets it", 'string(sort([3, 0 / 0, 1])) == "[3 NaN 1]"'],
  ["a byte of no character is escaped in JSON", String.raw`toJSON("é"[:1]) == "\"\\ufffd\""`],
  ["the negative zero stays negative", 'string(abs(-0.0)) == "-0" && string(-0.0) == "-0"'],
  [
    "powers have Go's outcomes",
    "1 ** (0 / 0) == 1.0 && (-1) ** (1 / 0) == 1.0 && 1.1 ** 10 == 2.593742460100002 && 4 ** 0.5 == 2.0",
  ],
  ["bytes", 'b"ab" matches "^a" && len(b"\\xff") == 1'],
  ["$env holds what there is", '"result" in $env && $env["result"] == nil && get($env, "asInt") != nil'],
  ["get does not fail", 'get([1], 5) == nil && get({a: 1}, "b") == nil'],
  // What the reference's compiler computes beforehand.
  ["false and whatever fails", "[1][5] > 1 && false == true || true"],
  ["what follows a found element is not looked at", '[1, "a"] | filter(# > 0) | first() == 1'],
  ["count stops when it knows", 'count([1, 2, "a"], # > 0) > 1'],
  ["two loops over one list are one", 'any([1, "a"], # == 5 || true) || any([1, "a"], # > 0)'],
];

const wrong: readonly (readonly [sentence: string, condition: string, message: string])[] = [
  ["nothing at all", "", "ends too early"],
  ["a name that nobody knows", "results[0] > 1", "unknown name results"],
  ["a comparison of what has no order", '1 > "a"', "> does not take a int and a string"],
  ["a remainder of floats", "1.5 % 2 == 0", "% does not take a float64 and a int"],
  ["a remainder by zero, wherever it stands", "true || 1 % 0 == 0", "% by zero"],
  ["a missing operand", "1 >", "ends too early: expected a value"],
  ["a parenthesis too few", "(1 > 0", "expected )"],
  ["a parenthesis too many", "1 > 0)", "unexpected ): expected an operator or the end"],
  ["?? beside another operator", "nil ?? 5 > 1", "> cannot follow ??"],
  ["an equals sign alone", "1 = 1", "expected an operator or the end"],
  ["a text that does not end", '"a', "is not closed"],
  ["a comment that does not end", "true /* a", "*/ is missing"],
  ["an escape that does not exist", String.raw`"\q" == ""`, "escape"],
  ["a number with letters", "12abc > 1", "not a number: 12abc"],
  ["an integer that is too large", "9223372036854775808 > 1", "too large an integer"],
  ["# outside of a closure", "# > 1", "unexpected #"],
  ["#index where there is none", "filter([1], #index > 0) == []", "no #index"],
  ["a variable declared twice", "let x = 1; let x = 2; true", "exists already"],
  ["a variable with the name of a function", "let len = 1; true", "exists already"],
  ["too few arguments", "len() == 0", "takes 1 argument"],
  ["an argument of the wrong type", 'upper(1) == ""', "upper() does not take a int"],
  ["a closure that is no condition", "all([1], # + 1)", "asks a condition"],
  ["a list by name", "[1].foo == nil", "are found by an integer"],
  ["an element that is not there", "[1][3] == 1", "there is no element 3: the list has 1"],
  ["a member of nil", "{}.x.y == 1", "has no y"],
  ["a regular expression that is none", '"a" matches "(?=b)"', "not a regular expression"],
  ["a text that is no whole number", 'asInt("1.5") == 1', "takes whole numbers"],
  ["a float where a whole number is", "isNaN(len([1]))", "takes a float64"],
  ["JSON of what it cannot say", 'toJSON(0.0 / 0) == ""', "JSON has no NaN"],
  ["an outcome that is no bool", "1 + 1", "gives a int"],
  ["a key that is no text", "{(1): 2} == {}", "a key is a text"],
  ["a list of one type is not to be looked up for another", 'fromJSON("1") in ["a"]', "under a float64"],
  ["a date that is none", 'date("soon") < now()', "not a date"],
  ["a layout of dates", 'date("02.01.2024", "02.01.2006") < now()', "layout is not supported"],
  ["a time zone", 'timezone("Europe/Zurich") == nil', "not supported"],
  ["a method that is not known", "now().Foo() == 1", "has no member Foo"],
];

describe("it holds that", () => {
  test.each(each(holding))("$sentence", ({ condition }) => {
    expect(answer(condition)).toBe(true);
  });
});

describe("it is an error to write", () => {
  test.each(wrong.map(([sentence, condition, message]) => ({ sentence, condition, message })))(
    "$sentence",
    ({ condition, message }) => {
      expect(answer(condition)).toContain(message);
    },
  );
});

describe("a result", () => {
  test("of a query is a list of floats, which the compiler knows", () => {
    expect(answer("result[0] >= 0.95", vector([0.97]))).toBe(true);
    expect(answer('result[0] == "a"', vector([0.97]))).toContain("does not take a float64 and a string");
  });

  test("that is one number is no list", () => {
    expect(answer("result[0] > 0.9", 0.97)).toContain("has no elements");
    expect(answer("result > 0.9", 0.97)).toBe(true);
  });

  test("of JSON may be anything, which shows only when it is looked at", () => {
    const result = fromJson({ ok: true, count: 7, list: [1, 2] });
    expect(answer("result.ok && result.count > 5 && 2 in result.list", result)).toBe(true);
    expect(answer("result.ok || result.nothing.at.all", result)).toBe(true);
    expect(answer('result.count > "5"', result)).toContain("> does not take a float64 and a string");
  });

  test("that is nil has a default, whatever default() is given first", () => {
    expect(answer("default(result, 0) < 0.05", null)).toBe(true);
    expect(answer("isNil(result)", null)).toBe(true);
    expect(answer("isNil(nil)", 1)).toBe(false);
    expect(answer("default(nil, 5) == 1", 1)).toBe(true);
  });
});

describe("a problem", () => {
  test("shows the line and an arrow under the place", () => {
    const parsed = parseCondition("len(result) > 0 &&\n  result[0] >= ");
    expect("problem" in parsed ? parsed.problem.text : "").toBe(
      "it ends too early: expected a value (2:14)\n |   result[0] >= \n | .............^",
    );
  });

  test("counts characters, not bytes", () => {
    const parsed = parseCondition('"é😀" == )');
    expect("problem" in parsed ? [parsed.problem.line, parsed.problem.column] : []).toEqual([1, 9]);
  });
});
