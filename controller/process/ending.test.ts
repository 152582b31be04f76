import { expect, test } from "bun:test";
import { resolve } from "node:path";

const program = `
  const { endings } = await import(${JSON.stringify(resolve(import.meta.dir, "ending.ts"))});
  const { createUndo } = await import(${JSON.stringify(resolve(import.meta.dir, "undoStack.ts"))});
  const say = (message, fields) => console.log(message, fields?.error?.message ?? "");
  const log = { debug: say, info: say, warn: say, error: say };
  const ending = endings(log, createUndo(() => {}));
  setTimeout(() => {
    if (process.argv[1] === "rejection") void Promise.reject(new Error("boom"));
    else throw new Error("boom");
  });
  await ending.asked;
  console.log("ended in order");
  process.exit(ending.exitCode());
`;

test.each(["exception", "rejection"])(
  "an %s that nobody catches is logged and ends the process in order, with exit code 1",
  async (kind) => {
    const child = Bun.spawn([process.execPath, "-e", program, kind], { stdout: "pipe", stderr: "pipe" });
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect([out, err, code]).toEqual(["An error in Sluice was not caught; stopping boom\nended in order\n", "", 1]);
  },
  60_000,
);
