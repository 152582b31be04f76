/**
 * Tokens of Google, found as its libraries find them: a service account's key in a file, that which
 * GOOGLE_APPLICATION_CREDENTIALS names, or the metadata of the machine (GKE's Workload Identity).
 */
import type { Clock } from "../../kube/clock/clock.ts";
import { isFields } from "../../kube/object/goJson.ts";
import { type Exchange, exchangeOnce, type Wire } from "../metrics/measuring/wire/exchange.ts";
import { NoAnswer } from "../metrics/measuring/wire/noAnswer.ts";
import { signedJwt } from "./jwt.ts";
import type { GoogleToken } from "./service.ts";

interface Sources {
  readonly environment: (name: string) => string | undefined;
  readonly readText: (path: string) => Promise<string | undefined>;
}

/** @throws {NoAnswer} */
export type GoogleTokens = (wanted: GoogleToken, signal: AbortSignal) => Promise<string>;

/** A new one is asked for so long before the end of the old one. */
const SPARE_MS = 300_000;
const JWT_S = 3_600;
const MOST_KEPT = 100;
const MOST_BYTES = 65_536;

export function createGoogleTokens(sources: Sources, wire: Wire, clock: Clock): GoogleTokens {
  const kept = new Map<string, { readonly token: string; readonly untilMs: number }>();
  // The machine's own metadata is what nobody else may name.
  const ownWire: Wire = { ...wire, refusal: () => Promise.resolve(undefined) };
  return async ({ scope, keyFile }, signal) => {
    const file = keyFile === "" ? (sources.environment("GOOGLE_APPLICATION_CREDENTIALS") ?? "") : keyFile;
    const key = JSON.stringify([scope, file]);
    const found = kept.get(key);
    if (found !== undefined && clock.now() < found.untilMs - SPARE_MS) return found.token;
    const text =
      file === ""
        ? await asked(ownWire, metadataRequest(sources, scope), signal)
        : await asked(wire, await assertion(sources, file, scope, clock.now()), signal);
    const { access_token: token, expires_in: seconds } = fieldsOf(text);
    if (typeof token !== "string") throw new NoAnswer("no token of Google: its answer has none");
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, { token, untilMs: clock.now() + (typeof seconds === "number" ? seconds * 1_000 : 0) });
    return token;
  };
}

type Request = Pick<Exchange, "method" | "url" | "headers" | "body">;

function metadataRequest({ environment }: Sources, scope: string): Request {
  const host = environment("GCE_METADATA_HOST") ?? "metadata.google.internal";
  const url = new URL(`http://${host}/computeMetadata/v1/instance/service-accounts/default/token`);
  url.searchParams.set("scopes", scope);
  return { method: "GET", url, headers: { "metadata-flavor": "Google" }, body: undefined };
}

/** What a service account asks for a token by. */
async function assertion({ readText }: Sources, file: string, scope: string, nowMs: number): Promise<Request> {
  const text = await readText(file).catch(() => undefined);
  if (text === undefined) throw new NoAnswer("no token of Google: the file of the key is not there");
  const { type, client_email: email, private_key: key, token_uri: uri } = fieldsOf(text);
  if (type !== "service_account" || typeof email !== "string" || typeof key !== "string")
    throw new NoAnswer("no token of Google: the file has no key of a service account");
  const aud = typeof uri === "string" ? uri : "https://oauth2.googleapis.com/token";
  const url = URL.parse(aud);
  if (url === null) throw new NoAnswer("no token of Google: token_uri of the file is not an address");
  const issued = Math.floor(nowMs / 1_000);
  const claims = { iss: email, scope, aud, iat: issued, exp: issued + JWT_S };
  const grant = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: jwtOf(claims, key),
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { method: "POST", url, headers, body: grant.toString() };
}

function jwtOf(claims: object, key: string): string {
  try {
    return signedJwt(claims, key, "");
  } catch {
    throw new NoAnswer("no token of Google: the key of the file is none of RSA in PEM");
  }
}

async function asked(wire: Wire, request: Request, signal: AbortSignal): Promise<string> {
  const { status, body } = await exchangeOnce(wire, {
    ...request,
    insecure: false,
    maxBytes: MOST_BYTES,
    cutsOff: false,
    signal,
  });
  if (status === 200) return body;
  throw new NoAnswer(`no token of Google: ${request.url.host} answered with ${status}`);
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch {
    // Said below: the text may hold a key.
  }
  throw new NoAnswer("no token of Google: what should be JSON is none");
}
