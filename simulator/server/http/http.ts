/** The server over HTTP, for kubectl and every other client. */
import { decodeProtobuf } from "../../protobuf/decode.ts";
import { type BodyLimits, bodyLimits, type BodyReader, bodyReader } from "./body.ts";
import { type Doorkeeper, doorkeeper, inUrl, unsupportedType } from "./callers.ts";
import { answered, page, type Page, refusal } from "./front.ts";
import { leftOut } from "./leftOut.ts";
import { bareType, negotiate, served, type Wanted } from "./media.ts";
import type { ApiRequest, ApiResponse, ApiServer, WatchEvent } from "../../model/model.ts";
import { badRequest, notImplemented } from "../state/refusals.ts";
import { StatusError } from "../../model/statusError.ts";
import { messageOf } from "../../../kube/object/errors.ts";

export interface HttpOptions {
  readonly server: ApiServer;
  /** 0 takes a free one. */
  readonly port: number;
  /** 127.0.0.1 by default: there is no authentication. */
  readonly hostname?: string;
  /** Other names by which clients may call, "name" or "name:port": of a tunnel, or this machine's in a container. */
  readonly hosts?: readonly string[];
  /** For tests. */
  readonly limits?: BodyLimits;
}

export interface HttpServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Ends every connection, watches too. */
  stop(): Promise<void>;
}

/** Bun closes connections that are idle for so long (its maximum); watches are exempt. */
const idleSeconds = 255;

/** @throws {Error} when the port is not available */
export function serveHttp(options: HttpOptions): HttpServer {
  const { server, port, hostname = "127.0.0.1", hosts = [], limits = bodyLimits } = options;
  const read = bodyReader(limits);
  let door: Doorkeeper | undefined;
  const listener = Bun.serve({
    port,
    hostname,
    idleTimeout: idleSeconds,
    // Bodies that are too large are refused here, in the API's words, so that clients can show the reason.
    maxRequestBodySize: 64 * 2 ** 20,
    fetch: (request, bun) => {
      door ??= doorkeeper(bun.port ?? port, [hostname, ...hosts]);
      const stranger = door(request);
      return stranger === undefined
        ? respond(request, server, read, () => bun.timeout(request, 0))
        : turnedAway(stranger, request.url);
    },
    error: (error) => answerResponse(refusal(internal(error)), { encoding: "json", as: "" }),
  });
  return {
    url: `http://${inUrl(hostname)}:${listener.port}`,
    stop: () => listener.stop(true),
  };
}

const internal = (error: unknown): StatusError =>
  new StatusError(500, "InternalError", `Internal error occurred: ${messageOf(error)}`);

/** @param neverIdle keeps the connection open however long it is idle. */
async function respond(
  request: Request,
  server: ApiServer,
  read: BodyReader,
  neverIdle: () => void,
): Promise<Response> {
  const accept = request.headers.get("accept");
  const wanted = negotiate(accept);
  const path = pathOf(request);
  if (path instanceof StatusError) return turnedAway(path, request.url);
  // Before the body is read: it may be of a type that this server cannot read.
  const missing = leftOut(new URL(request.url).pathname, server.core);
  if (missing !== undefined) return answerResponse(refusal(missing), wanted ?? { encoding: "json", as: "" });
  const bytes = await read(request);
  if (bytes instanceof StatusError) return turnedAway(bytes, request.url);
  const asked = apiRequest(request, path, bytes);
  if (asked instanceof StatusError) return answerResponse(refusal(asked), wanted ?? { encoding: "json", as: "" });
  const found = page(asked, server, accept);
  if (found?.kind === "page") return pageResponse(found);
  if (wanted === undefined) return answerResponse(refusal(notAcceptable(accept)), { encoding: "json", as: "" });
  const response = found ?? (await answered(asked, server, wanted));
  if (response.kind === "answer") return answerResponse(response, wanted);
  neverIdle();
  return watchResponse(response, request.signal);
}

const types = served.join(", ");

const notAcceptable = (accept: string | null): StatusError =>
  accept?.includes("as=") === true
    ? new StatusError(406, "NotAcceptable", `only the following media types are accepted: ${types}`, {})
    : new StatusError(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${types}`, {});

/**
 * The rest of the body is not read, so the connection cannot be used again. In answers to discovery kubectl shows a
 * text, but not a Status ("unknown"). @param url not to be parsed, as its Host may be anything or missing
 */
function turnedAway(why: StatusError, url: string): Response {
  const { code, message, details } = why.status;
  const retryAfterSeconds = details?.retryAfterSeconds;
  const answer = { ...refusal(why), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  const response = /^(\w+:\/\/[^/]*)?\/apis?\/./.test(url)
    ? answerResponse(answer, { encoding: "json", as: "" })
    : pageResponse({ kind: "page", status: code, mediaType: "text/plain; charset=utf-8", body: `${message}\n` });
  response.headers.set("connection", "close");
  return response;
}

function pathOf({ url }: Request): string | StatusError {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    return badRequest(`the path ${pathname} has a "%" that begins no character in UTF-8`);
  }
}

function apiRequest(request: Request, path: string, bytes: Uint8Array): ApiRequest | StatusError {
  const url = new URL(request.url);
  const contentType = request.headers.get("content-type");
  const userAgent = request.headers.get("user-agent");
  const type = bareType(contentType ?? "");
  const body = bytes.length === 0 ? undefined : bodyOf(bytes, type);
  if (body instanceof StatusError) return body;
  return {
    method: request.method,
    path,
    query: Object.fromEntries(url.searchParams),
    ...(body === undefined ? {} : { body }),
    ...(type === "" ? {} : { contentType: type }),
    ...(userAgent === null ? {} : { userAgent }),
  };
}

/** Parsed by its media type. */
function bodyOf(bytes: Uint8Array, type: string): unknown {
  try {
    switch (type) {
      case "":
      case "application/json":
      case "application/json-patch+json":
      case "application/merge-patch+json":
      case "application/strategic-merge-patch+json":
        return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
      case "application/yaml":
      case "application/apply-patch+yaml":
        return Bun.YAML.parse(new TextDecoder().decode(bytes));
      case "application/vnd.kubernetes.protobuf":
        return protobufBody(bytes);
      default:
        return unsupportedType();
    }
  } catch (error) {
    const why = messageOf(error);
    return badRequest(`the object provided is unrecognized: couldn't get version/kind; parse error: ${why}`);
  }
}

function protobufBody(bytes: Uint8Array): unknown {
  const { apiVersion, kind, object } = decodeProtobuf(bytes);
  if (object !== undefined) return object;
  return notImplemented(`a ${kind} of ${apiVersion} is not read from protobuf: send it as JSON or YAML`);
}

/** Header values are bytes: texts beyond ASCII go as UTF-8, as from the API server. */
const headerText = (text: string): string =>
  String.fromCharCode(...new TextEncoder().encode(text.replaceAll(/[\r\n\t]+/g, " ")));

const warningHeader = (text: string): string => `299 - "${headerText(text).replaceAll(/["\\]/g, "\\$&")}"`;

/** With members in order of name, as in Kubernetes' YAML. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

function answerResponse(response: ApiResponse, { encoding }: Wanted): Response {
  if (response.kind === "watch") throw new Error("a watch is streamed");
  const { status, body, warnings = [], retryAfterSeconds } = response;
  const headers = new Headers({
    "content-type": `application/${encoding}`,
    "cache-control": "no-cache, private",
  });
  for (const warning of warnings) headers.append("warning", warningHeader(warning));
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  const text =
    encoding === "yaml" ? `${Bun.YAML.stringify(sorted(body), undefined, 2)}\n` : `${JSON.stringify(body)}\n`;
  return new Response(text, { status, headers });
}

const pageResponse = ({ status, mediaType, body }: Page): Response =>
  new Response(typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": mediaType, "cache-control": "no-cache" },
  });

type Watch = Extract<ApiResponse, { readonly kind: "watch" }>;

/** One line per event, sent when it happens. When the client goes away, this and the watch end. */
function watchResponse(watch: Watch, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  let stop = (): void => undefined;
  const events = new ReadableStream<Uint8Array>({
    start(controller) {
      let isOpen = true;
      // Bun sends the headers with the first bytes only, and clients wait for them: hence the blank at the start.
      controller.enqueue(encoder.encode(" "));
      const send = (event: WatchEvent): void => {
        if (isOpen) controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`));
      };
      const end = (): void => {
        if (!isOpen) return;
        isOpen = false;
        controller.close();
      };
      const started = watch.start(send, end);
      stop = () => {
        isOpen = false;
        stop = () => undefined;
        started();
      };
      if (signal.aborted) stop();
    },
    cancel: () => stop(),
  });
  signal.addEventListener("abort", () => stop(), { once: true });
  return new Response(events, {
    headers: { "content-type": "application/json", "cache-control": "no-cache, private" },
  });
}
