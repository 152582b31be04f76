import type { Cause } from "./model.ts";

/** metav1.Status of a failure. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: object;
  readonly status: "Failure";
  readonly message: string;
  /** For a few refusals the API gives no reason. */
  readonly reason?: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    /** Empty members of a cause are left out, as in Go. */
    readonly causes?: readonly Partial<Cause>[];
    readonly retryAfterSeconds?: number;
  };
  readonly code: number;
}

const detailsOf = (causes: readonly Partial<Cause>[] | undefined) =>
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
  /** Sent beside it, as Kubernetes sends those of a webhook that refuses. */
  readonly warnings: readonly string[];

  /** `reason`: "NotFound", "AlreadyExists", "Conflict", "Invalid", "BadRequest", …, as in the API; "" for no reason. */
  constructor(
    code: number,
    reason: string,
    message: string,
    details?: Status["details"],
    warnings: readonly string[] = [],
  ) {
    super(message);
    this.warnings = warnings;
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(details === undefined ? {} : { details: { ...details, ...detailsOf(details.causes) } }),
      code,
    };
  }
}
