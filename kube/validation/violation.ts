/**
 * What a rule reports, and its text. The text is that of Kubernetes' field errors, because the InvalidSpec condition
 * and the linter's output are compared with the reference's character by character
 * (docs/behaviour/validation.md#text-of-a-violation).
 */
import { spend } from "../object/budget.ts";
import { goQuoted } from "../object/goQuoted.ts";
import { exactPathOf, pathOf, type Place } from "./place.ts";
import { didYouMean } from "./nearNames.ts";
import { shownJson } from "../object/shownJson.ts";

export type ViolationType =
  "Invalid" | "Required" | "Forbidden" | "NotSupported" | "Duplicate" | "NotFound" | "TooLong" | "InternalError";

export interface Violation {
  /** Path in the reference's words: `spec.strategy.steps[0].setWeight`. */
  readonly path: string;
  /** The true path where the reference leaves a segment out: `spec.strategy.canary.steps[0].setWeight`. */
  readonly exactPath?: string;
  readonly type: ViolationType;
  /** The refused value; strings print quoted, objects as JSON, absent ones as `null`. */
  readonly value?: unknown;
  readonly detail: string;
  /** Stable kebab-case name of the rule. */
  readonly rule: string;
  /**
   * For people who have just made the mistake: what they wrote, what is allowed, what to do. Sentences without the last
   * full stop. It is no part of what identifies a mistake (docs/behaviour/validation.md#help).
   */
  readonly help?: string;
}

interface Wording {
  readonly title: string;
  readonly showsValue: boolean;
}

const WORDING: { readonly [T in ViolationType]: Wording } = {
  Invalid: { title: "Invalid value", showsValue: true },
  NotSupported: { title: "Unsupported value", showsValue: true },
  Duplicate: { title: "Duplicate value", showsValue: true },
  NotFound: { title: "Not found", showsValue: true },
  Required: { title: "Required value", showsValue: false },
  Forbidden: { title: "Forbidden", showsValue: false },
  TooLong: { title: "Too long", showsValue: false },
  InternalError: { title: "Internal error", showsValue: false },
};

/** The names of these types in `status.details.causes` (meta/v1, CauseType). */
export const causeReasons: { readonly [T in ViolationType]: string } = {
  Invalid: "FieldValueInvalid",
  Required: "FieldValueRequired",
  Forbidden: "FieldValueForbidden",
  NotSupported: "FieldValueNotSupported",
  Duplicate: "FieldValueDuplicate",
  NotFound: "FieldValueNotFound",
  TooLong: "FieldValueTooLong",
  InternalError: "InternalError",
};

/**
 * `<path>: Invalid value: <value>: <detail>`, as `kubectl argo rollouts lint` and the InvalidSpec condition print it.
 */
export const violationText = (violation: Violation): string => `${violation.path}: ${violationBody(violation)}`;

/** The text without the path: one line of the linter's standard output. */
export function violationBody(violation: Violation): string {
  const { title, showsValue } = WORDING[violation.type];
  const head = showsValue ? `${title}: ${valueText(violation.value)}` : title;
  return violation.detail === "" ? head : `${head}: ${violation.detail}`;
}

/** The text of `violationText`, and behind it the help, if there is any. */
export const textWithHelp = (violation: Violation): string => `${violation.path}: ${bodyWithHelp(violation)}`;

/** The text of `violationBody`, and behind it the help, if there is any. */
export function bodyWithHelp(violation: Violation): string {
  const body = violationBody(violation);
  if (violation.help === undefined) return body;
  // Behind the arrow that shows a place in a condition, it begins a line of its own.
  return body.includes("\n") ? `${body}\n${violation.help}` : `${body.replace(/\.$/, "")}. ${violation.help}`;
}

/** How many characters of a value's JSON are shown; nobody reads more. */
const MAX_JSON = 8_000;
/** How many characters of a detail are kept: it may quote a part of the object. */
const MAX_DETAIL = 2_000;
/** How many characters of a help are kept. */
const MAX_HELP = 600;

function valueText(value: unknown): string {
  if (typeof value === "string") return goQuoted(value);
  // Go escapes what could end a script element; JSON.stringify does not.
  return shownJson(value, MAX_JSON).replaceAll(
    /[<>&\u2028\u2029]/g,
    (char) => String.raw`\u` + char.codePointAt(0)?.toString(16).padStart(4, "0"),
  );
}

/** The cost of making a violation, comparing it and showing it. */
const STEPS_EACH = 16;

function violation(rule: string, place: Place, rest: Pick<Violation, "type" | "value" | "detail">): Violation {
  spend(STEPS_EACH, "telling what is wrong");
  const [path, exactPath] = [pathOf(place), exactPathOf(place)];
  const { detail: given } = rest;
  const detail = given.length > MAX_DETAIL ? `${given.slice(0, MAX_DETAIL).toWellFormed()}…` : given;
  const found = { path, ...rest, detail, rule };
  return exactPath === undefined || exactPath === path ? found : { ...found, exactPath };
}

/** Adds help to a violation; undefined: there is none to give. */
export function helped(found: Violation, help: string | undefined): Violation {
  if (help === undefined) return found;
  spend(STEPS_EACH, "telling what is wrong");
  return { ...found, help: help.length > MAX_HELP ? `${help.slice(0, MAX_HELP).toWellFormed()}…` : help };
}

export const invalid = (rule: string, place: Place, detail: string, value = place.value): Violation =>
  violation(rule, place, { type: "Invalid", value, detail });

/** One violation for each message of a syntax check; an absent text prints as "". */
export const invalidTexts = (rule: string, place: Place, messages: readonly string[]): readonly Violation[] =>
  messages.map((message) => invalid(rule, place, message, typeof place.value === "string" ? place.value : ""));

export const required = (rule: string, place: Place, detail = ""): Violation =>
  violation(rule, place, { type: "Required", detail });

export const forbidden = (rule: string, place: Place, detail: string): Violation =>
  violation(rule, place, { type: "Forbidden", detail });

/** `supported` is printed in the order given. */
export function notSupported(rule: string, place: Place, supported: readonly string[], value = place.value): Violation {
  const detail = `supported values: ${supported.map(goQuoted).join(", ")}`;
  const near = typeof value === "string" ? didYouMean(value, supported) : undefined;
  return helped(violation(rule, place, { type: "NotSupported", value, detail }), near);
}

export const duplicate = (rule: string, place: Place, value = place.value): Violation =>
  violation(rule, place, { type: "Duplicate", value, detail: "" });

export const notFound = (rule: string, place: Place, detail = "", value = place.value): Violation =>
  violation(rule, place, { type: "NotFound", value: value ?? "", detail });

export const tooLong = (rule: string, place: Place, maxBytes: number): Violation =>
  violation(rule, place, { type: "TooLong", detail: `may not be more than ${maxBytes} bytes` });

export const internalError = (rule: string, place: Place, detail: string): Violation =>
  violation(rule, place, { type: "InternalError", detail });
