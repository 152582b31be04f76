/** A collector of traces: an HTTP server that takes what OpenTelemetry's exporters send, as JSON, and remembers it. */

export interface TracedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code?: number; readonly message?: string };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface Request {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly TracedSpan[] }[];
  }[];
}

export interface TraceCollector {
  /** For `--otlp-endpoint`. */
  readonly url: string;
  /** All that were sent, in the order of arrival. */
  readonly spans: readonly TracedSpan[];
  /** Whether it is too busy to take anything. */
  isBusy: boolean;
  stop(): Promise<void>;
}

export function startTraceCollector(): TraceCollector {
  const spans: TracedSpan[] = [];
  const state = { isBusy: false };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (new URL(request.url).pathname !== "/v1/traces") return new Response("", { status: 404 });
      if (state.isBusy) return new Response("", { status: 503, headers: { "retry-after": "1" } });
      const { resourceSpans } = (await request.json()) as Request;
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap((scope) => scope.spans));
      return Response.json({});
    },
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    stop: () => server.stop(true),
  });
}

/** The value of an attribute; undefined: the span does not have it. */
export function attribute({ attributes }: TracedSpan, key: string): unknown {
  const value = attributes.find((each) => each.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}

/** The names of the spans of one trace, each indented below its parent, in the order of their beginning. */
export function treeOf(spans: readonly TracedSpan[]): readonly string[] {
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent)
      .toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)))
      .flatMap((span) => [`${"  ".repeat(depth)}${span.name}`, ...below(span.spanId, depth + 1)]);
  return below(undefined, 0);
}
