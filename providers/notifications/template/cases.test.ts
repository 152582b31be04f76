/**
 * Templates and what Go makes of them (cases.jsonl): lines with a name hold variables, the others a template and what it
 * gave, or the error. The answers are those of Go 1.26's text/template with the functions of sprig 3.3, called as
 * notifications-engine calls them, in the time zone UTC. The templates are those of sprig's documentation and tests, of
 * public catalogues of notifications (their prose made neutral), and of each part of the language. Where Sluice means
 * something else (docs/notifications/templates.md#what-is-different) there is no case.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { compileTemplate, TemplateError } from "./template.ts";
import { variablesOf, type Case, type Named } from "./testing.ts";

const lines = (await Bun.file(join(import.meta.dir, "cases.jsonl")).text())
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Named | Case);
const data = new Map(lines.flatMap((line) => ("name" in line ? [[line.name, line.value] as const] : [])));
const cases = lines.filter((line) => "template" in line);

function answer({ template, data: name }: Case): Pick<Case, "out" | "error"> {
  const value = data.get(name ?? "");
  try {
    return { out: compileTemplate("t", template).render(value && variablesOf(value)) };
  } catch (error) {
    if (error instanceof TemplateError) return { error: error.message };
    throw error;
  }
}

test("templates give what Go gives, and fail with its words", () => {
  expect(cases.length).toBeGreaterThan(1_500);
  const different = cases.flatMap(({ out, error, ...asked }) => {
    const ours = answer(asked);
    return ours.out === out && ours.error === error ? [] : [{ asked, go: out ?? error, ours: ours.out ?? ours.error }];
  });
  expect(different).toEqual([]);
});
