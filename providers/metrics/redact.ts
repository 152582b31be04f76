/** Takes the values of secrets out of whatever leaves a measurement (docs/security.md#secrets-of-analyses). Pure. */
import { jsonText } from "./text.ts";

export type Redact = (text: string) => string;

const REPLACEMENT = "*****";

const inJson = (text: string): string => jsonText(text).slice(1, -1);

/** An address shows its host in small letters, beyond ASCII in Punycode, and numbers as an IP address. */
const asHost = (secret: string): string =>
  /[/?#@:\\]/.test(secret) ? "" : (URL.parse(`http://${secret}`)?.hostname ?? "");

/** As an address has it in its user, path and query. The path alone would lose `..` and the like. */
function asPartsOfUrl(secret: string): readonly string[] {
  const url = new URL("http://h/");
  url.username = secret;
  url.pathname = `/${secret}`;
  url.search = secret;
  return [url.username, url.pathname.slice(1), url.search.slice(1)];
}

/** As it is, and as it stands in URLs, in JSON and in headers. */
function writtenForms(secret: string): readonly string[] {
  const plain = [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams([["", secret]]).toString().slice(1),
    ...asPartsOfUrl(secret),
    asHost(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
  ];
  // A source repeats what it was asked, often as a text in JSON; that text is JSON itself when it was a body.
  const json = plain.map(inJson);
  return [...plain, ...json, ...json.map(inJson)].map(inSmallLetters);
}

/** Hosts and names of headers lose their capitals. Of ASCII alone, so that the text keeps its length. */
const inSmallLetters = (text: string): string => text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());

/** Fewer characters of a secret than this say nothing about it. */
const SHORTEST_PART = 4;

/** @param secrets their values; empty ones say nothing */
export function redactor(secrets: Iterable<string>): Redact {
  // Files of secrets end with a line break, which a header or an address loses.
  const values = [...secrets].flatMap((secret) => [secret, secret.trim()]);
  const forms = new Set(values.filter((secret) => secret !== "").flatMap(writtenForms));
  forms.delete("");
  // A secret that holds another one goes first.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  // Long texts are cut, at their end or before an ellipsis, which may be in the middle of a secret.
  return (text) =>
    without(text, longestFirst)
      .split("…")
      .map((part) => withoutBeginning(part, longestFirst))
      .join("…");
}

/** @param forms in small letters */
function without(text: string, forms: readonly string[]): string {
  // Answers are long and forms many: the letters are made small once.
  let [rest, small] = [text, inSmallLetters(text)];
  for (const form of forms) {
    if (!small.includes(form)) continue;
    rest = withoutForm(rest, small, form);
    small = small.replaceAll(form, REPLACEMENT);
  }
  return rest;
}

function withoutForm(text: string, small: string, form: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = small.indexOf(form); at !== -1; at = small.indexOf(form, from)) {
    parts.push(text.slice(from, at));
    from = at + form.length;
  }
  return [...parts, text.slice(from)].join(REPLACEMENT);
}

/** Without the beginning of a secret in which the text ends. */
function withoutBeginning(text: string, forms: readonly string[]): string {
  const small = inSmallLetters(text);
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length >= SHORTEST_PART; length -= 1)
      if (small.endsWith(form.slice(0, length))) return text.slice(0, -length) + REPLACEMENT;
  }
  return text;
}
