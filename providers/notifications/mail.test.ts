import { describe, expect, test } from "bun:test";
import { addressOf, mailText, quotedPrintable } from "./mail.ts";

const letter = {
  from: "sluice@example.com",
  to: ["a@example.com"],
  subject: "s",
  body: "b",
  isHtml: false,
  at: 1_700_000_000_000,
};

const headersOf = (text: string): string[] => (text.split("\r\n\r\n")[0] ?? "").split(/\r\n(?! )/);

describe("a letter", () => {
  test("has the headers of a mail and its body", () => {
    expect(mailText(letter)).toBe(
      [
        "Mime-Version: 1.0",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "From: sluice@example.com",
        "To: a@example.com",
        "Subject: s",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "b",
        "",
      ].join("\r\n"),
    );
  });

  test.each([
    ["a subject", { subject: "s\r\nBcc: evil@example.com\r\n\r\nbody" }],
    ["a subject with other line breaks", { subject: "s\u2028Bcc: evil@example.com\u0085x\vy\0z" }],
    ["a name of the sender", { from: "x\r\nBcc: evil@example.com <sluice@example.com>" }],
    ["a name of a recipient", { to: ['"x\nBcc: evil@example.com" <a@example.com>'] }],
  ])("gets no header more by %s", (_, more) => {
    const text = mailText({ ...letter, ...more });
    expect(headersOf(text).map((line) => line.split(":")[0])).toEqual(
      headersOf(mailText(letter)).map((line) => line.split(":")[0]),
    );
    expect(text.split("\r\n\r\n")).toHaveLength(2);
    // Printable ASCII alone, and each line short enough for every server.
    for (const line of text.split("\r\n")) expect(line).toMatch(/^[\t\u0020-\u007E]{0,998}$/);
  });

  test("encodes a subject beyond ASCII in words of 75 characters, none of them cut in a character", () => {
    const subject = "Grüße 🎉 ".repeat(20);
    const [, value = ""] =
      /^Subject: (.*)$/.exec(
        headersOf(mailText({ ...letter, subject })).find((line) => line.startsWith("Subject")) ?? "",
      ) ?? [];
    const words = mailText({ ...letter, subject }).match(/=\?UTF-8\?q\?\S*\?=/g) ?? [];
    expect(value + words.length).not.toBe("");
    for (const word of words) expect(word.length).toBeLessThanOrEqual(75);
    const decoded = words.map((word) =>
      Buffer.from(
        word
          .slice("=?UTF-8?q?".length, -2)
          .replace(/_/g, " ")
          .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        "latin1",
      ).toString("utf8"),
    );
    expect(decoded.join("")).toBe(subject.trim());
    expect(decoded.join("")).not.toContain("\uFFFD");
  });

  test("keeps a subject that looks encoded as it is", () => {
    expect(mailText({ ...letter, subject: "=?UTF-8?q?x?=" })).toContain(
      "Subject: =?UTF-8?q?=3D=3FUTF-8=3Fq=3Fx=3F=3D?=",
    );
  });
});

describe("quoted-printable", () => {
  test.each([
    ["a=b", "a=3Db"],
    ["é", "=C3=A9"],
    ["end \nnext\t", "end=20\r\nnext=09"],
    ["a\rb\r\nc", "a\r\nb\r\nc"],
    ["\0", "=00"],
  ])("writes %j as %j", (text, encoded) => {
    expect(quotedPrintable(text)).toBe(encoded);
  });

  test("has lines of 76 characters at most", () => {
    for (const line of quotedPrintable("é".repeat(100) + "x".repeat(200)).split("\r\n"))
      expect(line.length).toBeLessThanOrEqual(76);
  });
});

describe("an address of mail", () => {
  test.each([
    ["a@example.com", "a@example.com"],
    ["Joe <a@example.com>", "a@example.com"],
    ["  a@example.com ", "a@example.com"],
    ["a+b@example.com", "a+b@example.com"],
  ])("is found in %j", (text, address) => {
    expect(addressOf(text)).toBe(address);
  });

  test.each([
    "",
    "nobody",
    "a@b@c",
    "a b@example.com",
    "a@example.com> SIZE=1",
    "<a@example.com\r\nDATA>",
    "a@exam\0ple",
    "a,b@c",
  ])("is not %j", (text) => {
    expect(addressOf(text)).toBeUndefined();
  });
});
