/** Takes the values of secrets out of whatever leaves a measurement (docs/security.md#secrets-of-analyses). Pure. */

export type Redact = (text: string) => string;

const REPLACEMENT = "*****";

/** As it is, and as it stands in URLs, in JSON and in headers. */
const writtenForms = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret.toWellFormed()),
  new URLSearchParams([["", secret]]).toString().slice(1),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("base64url"),
];

/** Fewer characters of a secret than this say nothing about it. */
const SHORTEST_PART = 4;

/** @param secrets their values; empty ones say nothing */
export function redactor(secrets: Iterable<string>): Redact {
  const forms = new Set([...secrets].filter((secret) => secret !== "").flatMap(writtenForms));
  // A secret that holds another one goes first.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  const whole: Redact = (text) => longestFirst.reduce((rest, form) => rest.replaceAll(form, REPLACEMENT), text);
  // Long texts are cut, at their end or before an ellipsis, which may be in the middle of a secret.
  return (text) =>
    whole(text)
      .split("…")
      .map((part) => withoutBeginning(part, longestFirst))
      .join("…");
}

/** Without the beginning of a secret in which the text ends. */
function withoutBeginning(text: string, forms: readonly string[]): string {
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length >= SHORTEST_PART; length -= 1)
      if (text.endsWith(form.slice(0, length))) return text.slice(0, -length) + REPLACEMENT;
  }
  return text;
}
