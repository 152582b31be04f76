import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import { ApiError } from "../../../kube/client/apiError.ts";
import { readLines } from "../../../kube/client/readLines.ts";
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import { runReflector } from "../../../kube/runtime/watch.ts";
import { inProcessClient } from "./client.ts";
import type { ApiObject } from "../../model/model.ts";
import { createApiServer } from "../requests/inMemoryServer.ts";

const configMaps = { group: "", version: "v1", plural: "configmaps" };
const path = collectionPath(configMaps, "default");

const bed = () => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const server = createApiServer({ clock });
  return { clock, core: server.core, client: inProcessClient({ server, clock }) };
};

/** Lets only microtasks run. */
const microtasks = async (count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) await Promise.resolve();
};

describe("the client in the process", () => {
  test("hands out the stored objects themselves", async () => {
    const { client, core } = bed();
    const created = await client.request({ method: "POST", path, body: { metadata: { name: "a" } } });
    expect(created).toBe(core.get({ resource: "configmaps", namespace: "default", name: "a" }));
  });

  test("sends what JSON would", async () => {
    const { client } = bed();
    const body = { metadata: { name: "a", labels: { a: undefined, b: "c" } } };
    const { metadata } = await client.request<ApiObject>({ method: "POST", path, body });
    expect(Object.keys(metadata.labels ?? {})).toEqual(["b"]);
  });

  test("fails as the client over HTTP does", async () => {
    const { client } = bed();
    const error: unknown = await client
      .request({ method: "GET", path: objectPath(configMaps, { namespace: "default", name: "a" }) })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 404,
      reason: "NotFound",
      message: 'Cannot get configmaps "default/a": HTTP 404 NotFound: configmaps "a" not found',
    });
  });

  test("passes on what the API server and admission warn of, with an answer and with a refusal", async () => {
    const { clock } = bed();
    const server = createApiServer({
      clock,
      admit: {
        webhook: "w",
        applies: () => true,
        review: async ({ uid, name }) => ({ uid, allowed: name === "a", warnings: ["is risky"] }),
      },
    });
    const client = inProcessClient({ server, clock });
    const warningsOf = async (name: string): Promise<readonly string[]> => {
      const told: string[] = [];
      const body = { metadata: { name }, unknown: 1 };
      const request = { method: "POST", path, body, query: { fieldValidation: "Warn" } } as const;
      await client.request({ ...request, warned: (warnings) => void told.push(...warnings) }).catch(() => undefined);
      return told;
    };
    expect(await warningsOf("a")).toEqual(['unknown field "unknown"', "is risky"]);
    expect(await warningsOf("b")).toContain("is risky");
  });

  test("gives watches as lines, with nothing but microtasks in between", async () => {
    const { client, core } = bed();
    const ending = new AbortController();
    const lines: string[] = [];
    const stream = await client.open({
      method: "GET",
      path,
      query: { watch: true, resourceVersion: core.resourceVersion },
      signal: ending.signal,
    });
    const reading = readLines(
      stream,
      ending.signal,
      (line) => lines.push(line),
      () => {},
    );
    core.create("configmaps", { metadata: { name: "a", namespace: "default" } });
    core.create("configmaps", { metadata: { name: "b", namespace: "default" } });
    await microtasks(50);
    expect(
      lines.map((line) => (JSON.parse(line) as { object: { metadata: { name: string } } }).object.metadata.name),
    ).toEqual(["a", "b"]);
    ending.abort();
    await reading;
  });

  test("feeds the reflector of the loop", async () => {
    const { client, core, clock } = bed();
    core.create("configmaps", { metadata: { name: "a", namespace: "default" } });
    const held = new Set<string>();
    const ending = new AbortController();
    const reflector = runReflector({
      client,
      clock,
      path,
      signal: ending.signal,
      sink: {
        upsert: ({ metadata }) => held.add(metadata.name ?? ""),
        remove: ({ metadata }) => held.delete(metadata.name ?? ""),
        prune: () => {},
      },
    });
    await reflector.hasSynced;
    await clock.advance(0);
    core.create("configmaps", { metadata: { name: "b", namespace: "default" } });
    core.delete({ resource: "configmaps", namespace: "default", name: "a" });
    await clock.advance(0);
    expect([...held]).toEqual(["b"]);
    await clock.advance(200_000);
    expect(reflector.isReady()).toBe(true);
    ending.abort();
    await reflector.done;
  });
});
