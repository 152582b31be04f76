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

/** @param secrets their values; empty ones say nothing */
export function redactor(secrets: Iterable<string>): Redact {
  const forms = new Set([...secrets].filter((secret) => secret !== "").flatMap(writtenForms));
  // A secret that holds another one goes first.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((rest, form) => rest.replaceAll(form, REPLACEMENT), text);
}
