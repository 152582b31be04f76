/** Why there is no answer, as a sentence for people. It names a server by its origin only: paths and queries hold tokens. */
import { codeOf } from "../../../../kube/object/errors.ts";

/** Its message may be shown to users. */
export class NoAnswer extends Error {}

/** Nothing was sent there: the address is none that may be asked. */
export class Refused extends NoAnswer {}

/** `https://host:8443`, without user, path and query. */
export const originOf = (url: URL): string => `${url.protocol}//${url.host}`;

/** Codes of failed connections, and what they mean. */
const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ConnectionRefused: "nothing listens there",
  ECONNRESET: "the connection was closed before the answer was complete",
  ConnectionClosed: "the connection was closed before the answer was complete",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  ETIMEDOUT: "it does not answer",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  ENODATA: "its name has no address",
  ESERVFAIL: "its name could not be looked up",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by an authority that is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by an authority that is not known here",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is signed by an authority that is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by an authority that is not known here",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  Malformed_HTTP_Response: "what it sends is not HTTP",
  HPE_INVALID_CONSTANT: "what it sends is not HTTP",
};

/** Nothing reached the server, so that another address of it can be tried. */
export const isUnconnected = (error: unknown): boolean =>
  ["ECONNREFUSED", "ConnectionRefused", "EHOSTUNREACH", "ENETUNREACH"].includes(codeOf(error));

/**
 * A sentence about an error of a connection. Texts of the error itself are not shown, since they may quote what was
 * sent; its code is.
 */
export function unreached(url: URL, error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  const given = codeOf(error);
  const code = given.replace(/^DNS_/, "");
  const unnamed = code === given ? undefined : "its name could not be looked up";
  const known =
    meanings[code] ?? unnamed ?? (/TLS|SSL|CERT/i.test(code) ? "the TLS handshake failed" : "the request failed");
  const named = /^\w{1,60}$/.test(code) ? ` (${code})` : "";
  return new NoAnswer(`no answer from ${originOf(url)}: ${known}${named}`, { cause: error });
}
