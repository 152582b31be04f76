import { expect, test } from "bun:test";
import { join } from "node:path";
import { marked, withSections, wrapped } from "./page.ts";

const page = `# Figures\n\n${marked("comparison", "old")}\n\nText.\n\n${marked("scale", "kept")}\n`;

test("a measured section replaces what is between its marks, and nothing else", () => {
  expect(withSections(page, { comparison: "| new |\n" })).toBe(
    `# Figures\n\n${marked("comparison", "| new |")}\n\nText.\n\n${marked("scale", "kept")}\n`,
  );
});

test("a page without the marks of a section is an error that names them", () => {
  expect(() => withSections(page, { idle: "new" })).toThrow("no section between <!-- measured: idle -->");
});

test("what is written into the page breaks its lines between words", () => {
  const text = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
  const lines = wrapped(text).split("\n");
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.filter((line) => line.length > 118)).toEqual([]);
  expect(lines.join(" ")).toBe(text);
});

test("docs/performance.md has the marks of everything that is measured for it", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../docs/performance.md")).text();
  const names = ["machine", "times", "writes", "cpu", "memory", "idle", "requests", "account", "scale"];
  const sections = Object.fromEntries(names.map((name) => [name, `figures of ${name}`]));
  for (const [name, content] of Object.entries(sections))
    expect(withSections(text, sections)).toContain(marked(name, content));
});
