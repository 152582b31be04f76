/**
 * Spans in the JSON encoding of OpenTelemetry's protocol (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding):
 * ids are hex digits, 64-bit numbers are texts, members have lowerCamelCase names.
 */
import type { AttributeValue, Span } from "./span.ts";

export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Who sends: its attributes as a resource, and its version. */
export interface Sender {
  readonly resource: Attributes;
  readonly version: string;
}

/** The body of a request for `/v1/traces`. */
export const exportRequest = ({ resource, version }: Sender, spans: readonly Span[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: "sluice", version }, spans: spans.map(spanOf) }],
      },
    ],
  });

const INTERNAL = 1;
const ERROR = 2;

const spanOf = ({ traceId, spanId, parentSpanId, name, startMs, endMs, attributes, error, links }: Span): object => ({
  traceId,
  spanId,
  ...(parentSpanId === undefined ? {} : { parentSpanId }),
  name,
  kind: INTERNAL,
  startTimeUnixNano: nanoseconds(startMs),
  endTimeUnixNano: nanoseconds(endMs),
  attributes: attributesOf(attributes),
  ...(links === undefined
    ? {}
    : { links: links.map(({ traceId: trace, spanId: span }) => ({ traceId: trace, spanId: span })) }),
  // Without an error the status stays unset: whether it is fine is not for an instrument to say.
  status: error === undefined ? {} : { code: ERROR, message: error },
});

const nanoseconds = (ms: number): string => `${Math.max(0, Math.floor(ms))}000000`;

const attributesOf = (attributes: Attributes): readonly object[] =>
  Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));

function anyValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(anyValue) } };
}
