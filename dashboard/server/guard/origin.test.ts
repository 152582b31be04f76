import { describe, expect, test } from "bun:test";
import { cookieIn, cookieText } from "./cookies.ts";
import { LOOPBACK_HOSTS, originProblem, type OriginRules } from "./origin.ts";

const local: OriginRules = { hosts: new Set(LOOPBACK_HOSTS), origin: undefined };
const served: OriginRules = { hosts: undefined, origin: "https://rollouts.example.com" };

const asked = (method: string, headers: Readonly<Record<string, string>>, isSecure = false) => ({
  method,
  headers: new Headers(headers),
  isSecure,
});

describe("of requests", () => {
  test.each([
    ["a page's own read", local, "GET", { host: "localhost:3100", "sec-fetch-site": "same-origin" }],
    ["an address that is typed", local, "GET", { host: "127.0.0.1:3100", "sec-fetch-site": "none" }],
    ["a page's own write", local, "POST", { host: "[::1]:3100", origin: "http://[::1]:3100" }],
    ["a program's write", local, "PUT", { host: "localhost:3100" }],
    ["any name, where none is told", served, "GET", { host: "10.0.0.7:3100" }],
    [
      "a write behind a proxy that changes the name",
      served,
      "POST",
      { host: "svc", origin: "https://rollouts.example.com" },
    ],
  ])("%s is taken", (_, rules, method, headers) => {
    expect(originProblem(asked(method, headers), rules)).toBeUndefined();
  });

  test.each([
    ["a name that was made to mean this machine", local, "GET", { host: "evil.example:3100" }],
    ["a name that only begins like one", local, "GET", { host: "localhost.evil.example" }],
    ["no name", local, "GET", {}],
    ["another site's read", served, "GET", { host: "a", "sec-fetch-site": "cross-site" }],
    ["a neighbour's read", served, "GET", { host: "a", "sec-fetch-site": "same-site" }],
    ["another site's write", served, "POST", { host: "a", origin: "https://evil.example" }],
    ["a write from nowhere", served, "POST", { host: "a", origin: "null" }],
    ["a write from the same name by another scheme", served, "POST", { host: "a", origin: "https://a" }],
    ["a write from another port", local, "POST", { host: "localhost:3100", origin: "http://localhost:8080" }],
  ])("%s is refused", (_, rules, method, headers) => {
    expect(originProblem(asked(method, headers as Record<string, string>), rules)?.code).toBe("origin");
  });

  test("over TLS the scheme is https", () => {
    const headers = { host: "a", origin: "https://a" };
    expect(originProblem(asked("POST", headers, true), { hosts: undefined, origin: undefined })).toBeUndefined();
  });
});

describe("cookies", () => {
  test("are for no script and no other site", () => {
    expect(cookieText("s", "x", { path: "/rollouts", isSecure: true, sameSite: "Strict" })).toBe(
      "s=x; Path=/rollouts; HttpOnly; SameSite=Strict; Secure",
    );
  });

  test("are found by their whole name", () => {
    const headers = new Headers({ cookie: "a=1; session=x=y; not-session=2" });
    expect([cookieIn(headers, "session"), cookieIn(headers, "sess")]).toEqual(["x=y", undefined]);
  });
});
