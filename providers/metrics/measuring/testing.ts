/** Servers for the tests of what is measured over HTTP. */
import { expect } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import type { Asking, HttpQuestion } from "../provider.ts";
import { createSendHttp, type HttpOptions, type SendHttp } from "./http.ts";
import type { MeasuringPorts } from "./measure.ts";

export const question = (url: string, more: Partial<HttpQuestion> = {}): HttpQuestion => ({
  to: "address",
  method: "GET",
  url,
  timeoutMs: 20_000,
  ...more,
});

/** A sender that may reach this machine, and nothing of the environment. */
export const sender = (more: Partial<HttpOptions> = {}) =>
  createSendHttp({
    version: "1.2.3",
    addresses: { allow: ["127.0.0.0/8"], deny: [] },
    apiServers: [],
    environment: () => undefined,
    readText: () => Promise.resolve(undefined),
    ...more,
  });

/** A text with, or like, this one. */
export const like = (text: string | RegExp): unknown =>
  typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text);

export const environmentOf =
  (values: Readonly<Record<string, string>>) =>
  (name: string): string | undefined =>
    values[name];

/** A question as it came over the wire. */
export interface Recorded {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RecordingServer extends Disposable {
  readonly url: string;
  readonly port: number;
  readonly recorded: Recorded[];
}

/** Answers as `answer` says, and keeps what it was asked. */
export function recordingServer(
  answer: (request: Recorded) => Response,
  tls?: { readonly cert: string; readonly key: string },
): RecordingServer {
  const recorded: Recorded[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(tls !== undefined && { tls }),
    async fetch(request) {
      const url = new URL(request.url);
      const seen = {
        method: request.method,
        path: url.pathname + url.search,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      };
      recorded.push(seen);
      return answer(seen);
    },
  });
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    recorded,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** Answers each connection as `talk` says, HTTP or not. */
export async function rawServer(talk: (socket: Socket) => void): Promise<Disposable & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", () => talk(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What is known of a measurement with these settings. */
export const askingOf = (settings: unknown, environment: Readonly<Record<string, string>> = {}): Asking => ({
  settings,
  metric: "m",
  intervalMs: undefined,
  run: { namespace: "prod", name: "run", uid: "u", labels: {} },
  now: 0,
  secret: () => undefined,
  environment: environmentOf(environment),
});

/** Ports that ask addresses only. */
export const reaching = (http: SendHttp): MeasuringPorts => ({
  http,
  kube: () => Promise.resolve({ kind: "failed", message: "Kubernetes is not asked" }),
  signal: new AbortController().signal,
});
