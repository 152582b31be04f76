import { afterAll, expect, test } from "bun:test";
import { listeningInodes, steerTo } from "./steering.ts";

const servers: Bun.Server<undefined>[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop(true))));

function serve(name: string, port: number): Bun.Server<undefined> {
  const fetch = (): Response => new Response(name, { headers: { connection: "close" } });
  const server = Bun.serve({ port, hostname: "::", reusePort: true, fetch });
  servers.push(server);
  return server;
}

async function answering(port: number): Promise<string[]> {
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
  return [...new Set(await Promise.all(Array.from({ length: 40 }, ask)))].toSorted();
}

test("finds who listens on a port, and nobody else", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0
   1: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 102 1 0
   2: 0100007F:20FB 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0
   3: 00000000:20FC 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 104 1 0`;
  expect(listeningInodes(table, 0x20fb)).toEqual(["101", "102"]);
});

test.skipIf(process.platform !== "linux")("sends new connections to one of those that share a port", async () => {
  const first = serve("first", 0);
  const port = first.port ?? 0;
  serve("second", port);
  serve("third", port);
  expect(await answering(port)).toEqual(["first", "second", "third"]);
  expect(steerTo(port, 1)).toBe(true);
  expect(await answering(port)).toEqual(["second"]);
  await first.stop(true);
  // The last listener takes the index of the one that ended.
  expect(steerTo(port, 0)).toBe(true);
  expect(await answering(port)).toEqual(["third"]);
});

test("says when nobody listens there", () => {
  expect(steerTo(1, 0)).toBe(false);
});
