import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";

const module = resolve(import.meta.dir, "processPorts.ts");

/** A process with the ports, which runs `body` and then goes on until something ends it. */
function started(body: string) {
  const script = `import { processPorts } from ${JSON.stringify(module)};
const ports = processPorts("1.2.3", "sluice");
${body}
await ports.out("ready\\n");
setInterval(() => {}, 1_000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
  return { child, reader: child.stdout.getReader() };
}

describe("a command as a process", () => {
  test("that looks at its signal is asked to end, and ends as it wants to", async () => {
    const { child, reader } = started(`ports.signal.addEventListener("abort", () => process.exit(7));`);
    await reader.read();
    child.kill("SIGINT");
    expect(await child.exited).toBe(7);
  }, 60_000);

  test("that does not look at it is ended by a signal at once", async () => {
    const { child, reader } = started("");
    await reader.read();
    child.kill("SIGTERM");
    await child.exited;
    expect(child.signalCode).toBe("SIGTERM");
  }, 60_000);

  test("hears nothing of it when nobody reads on", async () => {
    const { child, reader } = started("");
    await reader.cancel();
    child.kill("SIGTERM");
    await child.exited;
    expect(await child.stderr.text()).toBe("");
  }, 60_000);

  test("is told when nobody reads on", async () => {
    const { child, reader } = started(`ports.unread.addEventListener("abort", () => process.exit(7));
setInterval(() => void ports.out("more\\n"), 20);`);
    await reader.read();
    await reader.cancel();
    expect(await child.exited).toBe(7);
    expect(await child.stderr.text()).toBe("");
  }, 60_000);

  test("knows that a pipe has no columns", async () => {
    const { child, reader } = started("await ports.out(`${ports.columns} ${ports.version} ${ports.program}\\n`);");
    const { value } = await reader.read();
    child.kill();
    expect(new TextDecoder().decode(value)).toStartWith("undefined 1.2.3 sluice\n");
  }, 60_000);
});
