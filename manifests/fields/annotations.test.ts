import { expect, test } from "bun:test";
import { join } from "node:path";
import * as labels from "../../schema/labels.ts";

const page = await Bun.file(join(import.meta.dir, "../../docs/fields/annotations.md")).text();
const keysOf = (text: string): string[] =>
  Array.from(text.matchAll(/`(sluice\.dev\/[a-z-]+)`/g), ([, key = ""]) => key);

/** Those that are written in one place, which names them itself. */
const elsewhere = [
  "sluice.dev/allow-deletion",
  "sluice.dev/keep",
  "sluice.dev/split-by-rollouts",
  "sluice.dev/session-affinity",
];

test("the page of annotations has each of Sluice's own, and no other", () => {
  const known = Object.values(labels).flatMap((key) =>
    typeof key === "string" && key.startsWith("sluice.dev/") ? [key] : [],
  );
  expect(keysOf(page).toSorted()).toEqual([...known, ...elsewhere].toSorted());
});
