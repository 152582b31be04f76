import { describe, expect, test } from "bun:test";
import { findingsIn, lint, rollout } from "./testing.ts";

const canary = "  strategy: { canary: {} }\n";

const bomb = Array.from({ length: 9 }, (_, n) => {
  const before = n === 0 ? "x" : `*a${n - 1}`;
  return `a${n}: &a${n} [${Array.from({ length: 9 }, () => before).join(", ")}]`;
}).join("\n");

describe("a text that was made to do harm is an error with its place", () => {
  test.each([
    ["a megabyte of brackets", "[".repeat(2 ** 20), /1:1: error: .*nests deeper than 500 levels/],
    ["brackets that are closed", `${"[".repeat(5_000)}${"]".repeat(5_000)}`, /nests deeper than 500 levels/],
    ["maps in maps", "{a: ".repeat(2_000), /nests deeper than 500 levels/],
    ["lists in lists", "- ".repeat(2_000), /nests deeper than 500 levels/],
    [
      "indentation without end",
      Array.from({ length: 1_200 }, (_, n) => `${" ".repeat(n)}a:`).join("\n"),
      /nests deeper than/,
    ],
    ["aliases of aliases", bomb, /1:1: error: Excessive alias count/],
    ["an alias of itself", rollout(canary).replace("metadata:", "status: &a { b: *a }\nmetadata:"), /never ends/],
    ["an alias of nothing", rollout(canary).replace("name: web", "name: *nothing"), /Unresolved alias .*nothing/],
    [
      "a member that is there twice",
      rollout(`  replicas: 1\n  replicas: 2\n${canary}`),
      /16:3: error: a member stands there twice/,
    ],
    ["a tab", rollout(canary).replace("  name: web", "\tname: web"), /4:1: error: Tabs are not allowed as indentation/],
    [
      "a template of Helm",
      rollout(canary).replace("name: web", "name: {{ .Values.name }}\n  {{- end }}"),
      /It looks like a template: give what `helm template` prints/,
    ],
    ["a text", "just a text\n", /1:1: error: is not an object of Kubernetes/],
    ["an object without a kind", "apiVersion: v1\n", /1:1: error: has no kind/],
    [
      "names that JavaScript has, too",
      `${rollout(canary)}  __proto__: { x: 1 }\n  constructor: 1\n`,
      /16:3: error: .*unknown field/,
    ],
  ])("%s", async (_, text, wanted) => {
    const { code, out } = await lint(text, ["-f", "-"]);
    expect(code).toBe(1);
    expect(out).toMatch(wanted);
  });

  test("many members take time as their number, not as its square", async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `    k${n}: v`).join("\n");
    const rows = await findingsIn(rollout(canary, `name: web\n  annotations:\n${many}`));
    expect(rows).toEqual([]);
  });
});

describe("a text that is only unusual is read", () => {
  test("with a byte order mark and the line endings of Windows, at the right places", async () => {
    const text = `\uFEFF${rollout("  strategy: { canary: { steps: [{ setWeight: 101 }] } }\n").replaceAll("\n", "\r\n")}`;
    const [row] = await findingsIn(text);
    expect([row?.line, row?.column]).toEqual([15, 46]);
  });

  test("with comments, empty documents and the end of a document", async () => {
    expect(await findingsIn(`# nothing\n---\n---\n${rollout(canary)}...\n---\nnull\n`)).toEqual([]);
  });

  test("with anchors, aliases and merges: what is wrong has the place where it is written", async () => {
    const text = `x-steps: &steps [{ setWeight: 101 }]\n${rollout("  strategy: { canary: { steps: *steps } }\n")}`;
    const rows = (await findingsIn(text)).filter(({ rule }) => rule === "step-weight");
    expect(rows.map(({ line, column }) => [line, column])).toEqual([[1, 31]]);
    const merged = `x: &x { revisionHistoryLimit: -1 }\n${rollout(`  <<: *x\n${canary}`)}`;
    const limits = (await findingsIn(merged)).filter(({ rule }) => rule === "revision-history-limit");
    expect(limits.map(({ line, column }) => [line, column])).toEqual([[1, 31]]);
  });

  test("with characters outside of Latin, whose columns are those of editors", async () => {
    const [row] = await findingsIn(
      rollout('  strategy: { canary: { stableMetadata: { annotations: { "ключ🚀": 1 } } } }\n'),
    );
    expect([row?.line, row?.column]).toEqual([15, 68]);
  });
});
