import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { LONGEST_LINE } from "./answer.ts";
import { runEval } from "./command.ts";

async function sluiceEval(args: readonly string[], chunks: readonly string[] = []) {
  const told = { out: "", err: "" };
  const code = await runEval(args, {
    async *stdin() {
      for (const chunk of chunks) yield new TextEncoder().encode(chunk);
    },
    out: async (text) => void (told.out += text),
    err: (line) => void (told.err += line),
    program: "sluice",
    now: () => 0,
  });
  return { ...told, code };
}

describe("one condition", () => {
  test.each([
    ["result[0] >= 0.95", "[0.97]", "true"],
    ["result < 5", "7", "false"],
    ["isNaN(result)", "NaN", "true"],
    ["isInf(result[1])", '[1, "+Inf"]', "true"],
    ["result.errors < 5", '{"errors": 3}', "true"],
    ['result == "ok"', '"ok"', "true"],
    ["isNil(result)", "null", "true"],
  ])("%s of %s is %s", async (condition, result, answer) => {
    expect(await sluiceEval([condition, "--result", result])).toEqual({ out: `${answer}\n`, err: "", code: 0 });
  });

  test("that is wrong is told with its place, and what one looks like", async () => {
    const { err, code } = await sluiceEval(["result >", "--result", "1", "--type", "scalar"]);
    expect(code).toBe(1);
    expect(err).toContain("(1:");
    expect(err).toContain("\n | result >\n | ");
    expect(err).toContain("A condition on a scalar is true or false, such as result >= 0.95.");
  });

  test("that gives no truth is an error", async () => {
    expect((await sluiceEval(["result + 1", "--result", "1"])).err).toContain("a condition is true or false");
  });

  test("that would go on for ever ends, and says so", async () => {
    const { err } = await sluiceEval(["all(1..999, all(1..999, all(1..999, # > 0)))", "--result", "1"]);
    expect(err).toContain("it takes too long");
    expect(err).toContain("visit less of the result");
  });

  test.each([
    [[], "nothing to try: give a condition"],
    [["true"], "nothing to try it on: give --result JSON"],
    [["true", "--result", "ok"], "--result is not JSON: ok; a text is written"],
    [["true", "--result", "1", "--type", "matrix"], "Allowed choices are vector, scalar, json"],
    [["true", "--jsonl"], "--jsonl takes all from standard input"],
    [["true", "--result", '["a"]', "--type", "vector"], "the result of a vector is a list of numbers"],
    [["true", "--results", "1"], "unknown option '--results'"],
  ])("%j is refused with what to do", async (args, problem) => {
    const { err, code } = await sluiceEval(args);
    expect([err.startsWith("Error: "), code]).toEqual([true, 1]);
    expect(err).toContain(problem);
  });

  test("--help explains itself", async () => {
    const { out, code } = await sluiceEval(["--help"]);
    expect([code, out.includes("--jsonl")]).toEqual([0, true]);
  });
});

describe("many conditions", () => {
  test("are answered line by line, whatever the lines are", async () => {
    const lines = [
      '{"type": "vector", "result": [0.97], "condition": "result[0] > 0.9"}',
      '{"result": 1, "condition": "result > 2"}',
      "",
      "no JSON",
      "null",
      '{"result": 1}',
      '{"type": "matrix", "result": 1, "condition": "true"}',
      '{"result": [1], "condition": "result[5] > 1"}',
      JSON.stringify({ result: "x".repeat(LONGEST_LINE), condition: "true" }),
      '{"result": 1, "condition": "result == 1"}',
    ];
    const all = lines.join("\n");
    const { out, code } = await sluiceEval(["--jsonl"], [all.slice(0, 30), all.slice(30, 5_000), all.slice(5_000)]);
    const answers = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { value: boolean | null; error?: string });
    expect(code).toBe(0);
    expect(answers.map(({ value }) => value)).toEqual([true, false, null, null, null, null, null, null, true]);
    expect(answers.map(({ error }) => error?.split("\n")[0])).toEqual([
      undefined,
      undefined,
      "the line is not JSON",
      "the line has no condition: it is to be a text",
      "the line has no condition: it is to be a text",
      "the type is one of vector, scalar, json",
      "there is no element 5: the list has 1 (1:7)",
      `the line has more than ${LONGEST_LINE} characters`,
      undefined,
    ]);
  });

  const shared = process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../shared");
  const file = join(shared, "conformance/conditions.jsonl");
  if (existsSync(file)) {
    test("come out as in the reference, through the program", async () => {
      const text = await Bun.file(file).text();
      const main = resolve(import.meta.dir, "../../main.ts");
      const child = Bun.spawn([process.execPath, main, "eval", "--jsonl"], { stdin: new Blob([text]), stdout: "pipe" });
      const answers = (await child.stdout.text()).trimEnd().split("\n");
      const values = (lines: readonly string[]) => lines.map((line) => (JSON.parse(line) as { value: unknown }).value);
      expect(await child.exited).toBe(0);
      expect(values(answers)).toEqual(values(text.trimEnd().split("\n")));
    });
  } else test.skip(`the reference's answers to conditions: no ${file}`, () => {});
});
