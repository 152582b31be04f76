import { describe, expect, test } from "bun:test";
import { checkCredentials, isPem } from "./credentialsCheck.ts";
import { credentialsFor } from "./testing.ts";

/** A valid DER sequence with meaningless content. */
const pem = (label: string, bytes: readonly number[] = [0x30, 0x03, 1, 2, 3]): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString("base64")}\n-----END ${label}-----\n`;
const long = [0x30, 0x81, 0x80, ...Array.from({ length: 0x80 }, () => 7)];

test.each([
  ["one certificate", pem("CERTIFICATE"), true],
  ["several, with words between", `a\n${pem("CERTIFICATE")}b\n${pem("CERTIFICATE", long)}`, true],
  ["nothing", "", false],
  ["words", "garbage", false],
  ["a key", pem("PRIVATE KEY"), false],
  ["a certificate that is cut short", pem("CERTIFICATE").slice(0, -10), false],
  ["a second one that is cut short", pem("CERTIFICATE") + pem("CERTIFICATE").slice(0, -10), false],
  ["bytes that are missing", pem("CERTIFICATE", long.slice(0, -1)), false],
  ["something else than DER", pem("CERTIFICATE", [1, 2, 3]), false],
] as const)("a file with %s: %s", (_what, text, wanted) => {
  expect(isPem(text, "CERTIFICATE")).toBe(wanted);
});

test("keys of all kinds are keys", () => {
  for (const label of ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]) {
    expect(isPem(pem(label), "PRIVATE KEY")).toBe(true);
  }
});

describe("credentials that cannot be used are refused before anything is asked", () => {
  const cert = pem("CERTIFICATE");
  const key = pem("PRIVATE KEY");
  test.each([
    ["ftp://a", {}, {}, 'Cannot use the server "ftp://a" of test: write it like https://host:6443'],
    ["a:6443", {}, {}, 'Cannot use the server "a:6443" of test: write it like https://host:6443'],
    ["https://a", { ca: "x" }, { certificateAuthority: "a.crt" }, "Cannot use the certificate authority a.crt: "],
    ["https://a", { ca: "x" }, {}, "Cannot use the certificate authority of test: "],
    ["https://a", { cert: "x", key }, {}, "Cannot use the client certificate of test: "],
    ["https://a", { cert, key: "x" }, {}, "Cannot use the client key of test: "],
    ["https://a", { cert }, {}, "Cannot use the client certificate of test without its client key"],
  ] as const)("%s %j", (server, tls, options, message) => {
    expect(() => checkCredentials(credentialsFor(server, { tls: () => tls }), options)).toThrow(message);
  });

  test("and others are not", () => {
    checkCredentials(credentialsFor("http://127.0.0.1:1"));
    checkCredentials(credentialsFor("https://a/prefix", { tls: () => ({ ca: cert, cert, key }) }));
  });
});
