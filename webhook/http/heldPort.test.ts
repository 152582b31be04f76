import { expect, test } from "bun:test";
import { holdPort } from "./heldPort.ts";

test("a port that is held is nobody else's, and is shared with the webhook that takes it over", async () => {
  const held = await holdPort(0, "127.0.0.1");
  expect(() => Bun.serve({ port: held.port, hostname: "127.0.0.1", fetch: () => new Response() })).toThrow();
  const webhook = Bun.serve({
    port: held.port,
    hostname: "127.0.0.1",
    reusePort: true,
    fetch: () => new Response("webhook"),
  });
  await held.release();
  const answer = await fetch(`http://127.0.0.1:${held.port}/`, { keepalive: false });
  expect(await answer.text()).toBe("webhook");
  await webhook.stop(true);
});

const refusalOf = async (port: number, address: string | undefined): Promise<string> => {
  const outcome = await holdPort(port, address).catch((error: unknown) => error);
  return outcome instanceof Error ? outcome.message : "held";
};

test("a port on which another process listens is refused, also where that one would share it", async () => {
  for (const reusePort of [false, true]) {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", reusePort, fetch: () => new Response() });
    const port = other.port ?? 0;
    const refusals = [await refusalOf(port, "127.0.0.1"), await refusalOf(port, undefined)];
    expect(refusals).toEqual([
      `Cannot listen on port ${port} of 127.0.0.1 (--webhook-port): is another process using it?`,
      `Cannot listen on port ${port} (--webhook-port): is another process using it?`,
    ]);
    await other.stop(true);
  }
});
