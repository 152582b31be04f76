import { describe, expect, test } from "bun:test";
import { redactor } from "./redact.ts";

describe("a secret is taken out of a text", () => {
  const secret = 'p&ss"wörd/1+2 3';
  const redact = redactor([secret, "", "abc", "abcdef"]);

  test.each<[string, string]>([
    ["as it is", secret],
    ["as a part of a URL", encodeURIComponent(secret)],
    ["as a part of a form", new URLSearchParams([["q", secret]]).toString().slice(2)],
    ["in JSON", JSON.stringify(secret).slice(1, -1)],
    ["in base64", Buffer.from(secret).toString("base64")],
    ["in base64 for URLs", Buffer.from(secret).toString("base64url")],
  ])("%s", (_, text) => {
    expect(redact(`a ${text} b ${text}`)).toBe("a ***** b *****");
  });

  test("the longest one first", () => {
    expect(redact("abcdef")).toBe("*****");
  });

  test("also where a text is cut in the middle of it", () => {
    expect(redact(`a ${secret.slice(0, 6)}… (900 characters)`)).toBe("a *****… (900 characters)");
    expect(redact(`a ${secret.slice(0, 4)}`)).toBe("a *****");
    expect(redact("a abc of p&s")).toBe("a ***** of p&s");
  });

  test("unless it is empty", () => {
    expect(redactor([""])("text")).toBe("text");
  });
});
