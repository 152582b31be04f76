/** Conditions with the answers that expr-lang/expr gives (`conformance/conditions.jsonl` of the shared data). */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseCondition } from "./condition.ts";
import { evaluateCondition } from "./evaluation.ts";
import { fromJson, type Value, vector } from "./syntax/value.ts";

interface Case {
  readonly type: "vector" | "scalar" | "json";
  readonly result: unknown;
  readonly condition: string;
  readonly value: boolean | null;
  readonly error?: string;
}

const shared = process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../shared");
const file = join(shared, "conformance/conditions.jsonl");

/** Numbers that JSON cannot write. */
const SPECIAL: Readonly<Record<string, number>> = { NaN: Number.NaN, "+Inf": Infinity, "-Inf": -Infinity };
const float = (value: unknown): number => SPECIAL[String(value)] ?? Number(value);

function resultOf({ type, result }: Case): Value {
  if (type === "scalar") return float(result);
  return type === "vector" && Array.isArray(result) ? vector(result.map(float)) : fromJson(result);
}

interface Answer {
  readonly value: boolean | null;
  readonly line?: string | undefined;
}

function answer(each: Case): Answer {
  const parsed = parseCondition(each.condition);
  const outcome = "problem" in parsed ? parsed : evaluateCondition(parsed.condition, resultOf(each), 0);
  if ("holds" in outcome) return { value: outcome.holds };
  return { value: null, line: /\((\d+:\d+)\)/.exec(outcome.problem.text)?.[1] };
}

/** The line and column that Go's message ends with; the message is cut off in the file. */
const place = (error = ""): string | undefined => /\((\d+:\d+)\)/.exec(error)?.[1];

if (existsSync(file)) {
  const lines = (await Bun.file(file).text()).split("\n").filter((line) => line !== "");
  const cases = lines.map((line) => JSON.parse(line) as Case);

  describe("conditions come out as in the reference", () => {
    test.each(cases)("$type: $condition", (each) => {
      expect(answer(each).value).toBe(each.value);
    });

    test("errors stand at the same place", () => {
      const placed = cases.filter((each) => place(each.error) !== undefined);
      const elsewhere = placed.filter((each) => answer(each).line !== place(each.error));
      expect([placed.length > 60, elsewhere.map(({ condition }) => condition)]).toEqual([true, []]);
    });
  });
} else {
  test.skip(`the reference's answers to conditions: no ${file}`, () => {});
}
