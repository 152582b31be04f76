/** What a page is told when something cannot be done. */
import { failureText, Refused } from "../../../controller/acting/failure.ts";
import { ApiError } from "../../../kube/client/apiError.ts";
import type { Failure } from "../../model.ts";

const STATUS: Readonly<Record<string, number>> = {
  login: 401,
  csrf: 403,
  origin: 403,
  "read-only": 403,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  rate: 429,
  invalid: 400,
  server: 502,
};

/** Ends the handling of a request. */
export class Failed extends Error {
  override readonly name = "Failed";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export const statusOf = (code: string): number => STATUS[code] ?? 500;

const codeOf = ({ status }: ApiError): string => {
  if (status === 401) return "login";
  if (status === 403) return "forbidden";
  if (status === 404) return "not-found";
  if (status === 409) return "conflict";
  if (status === 400 || status === 422) return "invalid";
  return "server";
};

/** @throws what is no failure that a person can do something about */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failed) return { error: error.message, code: error.code };
  if (error instanceof Refused) return { error: error.message, code: "invalid" };
  if (error instanceof ApiError) return { error: failureText(error), code: codeOf(error) };
  throw error;
}
