import { describe, expect, test } from "bun:test";
import { createLog, type LogFields, type LogFormat, type LogLevel } from "./log.ts";

function written(format: LogFormat, message: string, fields: LogFields, level: LogLevel = "info"): string {
  let out = "";
  createLog({ level, format }, (line) => (out += line)).info(message, fields);
  return out.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, "TIME");
}

describe("a log line", () => {
  test("as text reads like logrus'", () => {
    const line = written("text", "Scaled up", { namespace: "shop", rollout: "web", from: 0, why: "it grew" });
    expect(line).toBe('time="TIME" level=info msg="Scaled up" namespace=shop rollout=web from=0 why="it grew"\n');
  });

  test("as JSON is one object", () => {
    const line = written("json", "Scaled up", { rollout: "web", sizes: [1, 2] });
    expect(JSON.parse(line)).toEqual({ level: "info", msg: "Scaled up", time: "TIME", rollout: "web", sizes: [1, 2] });
  });

  test("keeps braces and percent signs of its message as they are", () => {
    expect(written("text", 'got {"kind":"Status"} at 100%', {})).toContain(
      String.raw`msg="got {\"kind\":\"Status\"} at 100%"`,
    );
  });

  test("stays one line whatever its text", () => {
    expect(written("text", "a\nb", { c: "d\ne" })).toBe(String.raw`time="TIME" level=info msg="a\nb" c="d\ne"` + "\n");
  });

  test("tells an error with its causes", () => {
    const error = new Error('Cannot scale "web-1"', { cause: new Error("HTTP 409 (conflict)") });
    expect(written("text", "failed", { error })).toContain(
      String.raw`error="Cannot scale \"web-1\": HTTP 409 (conflict)"`,
    );
  });

  test("shows what would steer a terminal or hide in it as an escape", () => {
    const name = "web\u001B[2J\u009B2J\u202Egnp\u200B\u007F";
    const shown = String.raw`"web\u001b[2J\u009b2J\u202egnp\u200b\u007f"`;
    expect(written("text", "x", { name })).toContain(`name=${shown}`);
    expect(written("json", "x", { name })).toContain(`"name":${shown}`);
    expect(JSON.parse(written("json", "x", { name }))).toMatchObject({ name });
  });

  test("cuts a value that would fill the log", () => {
    expect(written("text", "x", { message: "y".repeat(1_000_000) }).length).toBeLessThan(5_000);
  });

  test("tells an error whose causes say the same once", () => {
    const error = new Error("Cannot watch: 404 page not found", { cause: "404 page not found\n" });
    expect(written("text", "x", { error })).toBe(
      'time="TIME" level=info msg=x error="Cannot watch: 404 page not found"\n',
    );
  });

  test("leaves out fields that are undefined, and survives circles", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(written("text", "x", { gone: undefined })).toBe('time="TIME" level=info msg=x\n');
    expect(written("json", "x", { circle })).toContain("[deeper]");
  });
});

describe("secrets in a log line", () => {
  test.each([
    ["a bearer token", { header: "Authorization: Bearer abcdefghij.klm" }],
    ["a JSON Web Token", { note: "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmNkZWZnaGlqIn0.abcdefghij failed" }],
    ["a password in a URL", { proxy: "http://me:abcdefghij@proxy:3128" }],
    ["a field with a telling name", { bearerToken: "abcdefghij" }],
    ["a nested field with a telling name", { user: { password: "abcdefghij" } }],
    ["an error's message", { error: new Error("401 for Bearer abcdefghijklm") }],
  ] satisfies [string, LogFields][])("%s is redacted", (_name, fields) => {
    for (const format of ["text", "json"] as const) {
      const line = written(format, "x", fields);
      expect(line).not.toContain("abcdefghij");
      expect(line).toContain("[redacted]");
    }
  });

  test("and of a text of megabytes the beginning is logged, without what would be cut in two", () => {
    const token = "Bearer abcdefghij";
    const texts = [
      `${token} ${"a".repeat(2_000_000)}`,
      "eyJ-".repeat(500_000),
      `${"x ".repeat(7_995)} u://me:${"abcdefghij".repeat(99)}@h`,
    ];
    for (const text of texts) {
      const line = written("text", "x", { error: new Error(text) });
      expect(line.length).toBeLessThan(17_000);
      expect(line).not.toContain("abcdefghij");
      expect(line).toContain(`(${text.length} characters)`);
    }
  });

  test("the names of things are not secrets", () => {
    expect(written("text", "x", { secret: "web-tls", key: "shop/web" })).toContain("secret=web-tls key=shop/web");
  });
});

describe("the level of a log", () => {
  test("keeps quieter lines out and does not even make their fields", () => {
    let out = "";
    let made = 0;
    const log = createLog({ level: "warn", format: "text" }, (line) => (out += line));
    const fields = (): LogFields => ({ made: ++made });
    log.debug("a", fields);
    log.info("b", fields);
    expect([out, made]).toEqual(["", 0]);
    log.warn("c", fields);
    log.error("d", fields);
    expect(out).toMatch(/^time=\S+ level=warning msg=c made=1\ntime=\S+ level=error msg=d made=2\n$/);
  });
});
