/**
 * Where traces go, and as what: by the variables that OpenTelemetry defines for every program
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/); `--otlp-endpoint` comes before theirs.
 */
import type { Attributes } from "./spans/otlpJson.ts";

export interface TracingSettings {
  /** The whole address, `…/v1/traces` included. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of one request. */
  readonly timeoutMs: number;
  readonly isCompressed: boolean;
  /** File of the CAs of the server, where it is not one that the machine trusts. */
  readonly certificate: string | undefined;
  readonly resource: Attributes;
}

export interface TracingSource {
  /** `--otlp-endpoint`. */
  readonly endpoint: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

const TIMEOUT_MS = 10_000;

/** @throws Error naming the variable that cannot be read; never with its value, which may be a secret */
export function tracingSettings({ endpoint, env, version }: TracingSource): TracingSettings {
  const of = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
  const timeoutMs = Number(of("TIMEOUT") ?? TIMEOUT_MS);
  if (!(timeoutMs > 0)) throw new Error("Cannot send traces: OTEL_EXPORTER_OTLP_TIMEOUT is no number of milliseconds");
  const protocol = of("PROTOCOL") ?? "http/json";
  if (protocol === "grpc")
    throw new Error(
      "Cannot send traces: OTEL_EXPORTER_OTLP_PROTOCOL is grpc; leave it out, and name the collector's HTTP port (4318)",
    );
  return {
    url: urlOf(endpoint, env),
    headers: sendable(pairsOf("OTEL_EXPORTER_OTLP_HEADERS", of("HEADERS"))),
    timeoutMs,
    isCompressed: of("COMPRESSION") === "gzip",
    certificate: of("CERTIFICATE"),
    resource: {
      "service.name": "sluice",
      "service.version": version,
      "service.instance.id": env["POD_NAME"] || undefined,
      "k8s.pod.name": env["POD_NAME"] || undefined,
      "k8s.namespace.name": env["POD_NAMESPACE"] || undefined,
      ...pairsOf("OTEL_RESOURCE_ATTRIBUTES", env["OTEL_RESOURCE_ATTRIBUTES"]),
      ...(env["OTEL_SERVICE_NAME"] ? { "service.name": env["OTEL_SERVICE_NAME"] } : {}),
    },
  };
}

/** What sends would repeat a value that it cannot send: that is found out here, without it. */
function sendable(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(new Headers(headers).entries());
  } catch {
    const names = Object.keys(headers).join(", ");
    throw new Error(`Cannot send traces: OTEL_EXPORTER_OTLP_HEADERS (${names}) has what no header may have`);
  }
}

/** The variable for traces is the whole address; the other two are what the path is added to. */
function urlOf(endpoint: string | undefined, env: TracingSource["env"]): string {
  const own = endpoint === undefined ? env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] : undefined;
  const base = endpoint ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "";
  const text = own || base;
  if (!URL.canParse(text)) throw new Error("Cannot send traces: the endpoint is not an address like http://host:4318");
  const url = new URL(text);
  if (!own && !url.pathname.endsWith("/v1/traces")) url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
  return url.href;
}

/** `key=value,key=value`, with values as in an address. */
function pairsOf(variable: string, text = ""): Record<string, string> {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new Error(`Cannot send traces: ${variable} is not of the form key=value,key=value`);
      return [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
