import { describe, expect, test } from "bun:test";
import { tracingSettings } from "./settings.ts";

const of = (env: Record<string, string>, endpoint?: string) => tracingSettings({ endpoint, env, version: "1.2.3" });

describe("where traces go", () => {
  test.each([
    ["http://c:4318", {}, "http://c:4318/v1/traces"],
    ["http://c:4318/", {}, "http://c:4318/v1/traces"],
    ["https://c/otlp", {}, "https://c/otlp/v1/traces"],
    ["https://c/otlp/v1/traces", {}, "https://c/otlp/v1/traces"],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://e:4318" }, "http://e:4318/v1/traces"],
    [undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://e:4318/mine" }, "http://e:4318/mine"],
    ["http://c:4318", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://e" }, "http://c:4318/v1/traces"],
  ])("with the flag %p and the variables %p is %s", (endpoint, env, url) => {
    expect(of(env as Record<string, string>, endpoint).url).toBe(url);
  });

  test("comes with headers, whose values are written as in an address", () => {
    const env = { OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20YTpi, x-tenant=a=b" };
    expect(of(env, "http://c").headers).toEqual({ authorization: "Basic YTpi", "x-tenant": "a=b" });
  });

  test("is told as whom: variables come before what is known of the pod", () => {
    const env = {
      POD_NAME: "sluice-0",
      POD_NAMESPACE: "argo-rollouts",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=other,k8s.cluster.name=prod",
      OTEL_SERVICE_NAME: "rollouts",
    };
    expect(of(env, "http://c").resource).toEqual({
      "service.name": "rollouts",
      "service.version": "1.2.3",
      "service.instance.id": "sluice-0",
      "k8s.pod.name": "sluice-0",
      "k8s.namespace.name": "argo-rollouts",
      "k8s.cluster.name": "prod",
    });
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_HEADERS: "secret-without-a-key" }, "OTEL_EXPORTER_OTLP_HEADERS is not of the form"],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a=secret-without-a-key%0Ab" }, "(a) has what no header may have"],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: "soon" }, "OTEL_EXPORTER_OTLP_TIMEOUT is no number"],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "OTEL_EXPORTER_OTLP_PROTOCOL is grpc"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, "the endpoint is not an address"],
  ])("is refused with %p, and no value is repeated", (env, sentence) => {
    const given = env as Record<string, string>;
    expect(() => of(given, "OTEL_EXPORTER_OTLP_ENDPOINT" in given ? undefined : "http://c")).toThrow(sentence);
    expect(() => of(given)).not.toThrow("secret-without-a-key");
  });
});
