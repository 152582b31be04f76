import { expect, test } from "bun:test";
import { picture, picturePath } from "./pictures.ts";

test("the picture shows what simulate prints now; if not: bun docs/cli/pictures.ts", async () => {
  const fresh = await picture();
  expect((await Bun.file(picturePath).text()) === fresh).toBe(true);
  // GitHub shows neither scripts nor what is loaded from elsewhere.
  expect(fresh).not.toMatch(/<script|href=|url\(/);
});
