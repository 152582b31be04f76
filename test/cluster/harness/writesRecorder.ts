/** Stands before the API server and keeps what commands write: what they print says nothing of it. */
import type { Api } from "./api.ts";

export interface WritesRecorder {
  /** A kubeconfig for it, whose current context has `namespace`. */
  readonly kubeconfig: string;
  /** What has been written below the namespace to objects of these names: `PATCH rollouts/web {"spec":…}`. */
  writesTo(names: readonly string[]): readonly string[];
  stop(): Promise<void>;
}

/** Times of the present are the same text in each run. */
const timeless = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME");

/** What the API server gave an object that was copied; it replaces it. An empty member is none. */
const OF_SERVER = new Set(["uid", "creationTimestamp", "generation", "managedFields", "resourceVersion"]);

/** Each program writes JSON in an order and with blanks of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value)
    .filter(([name, of]) => !OF_SERVER.has(name) && !(name === "generateName" && of === ""))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, of]) => [name, sorted(of)]));
}

const bodyOf = (text: string): string => (text === "" ? "" : JSON.stringify(sorted(JSON.parse(text))));

const encoder = new TextEncoder();

/** The lines of a watch, passed on as they come. */
function streamed(api: Api, path: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  const events = api.open<object>(path, signal);
  return new ReadableStream({
    async pull(controller) {
      const next = await events.next().catch(() => ({ done: true as const, value: undefined }));
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
    },
  });
}

export async function recordWrites(api: Api, namespace: string, file: string): Promise<WritesRecorder> {
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search, searchParams } = new URL(request.url);
      const path = pathname + search;
      const json = { "content-type": "application/json" };
      if (searchParams.get("watch") === "true" || searchParams.get("watch") === "1")
        return new Response(streamed(api, path, request.signal), { headers: json });
      const text = await request.text();
      const { method, headers } = request;
      const contentType = headers.get("content-type") ?? "application/json";
      if (method !== "GET")
        seen.push(timeless(`${method} ${pathname.replace(/^.*?\/namespaces\/[^/]+\//, "")} ${bodyOf(text)}`));
      const answer = await api.answer(method, path, text === "" ? {} : { body: text, contentType });
      const body = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
      return new Response(body, { status: answer.status, headers: json });
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "a", cluster: { server: url } }],
    users: [{ name: "a", user: {} }],
    contexts: [{ name: "a", context: { cluster: "a", user: "a", namespace } }],
    "current-context": "a",
  };
  await Bun.write(file, JSON.stringify(config));
  const isAbout = (write: string, names: readonly string[]): boolean => {
    const [, path = ""] = write.split(" ");
    return (
      names.some((name) => path.split("/")[1] === name) || names.some((name) => write.includes(`"name":"${name}"`))
    );
  };
  return {
    kubeconfig: file,
    writesTo: (names) => seen.filter((write) => isAbout(write, names)),
    stop: () => server.stop(true),
  };
}
