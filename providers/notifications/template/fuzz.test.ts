import { expect, test } from "bun:test";
import { join } from "node:path";
import { functions } from "./functions.ts";
import { compileTemplate, TemplateError } from "./template.ts";
import { seededFraction } from "../../../test/seeded.ts";
import { randomTemplate, variablesOf, type Named } from "./testing.ts";

const [first = ""] = (await Bun.file(join(import.meta.dir, "cases.jsonl")).text()).split("\n", 1);
const { value } = JSON.parse(first) as Named;
const names = [...functions(Date.now).keys(), "nope"];

/** What is thrown that is no TemplateError. */
function thrown(text: string): string | undefined {
  try {
    compileTemplate("t", text).render(variablesOf(value));
    return undefined;
  } catch (error) {
    return error instanceof TemplateError ? undefined : `${text}\n${String(error)}`;
  }
}

test("whatever a template says, it renders or fails as a template does", () => {
  const random = seededFraction(1);
  const count = Number(Bun.env["FUZZ"] ?? 1_000);
  const wrong = Array.from({ length: count }, () => thrown(randomTemplate(random, names)));
  expect(wrong.filter((each) => each !== undefined)).toEqual([]);
});

test("a template that was cut or garbled, too", () => {
  const random = seededFraction(2);
  const wrong = Array.from({ length: 500 }, () => {
    const text = randomTemplate(random, names);
    const at = Math.floor(random() * text.length);
    const length = Math.floor(random() * 3);
    return thrown(text.slice(0, at) + "{}()\"'`|.$\\".charAt(Math.floor(random() * 11)) + text.slice(at + length));
  });
  expect(wrong.filter((each) => each !== undefined)).toEqual([]);
});
