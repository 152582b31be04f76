/** Errors as the reference's gateway (grpc-gateway v1) answers them. Pure. */
import { failureText, Refused } from "../../../controller/acting/failure.ts";
import { ApiError } from "../../../kube/client/apiError.ts";
import { Failed } from "../failures/failure.ts";

/** Codes of gRPC, and the status of HTTP that the gateway gives to each. */
const CODES = {
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  exhausted: 8,
  unimplemented: 12,
  unauthenticated: 16,
} as const;
const STATUS: Readonly<Record<number, number>> = { 2: 500, 3: 400, 5: 404, 7: 403, 8: 429, 12: 501, 16: 401 };
const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
};

export interface GatewayError {
  readonly status: number;
  readonly body: { readonly code: number; readonly message: string };
}

const made = (code: number, message: string): GatewayError => ({
  status: STATUS[code] ?? 500,
  body: { code, message },
});

const OURS: Readonly<Record<string, number>> = {
  login: CODES.unauthenticated,
  csrf: CODES.permissionDenied,
  origin: CODES.permissionDenied,
  "read-only": CODES.permissionDenied,
  forbidden: CODES.permissionDenied,
  rate: CODES.exhausted,
  invalid: CODES.invalidArgument,
  "not-found": CODES.notFound,
};

/** What the API server refuses is of the code Unknown, as it is there. @throws what is nobody's mistake but ours */
export function gatewayError(error: unknown): GatewayError {
  if (error instanceof Failed) return made(OURS[error.code] ?? CODES.unknown, error.message);
  if (error instanceof Refused) return made(CODES.unknown, error.message);
  if (error instanceof ApiError) return made(CODES.unknown, failureText(error));
  throw error;
}

/** For a path that it does not know, and for another method than the path's. */
export const unimplemented: GatewayError = made(CODES.unimplemented, "Not Implemented");
export const badParameter = (name: string, why: string): GatewayError =>
  made(CODES.invalidArgument, `type mismatch, parameter: ${name}, error: ${why}`);

/** A line of a stream. */
export const streamError = ({ status, body: { code, message } }: GatewayError): object => ({
  error: { grpc_code: code, http_code: status, message, http_status: STATUS_TEXT[status] ?? "Internal Server Error" },
});
