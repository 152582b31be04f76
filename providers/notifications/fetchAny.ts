/**
 * fetch for what fetch itself refuses: GET with a body, which is what a webhook is sent by when its template says
 * nothing of it, and methods of one's own. Bodies get no type that nobody named.
 */
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { Readable } from "node:stream";

const BODIED: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

export async function fetchAny(url: string, init: BunFetchRequestInit): Promise<Response> {
  const { body, method = "GET" } = init;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : undefined;
  if (bytes === undefined && ["GET", "HEAD"].includes(method)) return fetch(url, init);
  if (BODIED.has(method)) return fetch(url, bytes === undefined ? init : { ...init, body: bytes });
  return fetchByNode(url, init, method, bytes ?? new Uint8Array());
}

function fetchByNode(url: string, init: BunFetchRequestInit, method: string, body: Uint8Array): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), "content-length": String(body.length) };
  const { rejectUnauthorized, serverName: servername } = (init.tls ?? {}) as {
    readonly rejectUnauthorized?: boolean;
    readonly serverName?: string;
  };
  const tls = { rejectUnauthorized, ...(servername !== undefined && { servername }) };
  const signal = init.signal ?? undefined;
  return new Promise((resolve, reject) => {
    const made = url.startsWith("https:")
      ? requestTls(url, { method, headers, ...tls, ...(signal && { signal }) })
      : requestPlain(url, { method, headers, ...(signal && { signal }) });
    made.once("error", reject);
    made.once("response", (message) => {
      const given = Object.entries(message.headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as [string, string]],
      );
      const status = message.statusCode ?? 0;
      const isEmpty = status === 204 || status === 304;
      // Waited for by whoever reads the body.
      const stream = isEmpty ? null : (Readable.toWeb(message) as unknown as ReadableStream<Uint8Array>);
      resolve(new Response(stream, { status, headers: given }));
    });
    made.end(body);
  });
}
