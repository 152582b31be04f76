/** A span as this controller makes it, and how its ids are made: of what it is about, never by chance. */

export type AttributeValue = string | number | boolean | readonly string[];

export interface Span {
  /** 32 and 16 hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: it is the root. */
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
  /** Present: it failed, and why. */
  readonly error?: string | undefined;
  /** Traces that have to do with it. */
  readonly links?: readonly SpanContext[] | undefined;
}

export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
}

/** SHA-256 of a text, as hex digits. */
export type Digest = (text: string) => string;

/** The id of a trace: another process that follows the same update comes to the same one. */
export const traceIdOf = (digest: Digest, about: readonly string[]): string => idOf(digest, about, 32);

export const spanIdOf = (digest: Digest, about: readonly string[]): string => idOf(digest, about, 16);

/** An id of zeros is invalid; the last digit makes sure. */
function idOf(digest: Digest, about: readonly string[], digits: number): string {
  const id = digest(about.join("\0")).slice(0, digits);
  return /^0+$/.test(id) ? `${id.slice(1)}1` : id;
}

/**
 * What a W3C traceparent says: `00-<trace id>-<span id>-<flags>` (https://www.w3.org/TR/trace-context/#traceparent-header).
 * @returns undefined for anything else, so that a typing error costs the parent and not the trace
 */
export function parentOf(traceparent: string | undefined): SpanContext | undefined {
  const [, version, traceId = "", spanId = ""] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/.exec(traceparent?.trim() ?? "") ?? [];
  if (version === undefined || version === "ff" || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}

/** Texts of users are cut off: a span is not the place for a book. */
const LONGEST = 512;

export const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
