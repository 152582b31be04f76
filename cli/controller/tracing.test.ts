import { describe, expect, test } from "bun:test";
import { parseControllerOptions } from "./options.ts";

describe("traces", () => {
  const endpoint = (argv: string[], env: Record<string, string> = {}): string | undefined => {
    const parsed = parseControllerOptions(argv, env);
    if (parsed.kind !== "run") throw new Error(parsed.kind);
    return parsed.options.otlpEndpoint;
  };

  test("are made only where a flag or a variable names where they go", () => {
    expect(endpoint([])).toBeUndefined();
    expect(endpoint(["--otlp-endpoint", "http://collector:4318"])).toBe("http://collector:4318");
    expect(endpoint([], { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" })).toBe("");
    expect(endpoint([], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector:4318" })).toBe("");
    expect(endpoint([], { OTEL_SERVICE_NAME: "rollouts" })).toBeUndefined();
  });

  test.each([{ OTEL_SDK_DISABLED: "true" }, { OTEL_TRACES_EXPORTER: "none" }])(
    "are not made where variables switch them off: %p",
    (off) => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", ...(off as Record<string, string>) };
      expect(endpoint([], env)).toBeUndefined();
    },
  );

  test.each(["collector:4318", "grpc://collector:4317", "http://me:secret@collector:4318", "http://collector?x=1"])(
    "cannot go to %s, and a password is not repeated",
    (address) => {
      const parsed = parseControllerOptions(["--otlp-endpoint", address], {});
      const [problem = ""] = parsed.kind === "refused" ? parsed.problems : [];
      expect(problem).toContain("write it like http://host:4318, and credentials into OTEL_EXPORTER_OTLP_HEADERS");
      expect(problem).not.toContain("secret");
    },
  );
});
