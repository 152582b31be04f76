import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../kube/clock/clock.ts";
import { scriptedServer } from "../kube/client/testing.ts";
import { collectionPath } from "../kube/client/path.ts";
import { ROLLOUTS } from "../kube/client/resources.ts";
import { kubeconfigText } from "./devFiles.ts";
import { connected } from "./connection.ts";

async function withKubeconfig<T>(server: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-connection-"));
  try {
    await Bun.write(join(folder, "config"), kubeconfigText(server));
    return await use(join(folder, "config"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const nowhere = { env: {}, home: "/nonexistent", serviceAccountDir: "/nonexistent" };
const facts = { version: "1.2.3", clock: systemClock };
const list = { method: "GET", path: collectionPath(ROLLOUTS, "shop") } as const;

describe("a connection", () => {
  test("is to the server of the kubeconfig, in its namespace, as sluice/VERSION", async () => {
    let agent: string | null = "";
    await using server = scriptedServer((request) => {
      agent = request.headers.get("user-agent");
      return Response.json({ items: [] });
    });
    await withKubeconfig(server.url, async (kubeconfig) => {
      const { client, namespace, source } = await connected({ kubeconfig }, facts);
      expect(await client.request<object>(list)).toEqual({ items: [] });
      expect([namespace, client.server]).toEqual(["default", server.url]);
      expect(source).toContain(kubeconfig);
    });
    expect(agent).toStartWith("sluice/1.2.3");
  });

  test("has the flags' namespace, and their server, before the kubeconfig's", async () => {
    await withKubeconfig("http://127.0.0.1:1", async (kubeconfig) => {
      const given = { kubeconfig, namespace: "shop", server: "http://127.0.0.1:2" };
      const { client, namespace } = await connected(given, facts);
      expect([namespace, client.server]).toEqual(["shop", "http://127.0.0.1:2"]);
    });
  });

  test("gives up a request after --request-timeout, and says how long it waited", async () => {
    await using server = scriptedServer(() => new Promise<Response>(() => {}));
    await withKubeconfig(server.url, async (kubeconfig) => {
      const { client } = await connected({ kubeconfig, requestTimeout: "50ms" }, facts);
      expect(client.request<object>(list)).rejects.toThrow("within 50 ms");
      // The pages of a list have a longer time of their own.
      expect(client.request<object>({ ...list, timeoutMs: 60_000 })).rejects.toThrow("within 50 ms");
    });
  });

  test("is refused where there is nothing to connect to, with what to give", async () => {
    expect(connected({}, { ...facts, places: nowhere })).rejects.toThrow("Give --kubeconfig");
    await withKubeconfig("http://127.0.0.1:1", async (kubeconfig) => {
      expect(connected({ kubeconfig, context: "prod" }, facts)).rejects.toThrow('Cannot use context "prod"');
      expect(connected({ kubeconfig, requestTimeout: "soon" }, facts)).rejects.toThrow("--request-timeout");
    });
  });
});
