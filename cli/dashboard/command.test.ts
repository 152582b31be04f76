/** `sluice dashboard` from its start to its end. */
import { expect, test } from "bun:test";
import { shop } from "../objects/testing.ts";
import { testPorts } from "../testing.ts";
import { run } from "./command.ts";

function started(...args: readonly string[]) {
  const { client, clock } = shop();
  const ending = new AbortController();
  const connect = async () => ({ client, namespace: "shop", source: "a test" });
  const ports = testPorts({ clock, connect, signal: ending.signal });
  const code = run(args, ports);
  return { ports, code, end: () => ending.abort() };
}

async function addressOf({ ports }: ReturnType<typeof started>): Promise<string> {
  for (;;) {
    const [url] = /http:\S+/.exec(ports.told.out) ?? [];
    if (url !== undefined) return url;
    await Bun.sleep(5);
  }
}

test("it says where it is, serves the page there, and ends when it is told to", async () => {
  const dashboard = started("--port", "0", "--read-only");
  const url = await addressOf(dashboard);
  expect(dashboard.ports.told.out).toEndWith("/rollouts/ (acting as a test, read-only). Ctrl-C ends it.\n");
  const session = await fetch(`${url}api/sluice/session`);
  expect(await session.json()).toMatchObject({
    how: "kubeconfig",
    namespace: "shop",
    readOnly: true,
    cluster: "a test",
  });
  const page = await fetch(url);
  expect(page.headers.get("content-type")).toStartWith("text/html");
  expect(await page.text()).toContain('<base href="/rollouts/"');
  dashboard.end();
  expect(await dashboard.code).toBe(0);
  expect(fetch(url)).rejects.toThrow();
});

test("a port that is taken is told, and ends it", async () => {
  const first = started("--port", "0");
  const { port } = new URL(await addressOf(first));
  const second = started("--port", port);
  expect(await second.code).toBe(1);
  expect(second.ports.told.err).toContain(`Cannot serve the dashboard on 127.0.0.1 port ${port}: `);
  first.end();
  await first.code;
});

test("many people are not served with one person's kubeconfig", async () => {
  const { code, ports } = started("--in-cluster");
  expect(await code).toBe(1);
  expect(ports.told.err).toContain("this connection cannot carry their tokens");
});
