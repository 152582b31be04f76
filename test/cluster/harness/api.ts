import { dirname, resolve } from "node:path";
import { parse } from "yaml";

/** Any Kubernetes object, with the members that all of them have. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly uid: string; readonly name: string; readonly kind: string }[];
}

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

export interface KubeList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

export const patchTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export type PatchType = keyof typeof patchTypes;

/** A refusal by the API server; `code` is the HTTP status. */
export class ApiError extends Error {
  readonly code: number;
  constructor(what: string, code: number, body: string) {
    super(`${what}: HTTP ${code} ${body}`);
    this.code = code;
  }
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  /** Requests only the metadata in the response, where its body does not matter. */
  readonly metadataOnly?: boolean;
}

/** The server's response, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body if it is JSON, else the text. */
  readonly body: unknown;
}

export interface AnswerOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

/**
 * A small client of the Kubernetes API for the tests. Paths are those of the API, such as
 * `/api/v1/namespaces/a/pods/b`.
 */
export interface Api {
  readonly server: string;
  request<T = KubeObject>(method: string, path: string, options?: RequestOptions): Promise<T>;
  /** As `request`, but does not throw on an error status. A body that is a string is sent as it is. */
  answer(method: string, path: string, options?: AnswerOptions): Promise<Answer>;
  get<T = KubeObject>(path: string): Promise<T>;
  list<T = KubeObject>(path: string): Promise<KubeList<T>>;
  create<T = KubeObject>(path: string, object: unknown): Promise<T>;
  patch<T = KubeObject>(path: string, type: PatchType, body: unknown): Promise<T>;
  delete(path: string, body?: unknown): Promise<void>;
  /** Yields events until the server ends the watch or `signal` aborts; throws when it cannot be opened. */
  watch<T = KubeObject>(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>>;
  /** As `watch`, with all parameters in the path's query. */
  open<T>(path: string, signal: AbortSignal, accept?: string): AsyncGenerator<T>;
}

/** Address and credentials for a server. */
interface Place {
  readonly server: string;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly authorization?: string | undefined;
}

interface Kubeconfig {
  readonly "current-context": string;
  readonly contexts: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters: readonly { name: string; cluster: Record<string, string> }[];
  readonly users: readonly { name: string; user: Record<string, unknown> }[];
}

const fromBase64 = (text: string): string => new TextDecoder().decode(Uint8Array.fromBase64(text));

/**
 * The server, TLS material and headers of a kubeconfig's current context (certificates and tokens, no exec plugins).
 */
async function credentials(path: string) {
  const config = parse(await Bun.file(path).text()) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config["current-context"])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster?.server === undefined || user === undefined) {
    throw new Error(`Cannot use ${path}: its current context names no cluster with a server and a user`);
  }
  const material = async (source: Record<string, unknown>, key: string): Promise<string | undefined> => {
    const data = source[`${key}-data`];
    if (typeof data === "string") return fromBase64(data);
    const file = source[key];
    return typeof file === "string" ? Bun.file(resolve(dirname(path), file)).text() : undefined;
  };
  const [ca, cert, key] = await Promise.all([
    material(cluster, "certificate-authority"),
    material(user, "client-certificate"),
    material(user, "client-key"),
  ]);
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(String(cluster["insecure-skip-tls-verify"]) === "true" ? { rejectUnauthorized: false } : {}),
  };
  if (cert === undefined && typeof user.token !== "string") {
    throw new Error(`Cannot use ${path}: the tests need a client certificate or a token, not a plugin`);
  }
  return {
    server: cluster.server,
    tls,
    authorization: typeof user.token === "string" ? `Bearer ${user.token}` : undefined,
  };
}

/** Splits a byte stream into the JSON documents of its lines. */
async function* jsonLines<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
  }
}

const join_ = (path: string, query: string): string => `${path}${path.includes("?") ? "&" : "?"}${query}`;

/** Connects to the API server of a kubeconfig; `userAgent` appears in the audit log. */
export async function connect(kubeconfig: string, userAgent: string): Promise<Api> {
  return connectTo(await credentials(kubeconfig), userAgent);
}

/** As `connect`, without a kubeconfig. */
export function connectTo({ server, tls = {}, authorization }: Place, userAgent: string): Api {
  const headers = { "user-agent": userAgent, ...(authorization === undefined ? {} : { authorization }) };

  const answer = async (method: string, path: string, options: AnswerOptions = {}): Promise<Answer> => {
    const { body, contentType = "application/json", accept = "application/json" } = options;
    const response = await fetch(server + path, {
      method,
      tls,
      headers: { ...headers, accept, ...(body === undefined ? {} : { "content-type": contentType }) },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
  };

  const request = async <T>(method: string, path: string, options: RequestOptions = {}): Promise<T> => {
    const { body, contentType = "application/json", metadataOnly = false } = options;
    const accept = metadataOnly ? "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" : "application/json";
    const response = await fetch(server + path, {
      method,
      tls,
      headers: { ...headers, accept, ...(body === undefined ? {} : { "content-type": contentType }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) throw new ApiError(`${method} ${path}`, response.status, await response.text());
    return (await response.json()) as T;
  };

  async function* open<T>(path: string, signal: AbortSignal, accept = "application/json"): AsyncGenerator<T> {
    const response = await fetch(server + path, { tls, headers: { ...headers, accept }, signal, timeout: false });
    if (!response.ok || response.body === null) {
      throw new ApiError(`watch ${path}`, response.status, await response.text());
    }
    yield* jsonLines<T>(response.body);
  }

  const watch = <T>(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> =>
    open(join_(path, `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`), signal);

  return {
    server,
    request,
    answer,
    watch,
    open,
    get: (path) => request("GET", path),
    list: async <T>(path: string): Promise<KubeList<T>> => {
      const list = await request<{ items: T[] | null; metadata: { resourceVersion: string } }>("GET", path);
      return { items: list.items ?? [], resourceVersion: list.metadata.resourceVersion };
    },
    create: (path, object) => request("POST", path, { body: object }),
    patch: (path, type, body) => request("PATCH", path, { body, contentType: patchTypes[type] }),
    delete: async (path, body) => {
      await request("DELETE", path, { ...(body === undefined ? {} : { body }), metadataOnly: true });
    },
  };
}
