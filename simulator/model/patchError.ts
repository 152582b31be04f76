import { StatusError } from "./statusError.ts";

const reasons = {
  400: "BadRequest",
  413: "RequestEntityTooLarge",
  422: "Invalid",
  // The API gives no reason for an error that it did not foresee.
  500: "",
} as const;

/** A patch that cannot be read or does not fit the object, as the API answers it. */
export class PatchError extends StatusError {
  /** What is wrong, for people: of most patches that do not apply the API reports only that it refuses them. */
  readonly why: string;

  constructor(code: keyof typeof reasons, message: string, why = message) {
    super(code, reasons[code], message, code === 400 || code === 500 ? undefined : {});
    this.why = why;
  }
}

/** The body is not a JSON patch or merge patch (HTTP 400). */
export const undecodable = (problem: string): PatchError => new PatchError(400, `error decoding patch: ${problem}`);

/** The patch does not apply to this object (HTTP 422, always in the same words). */
export const inapplicable = (why: string): PatchError =>
  new PatchError(422, "the server rejected our request due to an error in our request", why);

/** The word of Go's decoder for a value that it did not expect. */
export function goJsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
