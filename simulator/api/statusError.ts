import type { Cause } from "./model.ts";

/** metav1.Status of a failure. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: object;
  readonly status: "Failure";
  readonly message: string;
  readonly reason: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly causes?: readonly Cause[];
    readonly retryAfterSeconds?: number;
  };
  readonly code: number;
}

/** A refusal as the API answers it. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: Status;

  /** `reason`: "NotFound", "AlreadyExists", "Conflict", "Invalid", "BadRequest", …, as the API has it. */
  constructor(code: number, reason: string, message: string, details?: Status["details"]) {
    super(message);
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}
