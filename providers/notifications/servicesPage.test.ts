/** docs/notifications/services.md says what there is, and its examples are read. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "yaml";
import { SERVICES } from "./services.ts";
import { rendered } from "./testing.ts";

const page = await Bun.file(join(import.meta.dir, "../../docs/notifications/services.md")).text();

/** A heading of a service and what stands below it. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
);

const examplesOf = (type: string): Readonly<Record<string, string>> =>
  Object.assign(
    {},
    ...[...(sections.get(type) ?? "").matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = ""]) => parse(text) as object),
  ) as Readonly<Record<string, string>>;

describe("the page of services", () => {
  test("has a heading for each of them, in their order", () => {
    const types = SERVICES.map(({ type }) => type);
    expect([...sections.keys()].filter((heading) => !heading.includes(" "))).toEqual(types);
    expect(types).toEqual(types.toSorted());
  });

  test.each(SERVICES.map((row) => [row.type, row] as const))("has an example of %s that is read", (type, row) => {
    const examples = Object.entries(examplesOf(type));
    const settings = examples.filter(([key]) => new RegExp(`^service\\.${type}(\\.\\w+)?$`).test(key));
    expect(settings).toHaveLength(1);
    for (const [, text] of settings) row.configure(parse(text));
    const templates = examples.filter(([key]) => key.startsWith("template."));
    // What has a part shows it.
    expect(templates).toHaveLength(row.part === undefined ? 0 : 1);
    for (const [, text] of templates) {
      const notification = rendered(parse(text) as Readonly<Record<string, unknown>>, (each) => each);
      expect(notification.message).not.toBe("");
      expect(notification[row.part ?? ""]).toBeDefined();
    }
  });

  test.each(SERVICES.map(({ type }) => type))(
    "says of %s what a recipient is, and what belongs into the Secret",
    (type) => {
      expect(sections.get(type)).toMatch(/recipient/);
      expect(sections.get(type)).toMatch(/the\s+Secret/);
    },
  );
});
