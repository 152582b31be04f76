/** The files of the pages; any other path is one of the page's own. */
import { createHash } from "node:crypto";
import type { PageFile, PageFiles } from "./options.ts";

const INDEX = "index.html";

/** One that is not there; below the first part there are no files but assets: names of Rollouts may have a dot. */
const looksLikeFile = (path: string): boolean =>
  path.startsWith("assets/") || (!path.includes("/") && /\.[a-z\d]{1,8}$/i.test(path));

export interface Pages {
  /** @param path below the root, without a slash before it */
  answer(request: Request, path: string): Promise<Response>;
}

interface Ready {
  readonly body: Uint8Array | string;
  readonly gzip: Uint8Array | undefined;
  readonly type: string;
  readonly etag: string;
}

export function createPages(files: PageFiles, root: string): Pages {
  let known: Promise<ReadonlyMap<string, Ready>> | undefined;
  const load = async (): Promise<ReadonlyMap<string, Ready>> =>
    new Map([...(await files())].map(([path, file]) => [path.replace(/^\//, ""), readied(file, root)]));
  return {
    async answer(request, path) {
      known ??= load();
      const all = await known.catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      const file = all.get(path) ?? (looksLikeFile(path) ? undefined : all.get(INDEX));
      if (file === undefined) return missing();
      if (request.method !== "GET" && request.method !== "HEAD")
        return new Response("not here\n", { status: 405, headers: { allow: "GET, HEAD" } });
      return sent(request, path, file);
    },
  };
}

const missing = (): Response => new Response("not found\n", { status: 404, headers: { "content-type": "text/plain" } });

const BASE = /<base\b[^>]*>/i;

/** Pages name their files relative to the root, at whatever path they were asked for. */
const withBase = (text: string, root: string): string => {
  const base = `<base href="${root}/">`;
  return BASE.test(text) ? text.replace(BASE, base) : text.replace(/<head\b[^>]*>/i, (head) => `${head}${base}`);
};

function readied({ body, type, gzip }: PageFile, root: string): Ready {
  const isPage = type.startsWith("text/html");
  const text = typeof body === "string" ? body : isPage ? new TextDecoder().decode(body) : undefined;
  const whole = isPage && text !== undefined ? withBase(text, root) : body;
  const etag = `"${createHash("sha256").update(whole).digest("base64url").slice(0, 24)}"`;
  const compressed =
    isPage || gzip === undefined ? Bun.gzipSync(typeof whole === "string" ? whole : new Uint8Array(whole)) : gzip;
  return { body: whole, type, etag, gzip: compressed.length < whole.length ? compressed : undefined };
}

function sent({ headers, method }: Request, path: string, { body, gzip, type, etag }: Ready): Response {
  // Names of assets have a hash of their content. Of all else a change is seen at the next look.
  const caching = path.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  const common = { "content-type": type, "cache-control": caching, etag, vary: "accept-encoding" };
  if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: common });
  const isGzip = gzip !== undefined && /\bgzip\b/.test(headers.get("accept-encoding") ?? "");
  const content = isGzip ? gzip : body;
  return new Response(method === "HEAD" ? null : (content as string | Uint8Array<ArrayBuffer>), {
    headers: { ...common, ...(isGzip && { "content-encoding": "gzip" }) },
  });
}
