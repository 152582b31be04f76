import { describe, type Target } from "./target.ts";

/** The API server's `Status` object (meta/v1), with the members that we read. */
export interface Status {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: StatusDetails;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}

/**
 * A request to the API server that did not succeed. `status` is the HTTP status, or 0 when there was no answer; then
 * `reason` is "Unreachable", "Timeout", "Aborted", "Credentials" or "TooLarge". Otherwise `reason` is the server's
 * ("NotFound", "AlreadyExists", "Conflict", "Expired", …). `cause` is the Status object or the error of the network.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** How long the server asked us to wait, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    facts: { status: number; reason: string; details?: StatusDetails; retryAfterSeconds?: number; cause?: unknown },
  ) {
    super(message, { cause: facts.cause });
    this.status = facts.status;
    this.reason = facts.reason;
    this.details = facts.details;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

const hasStatus = (error: unknown, status: number, reason?: string): boolean =>
  error instanceof ApiError && error.status === status && (reason === undefined || error.reason === reason);

export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
/** A resourceVersion (or uid) precondition failed: the object was changed meanwhile. Read it again. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409) && !isAlreadyExists(error);
export const isAlreadyExists = (error: unknown): boolean => hasStatus(error, 409, "AlreadyExists");
/** 410: the resourceVersion or continue token is too old: list again. */
export const isExpired = (error: unknown): boolean => hasStatus(error, 410);
/** There was no answer: the server may or may not have done what was asked. */
export const isNoAnswer = (error: unknown): boolean => hasStatus(error, 0);
/** The answer has more than `mostBytes` of the request. */
export const isTooLarge = (error: unknown): boolean => hasStatus(error, 0, "TooLarge");

/** Nothing can be created in the namespace any more: it is being deleted, or is gone. */
export const isLeavingNamespace = (error: unknown): boolean => {
  if (!(error instanceof ApiError)) return false;
  const { status, details } = error;
  if (status === 404) return details?.kind === "namespaces";
  return status === 403 && details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") === true;
};
/** No answer, or one caused by the server rather than by the request: the same request may succeed later. */
export const isBusyServer = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);

const reasons: { readonly [status: number]: string } = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Gone",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  502: "BadGateway",
  503: "ServiceUnavailable",
  504: "Timeout",
};

const asStatus = (body: string): Status | undefined => {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && "kind" in parsed && parsed.kind === "Status"
      ? (parsed as Status)
      : undefined;
  } catch {
    return undefined;
  }
};

/** From an answer that is not 2xx. `retryAfter`: the header in seconds (no API server sends HTTP dates: ignored). */
export const refused = (target: Target, status: number, body: string, retryAfter: string | null): ApiError => {
  const answer = asStatus(body);
  const reason = answer?.reason || (reasons[status] ?? "Unknown");
  const headerSeconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const retryAfterSeconds = Number.isFinite(headerSeconds) ? headerSeconds : answer?.details?.retryAfterSeconds;
  // A proxy's error page is cut short: it only has to show who answered. And a server may quote the whole object.
  const why = answer?.message?.slice(0, 1_000) ?? body.trim().slice(0, 200);
  return new ApiError(`Cannot ${describe(target)}: HTTP ${status} ${reason}${why === "" ? "" : `: ${why}`}`, {
    status,
    reason,
    cause: answer ?? body.slice(0, 200),
    ...(answer?.details !== undefined && { details: answer.details }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
};

/** From a watch's ERROR event. */
export const watchError = (target: Target, answer: Status): ApiError => {
  const status = answer.code ?? 500;
  const reason = answer.reason || (reasons[status] ?? "Unknown");
  return new ApiError(`Cannot ${describe(target)}: ${status} ${reason}: ${answer.message ?? "no message"}`, {
    status,
    reason,
    cause: answer,
    ...(answer.details !== undefined && { details: answer.details }),
    ...(answer.details?.retryAfterSeconds !== undefined && { retryAfterSeconds: answer.details.retryAfterSeconds }),
  });
};

/** For a request that got no answer. */
export const unanswered = (
  target: Target,
  reason: "Unreachable" | "Timeout" | "Aborted" | "Credentials" | "TooLarge",
  why: string,
  cause: unknown,
): ApiError => new ApiError(`Cannot ${describe(target)}: ${why}`, { status: 0, reason, cause });
