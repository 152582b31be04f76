import { expect, test } from "bun:test";
import { createUndo } from "./undoStack.ts";

test("what was begun is ended once, the last first, also after a step that fails", async () => {
  const done: string[] = [];
  const undo = createUndo((error) => done.push(String(error)));
  undo.push(() => done.push("first"));
  undo.push(async () => {
    await Bun.sleep(0);
    throw new Error("second");
  });
  undo.push(() => done.push("third"));
  await undo.all();
  await undo.all();
  expect(done).toEqual(["third", "Error: second", "first"]);
});
