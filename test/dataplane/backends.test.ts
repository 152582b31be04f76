import { expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import type { Api, WatchEvent } from "../cluster/harness/api.ts";
import { freePort } from "../cluster/harness/ports.ts";
import { until } from "../cluster/harness/until.ts";
import { startBackends } from "./backends.ts";
import { percentOf, sendRequests } from "./load.ts";

/** A namespace without pods at first, whose watch yields what is emitted. */
function emptyNamespace() {
  const events: WatchEvent<object>[] = [];
  let wake = (): void => undefined;
  async function* watch(_path: string, _version: string, signal: AbortSignal) {
    for (;;) {
      const event = events.shift();
      if (event !== undefined) yield event;
      else if (signal.aborted) return;
      else await new Promise<void>((resolve) => ((wake = resolve), signal.addEventListener("abort", () => resolve())));
    }
  }
  const api = { list: async () => ({ items: [], resourceVersion: "1" }), watch } as unknown as Api;
  const emit = (type: "ADDED" | "MODIFIED" | "DELETED", object: object): void => {
    events.push({ type, object });
    wake();
  };
  return { api, emit };
}

test("a pod answers with its name and version from its address on, while it ends too, and not once it is gone", async () => {
  const { api, emit } = emptyNamespace();
  const port = freePort();
  const pod = (more: object = {}, status: object = {}) => ({
    metadata: { name: "web-a", labels: { [HASH_LABEL]: "a" }, ...more },
    spec: { containers: [{ ports: [{ containerPort: port }] }] },
    status,
  });
  const backends = await startBackends(api, "shop", { areReal: false, of: (ip) => ip.replace(/^10\./, "127.") });
  const target = { url: `http://127.0.0.9:${port}/`, headers: {} };
  emit("ADDED", pod());
  emit("MODIFIED", pod({}, { podIP: "10.0.0.9" }));
  await until("it listens", () => backends.listening().length === 1, 5000);
  expect(percentOf(await sendRequests(target, 10), "a")).toBe(100);
  expect(backends.late()).toBe(0);
  emit("MODIFIED", pod({ deletionTimestamp: "2030-01-01T00:00:00Z" }, { podIP: "10.0.0.9" }));
  await until(
    "it is late",
    async () => (await sendRequests(target, 1)).failures.length === 0 && backends.late() > 0,
    5000,
  );
  emit("DELETED", pod({ deletionTimestamp: "2030-01-01T00:00:00Z" }, { podIP: "10.0.0.9" }));
  await until("it is gone", async () => (await sendRequests(target, 1)).failures.length === 1, 5000);
  expect(backends.listening()).toEqual([]);
  await backends.stop();
});
