/**
 * The AdmissionReview (admission.k8s.io/v1) of the API server: only the members that we need are read, and it is
 * answered.
 */
import { shownJson } from "../../kube/object/shownJson.ts";
import { record } from "./record.ts";
import { strangeName } from "./reviewNames.ts";
import { shownWarnings } from "./shownWarnings.ts";
import { bodyWithHelp, causeReasons, textWithHelp, type Violation } from "../../kube/validation/violation.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
/** How the client wants unknown fields to be treated. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface Review {
  readonly uid: string;
  readonly group: string;
  readonly kind: string;
  readonly operation: Operation;
  /** "" for the object itself. */
  readonly subResource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** As the client named itself; "" where it did not. */
  readonly fieldManager: string;
  /** As it would be stored; undefined for DELETE. */
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** One thing that is wrong, as a cause in a Status. */
export interface Cause {
  /** "FieldValueInvalid" and the like (meta/v1, CauseType). */
  readonly reason: string;
  /** Without the path: `Invalid value: -1: must be greater than or equal to 0`. */
  readonly message: string;
  readonly field: string;
}

/** One step of a JSON patch: sets the member at the path, or takes it away. */
export type PatchOperation =
  | { readonly op: "add"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** The answer to the API server. */
export interface Answer {
  /** "passed": not ours to judge; "overridden": would be refused without the annotation. */
  readonly verdict: "allowed" | "passed" | "refused" | "overridden" | "failed";
  /** Not empty if the verdict is "refused", and only then. */
  readonly causes: readonly Cause[];
  readonly warnings: readonly string[];
  /** What a mutating webhook changes: a JSON patch (RFC 6902). */
  readonly patch?: readonly PatchOperation[];
  /** For the audit log. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export type ParsedReview =
  { readonly kind: "review"; readonly review: Review } | { readonly kind: "malformed"; readonly reason: string };

const operations: readonly string[] = ["CREATE", "UPDATE", "DELETE", "CONNECT"] satisfies Operation[];

/** Never throws. `reason` is a sentence for the client. */
export function parseReview(json: unknown): ParsedReview {
  const review = record(json);
  if (review === undefined) return malformed("the body is not a JSON object");
  if (review["kind"] !== "AdmissionReview" || review["apiVersion"] !== "admission.k8s.io/v1") {
    return malformed("expected an AdmissionReview of admission.k8s.io/v1");
  }
  const request = record(review["request"]);
  if (request === undefined) return malformed("the AdmissionReview has no request");
  // Karmada, which sends reviews in the API server's place, leaves it empty.
  const { uid } = request;
  if (typeof uid !== "string") return malformed("the request has no uid");
  if (!/^[\w.:-]{0,128}$/.test(uid)) return malformed("the request's uid is not valid");
  const kind = record(request["kind"]);
  if (kind === undefined || text(kind["kind"]) === "") return malformed("the request names no kind");
  const operation = text(request["operation"]);
  if (!isOperation(operation)) return malformed(`the operation must be one of ${operations.join(", ")}`);
  const { object, oldObject } = request;
  if (operation !== "DELETE" && operation !== "CONNECT" && record(object) === undefined) {
    return malformed(`a request to ${operation} has to bring an object`);
  }
  if (operation === "UPDATE" && record(oldObject) === undefined) {
    return malformed("a request to UPDATE has to bring the old object");
  }
  const names = record(record(object)?.["metadata"]) ?? {};
  const parsed: Review = {
    uid,
    group: text(kind["group"]),
    kind: text(kind["kind"]),
    operation,
    subResource: text(request["subResource"]),
    namespace: text(request["namespace"]),
    // With generateName the request has no name.
    name: text(request["name"]) || text(names["name"]) || text(names["generateName"]),
    user: shownUser(text(record(request["userInfo"])?.["username"])),
    dryRun: request["dryRun"] === true,
    fieldValidation: fieldValidation(record(request["options"])?.["fieldValidation"]),
    fieldManager: text(record(request["options"])?.["fieldManager"]),
    object,
    oldObject,
  };
  const strange = strangeName(parsed, text(request["name"]));
  return strange === undefined ? { kind: "review", review: parsed } : malformed(strange);
}

/** A username may be anything; it is only displayed. */
const shownUser = (user: string): string => cut(user.replaceAll(/\p{Cc}+/gu, " "), limits.userChars);

/** The API server's default is Warn. */
function fieldValidation(asked: unknown): FieldValidation {
  return asked === "Ignore" || asked === "Strict" ? asked : "Warn";
}

const isOperation = (name: string): name is Operation => operations.includes(name);
const malformed = (reason: string): ParsedReview => ({ kind: "malformed", reason });
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/**
 * Texts quote the values that they refuse, which can be megabytes, and an object with very many mistakes could make an
 * answer larger than itself. No user reads that much, and making it would block other reviews.
 */
const limits = {
  causes: 200,
  causeChars: 2_000,
  /** Of all causes together, in equal shares: a client may leave its answer unread, which then stays in our memory. */
  answerChars: 64 * 2 ** 10,
  valueChars: 1_500,
  /** Once all messages together have this many, values are cut at `laterChars`. */
  allChars: 50_000,
  laterChars: 80,
  listed: 50,
  warnings: 48,
  warningChars: 250,
  annotationChars: 1_000,
  userChars: 256,
};

/** The causes, up to a number beyond which reading does not help; then the last one states how many more there are. */
export function causesOf(violations: readonly Violation[]): Cause[] {
  let chars = 0;
  const causes = violations.slice(0, limits.causes).map((violation) => {
    const message = bodyWithHelp(brief(violation, chars < limits.allChars ? limits.valueChars : limits.laterChars));
    chars += message.length;
    return { reason: causeReasons[violation.type], message, field: violation.exactPath ?? violation.path };
  });
  return withMore(causes, violations.length - causes.length);
}

const withMore = (causes: Cause[], more: number): Cause[] =>
  more > 0 ? [...causes, { reason: "FieldValueInvalid", message: `${more} more are not shown`, field: "" }] : causes;

/** Texts for the warnings that are shown. */
export function warningsOf(violations: readonly Violation[]): string[] {
  // A few more than are shown, since some may be equal.
  const texts = violations.slice(0, limits.warnings).map((violation) => {
    const text = textWithHelp(brief(violation, limits.warningChars));
    return text.length > limits.warningChars ? textWithHelp(brief(violation, limits.laterChars)) : text;
  });
  return violations.length > texts.length ? [...texts, `and ${violations.length - texts.length} more`] : texts;
}

function brief(violation: Violation, chars: number): Violation {
  const { value } = violation;
  if (typeof value === "string") return { ...violation, value: cut(value, chars) };
  if (typeof value !== "object" || value === null) return violation;
  const json = shownJson(value, chars);
  return json.length > chars ? { ...violation, value: cut(json, chars) } : violation;
}

/** `spec.replicas: Invalid value: -1: must be greater than or equal to 0` */
export const causeText = ({ field, message }: Cause): string => (field === "" ? message : `${field}: ${message}`);

/** The AdmissionReview to send back. */
export function answerReview(review: Review, answer: Answer): object {
  const allowed = answer.verdict !== "refused";
  const warnings = shownWarnings(answer.warnings);
  const annotations = Object.entries(answer.annotations ?? {});
  const { patch = [] } = answer;
  return envelope(review.uid, {
    allowed,
    ...(allowed ? {} : { status: invalidStatus(review, answer.causes) }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(patch.length === 0 ? {} : { patchType: "JSONPatch", patch: base64(patch) }),
    ...(annotations.length === 0
      ? {}
      : {
          auditAnnotations: Object.fromEntries(
            annotations.map(([name, value]) => [name, cut(value, limits.annotationChars)]),
          ),
        }),
  });
}

const base64 = (patch: readonly PatchOperation[]): string => new TextEncoder().encode(JSON.stringify(patch)).toBase64();

/** An answer to a review of which only the head could be read: refused, or allowed, with `reason`. */
export function answerUnread(uid: string, allowed: boolean, reason: string): object {
  if (allowed) return envelope(uid, { allowed, warnings: [reason] });
  const status = { status: "Failure", code: 413, reason: "RequestEntityTooLarge", message: reason };
  return envelope(uid, { allowed, status });
}

function envelope(uid: string, response: object): object {
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: { uid, ...response } };
}

/** In the API server's own form for an invalid object; kubectl prints either the causes or the message. */
function invalidStatus({ group, kind, name }: Review, all: readonly Cause[]): object {
  const shown = all.slice(0, limits.causes + 1);
  const chars = Math.min(limits.causeChars, Math.floor(limits.answerChars / Math.max(1, shown.length)));
  const causes = withMore(
    shown.map((cause) => ({ ...cause, message: cut(cause.message, chars) })),
    all.length - shown.length,
  );
  const texts = causes.slice(0, limits.listed).map(causeText);
  if (all.length > texts.length) texts.push(`and ${all.length - texts.length} more`);
  const list = texts.length === 1 ? texts.join("") : `[${texts.join(", ")}]`;
  return {
    status: "Failure",
    code: 422,
    reason: "Invalid",
    message: `${group === "" ? kind : `${kind}.${group}`} ${JSON.stringify(name)} is invalid: ${list}`,
    details: { name, group, kind, causes },
  };
}

function cut(text: string, chars: number): string {
  if (text.length <= chars) return text;
  // Half of a surrogate pair is not valid Unicode.
  return `${text.slice(0, chars - 3).replace(/[\uD800-\uDBFF]$/, "")}...`;
}
