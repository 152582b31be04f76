/** What the API server's answer to the dry run means. */
import { ApiError } from "../../kube/client/apiError.ts";
import { record } from "./record.ts";
import type { Cause } from "./review.ts";

export type Examination =
  | { readonly kind: "fine" }
  /** Paths are those of the ReplicaSet. `policies` are refused by how the cluster is set up, not for ever. */
  | {
      readonly kind: "invalid" | "unknownFields";
      readonly causes: readonly Cause[];
      readonly policies: readonly Cause[];
    }
  /** By a quota, a policy, another webhook: may be different tomorrow. */
  | { readonly kind: "refused"; readonly message: string }
  /** We may not ask. */
  | { readonly kind: "notAllowed"; readonly message: string }
  | { readonly kind: "silent" };

/** From what the request was rejected with. */
export function readRefusal(error: unknown): Examination {
  if (!(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500) {
    return { kind: "silent" };
  }
  const message = messageOf(error);
  const isPolicy = /^admission webhook "|: ValidatingAdmissionPolicy '/.test(message);
  if (!isPolicy && error.status === 422) return invalid(error, message);
  if (!isPolicy && error.status === 400) {
    const fields = unknownFields(message);
    if (fields.length > 0) return { kind: "unknownFields", causes: fields, policies: [] };
  }
  const isPermission = error.status === 401 || /is forbidden: User "/.test(message);
  return { kind: isPermission ? "notAllowed" : "refused", message };
}

/** Without our own words around it. */
function messageOf(error: ApiError): string {
  const said = record(error.cause)?.["message"];
  return typeof said === "string" ? said : error.message;
}

function invalid(error: ApiError, message: string): Examination {
  const all = new Map<string, Cause>();
  for (const { reason = "FieldValueInvalid", message = "", field = "" } of error.details?.causes ?? []) {
    // The name, labels and size are of our making, or judged by the rules.
    if (/^spec\.(template|selector)\b/.test(field)) all.set(`${field} ${message}`, { reason, message, field });
  }
  const policies = [...all.values()].filter((cause) => cause.message.includes("disallowed by cluster policy"));
  const causes = [...all.values()].filter((cause) => !policies.includes(cause));
  if (causes.length + policies.length > 0) return { kind: "invalid", causes, policies };
  return (error.details?.causes ?? []).length > 0 ? { kind: "fine" } : { kind: "refused", message };
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
