import { describe, expect, test } from "bun:test";
import { redactor } from "./redact.ts";
import { jsonText } from "./text.ts";

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

  // As the text of a value has it: Go escapes what HTML would read.
  const fierce = "<p&ss\"Wörd>/1+2 3\\'";
  const url = new URL(`http://h/${fierce}?${fierce}`);
  test.each<[string, string]>([
    ["in the path of an address", url.pathname.slice(1)],
    ["in the query of an address", url.search.slice(1)],
    ["in JSON as values have it", jsonText(fierce).slice(1, -1)],
    ["in JSON in JSON", jsonText(jsonText(fierce)).slice(3, -3)],
    ["of an address in JSON", jsonText(url.pathname).slice(2, -1)],
    ["in small letters", fierce.toLowerCase()],
    [
      "in capitals",
      fierce
        .replace("ö", "Ö")
        .replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
        .replace("Ö", "ö"),
    ],
  ])("%s", (_, text) => {
    expect(redactor([fierce])(`a ${text} b ${text}`)).toBe("a ***** b *****");
  });

  test("as the host of an address has it, in small letters or Punycode", () => {
    expect(redactor(["TokeN"])("no answer from http://token.invalid:80")).toBe(
      "no answer from http://*****.invalid:80",
    );
    expect(redactor(["wörd"])(new URL("http://wörd.invalid").host)).toBe("*****.invalid");
    expect(redactor(["a/b"])("a: a/b")).toBe("a: *****");
  });

  test("the longest one first", () => {
    expect(redact("abcdef")).toBe("*****");
  });

  test("also where a text is cut in the middle of it", () => {
    expect(redact(`a ${secret.slice(0, 6)}… (900 characters)`)).toBe("a *****… (900 characters)");
    expect(redact(`a ${secret.slice(0, 4)}`)).toBe("a *****");
    expect(redact("a abc of p&s")).toBe("a ***** of p&s");
    expect(redact("a P&SS")).toBe("a *****");
  });

  test("also without the line break at its end", () => {
    expect(redactor(["pass\n"])("a pass of b, pass\n")).toBe("a ***** of b, *****");
  });

  test("unless it is empty", () => {
    expect(redactor(["", "\n"])("text")).toBe("text");
  });
});
