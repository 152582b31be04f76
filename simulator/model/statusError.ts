import type { Cause } from "./model.ts";

/** metav1.Status of a failure. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: object;
  readonly status: "Failure";
  readonly message: string;
  /** Of a few refusals the API names none. */
  readonly reason?: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    /** What a cause does not say is left out, as Go does. */
    readonly causes?: readonly Partial<Cause>[];
    readonly retryAfterSeconds?: number;
  };
  readonly code: number;
}

const told = (causes: readonly Partial<Cause>[] | undefined) =>
  causes === undefined
    ? undefined
    : {
        causes: causes.map(({ reason = "", message = "", field = "" }) => ({
          ...(reason === "" ? {} : { reason }),
          ...(message === "" ? {} : { message }),
          ...(field === "" ? {} : { field }),
        })),
      };

/** A refusal as the API answers it. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: Status;

  /** `reason`: "NotFound", "AlreadyExists", "Conflict", "Invalid", "BadRequest", …, as the API has it; "" for none. */
  constructor(code: number, reason: string, message: string, details?: Status["details"]) {
    super(message);
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(details === undefined ? {} : { details: { ...details, ...told(details.causes) } }),
      code,
    };
  }
}
