/** What the API server's answer to the dry run means. */
import { ApiError } from "../../kube/client/apiError.ts";
import { record } from "./record.ts";
import type { Cause } from "./review.ts";

export type Examination =
  | { readonly kind: "fine" }
  /** Paths are those of the ReplicaSet. Refusals in `policies` depend on the cluster's setup, and may not last. */
  | {
      readonly kind: "invalid" | "unknownFields";
      readonly causes: readonly Cause[];
      readonly policies: readonly Cause[];
    }
  /** By a quota, a policy or another webhook: may be allowed tomorrow. `isOutage`: a webhook that does not answer. */
  | { readonly kind: "refused"; readonly message: string; readonly isOutage: boolean }
  /** We have no permission to ask. */
  | { readonly kind: "notAllowed"; readonly message: string }
  | { readonly kind: "silent" };

/** Reads the error with which the request was rejected. */
export function readRefusal(error: unknown): Examination {
  if (!(error instanceof ApiError)) return { kind: "silent" };
  // Whoever's webhook does not answer keeps the pods away, too, until it does.
  if (error.status === 500 && messageOf(error).includes('failed calling webhook "')) {
    return { kind: "refused", message: messageOf(error), isOutage: true };
  }
  if (error.status === 0 || error.status === 429 || error.status >= 500) {
    return { kind: "silent" };
  }
  const message = messageOf(error);
  const isPolicy = /^admission webhook "|: ValidatingAdmissionPolicy '/.test(message);
  if (!isPolicy && error.status === 422) return invalid(error, message);
  if (!isPolicy && error.status === 400) {
    const fields = unknownFields(message);
    if (fields.length > 0) return { kind: "unknownFields", causes: fields, policies: [] };
  }
  // That is for the operator to solve, as missing permissions are.
  if (message.endsWith("does not support dry run")) return { kind: "notAllowed", message };
  const isPermission = error.status === 401 || /is forbidden: User "/.test(message);
  return isPermission ? { kind: "notAllowed", message } : { kind: "refused", message, isOutage: false };
}

/** The API server's message, without our own text around it. */
function messageOf(error: ApiError): string {
  const causeText = record(error.cause)?.["message"];
  return typeof causeText === "string" ? causeText : error.message;
}

function invalid(error: ApiError, message: string): Examination {
  const all = new Map<string, Cause>();
  for (const { reason = "FieldValueInvalid", message = "", field = "" } of error.details?.causes ?? []) {
    // We made the name, the labels and the size ourselves, or the rules judge them.
    if (/^spec\.(template|selector)\b/.test(field)) all.set(`${field} ${message}`, { reason, message, field });
  }
  const policies = [...all.values()].filter((cause) => cause.message.includes("disallowed by cluster policy"));
  const causes = [...all.values()].filter((cause) => !policies.includes(cause));
  if (causes.length + policies.length > 0) return { kind: "invalid", causes, policies };
  return (error.details?.causes ?? []).length > 0 ? { kind: "fine" } : { kind: "refused", message, isOutage: false };
}

/** `strict decoding error: unknown field "spec.template.spec.foo", unknown field "…"` */
function unknownFields(message: string): Cause[] {
  const [, list] = message.split("strict decoding error: ", 2);
  if (list === undefined) return [];
  const fields = [...list.matchAll(/unknown field "((?:[^"\\]|\\.)*)"/g)].map(([, field = ""]) => field);
  return [...new Set(fields)]
    .filter((field) => /^spec\.(template|selector)\b/.test(field))
    .map((field) => ({ reason: "FieldValueForbidden", message: "Forbidden: unknown field", field }));
}
