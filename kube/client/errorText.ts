/** An error as text for people: one sentence, each part of it once. */

/** Causes are followed to this depth; a longer chain is a circle or a mistake. */
const mostCauses = 8;
/** Characters of one error or cause; the API server may quote a whole object. */
const longestText = 2_000;

/** Bun adds advice for programmers, which does not help the reader of a log. */
const advice = / (For more information, pass|Is the computer able to).*$/;

/** The first `most` characters of a text, up to a space: a secret that is cut in two could not be recognized. */
export function beginning(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.lastIndexOf(" ", most);
  return `${text.slice(0, Math.max(0, end))} … (${text.length} characters)`;
}

/** Without advice and line breaks, and short enough for a log. */
const plain = (text: string): string => beginning(text, longestText).replace(/\s+/g, " ").trim().replace(advice, "");

const messageIn = (value: object): string | undefined =>
  "message" in value && typeof value.message === "string" && value.message !== "" ? value.message : undefined;

const asJson = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "unprintable";
  }
};

/** A text that is the API server's Status in JSON is replaced by its message. */
const withoutStatus = (text: string): string => {
  if (!text.startsWith('{"') || !text.includes('"Status"')) return text;
  try {
    return messageIn(JSON.parse(text) as object) ?? text;
  } catch {
    return text;
  }
};

/** The text of one error, or of whatever was thrown instead, without its causes. */
const ownText = (value: unknown): string => {
  if (typeof value === "string") return plain(withoutStatus(value));
  if (value instanceof Error) return plain(value.message) || value.name;
  if (typeof value === "object" && value !== null) return plain(messageIn(value) ?? asJson(value));
  return String(value);
};

const withCode = (error: Error, text: string): string => {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return text.includes(code) ? text : `${text} (${code})`;
};

/** The text of an error of `fetch`, with its code. */
export const textOf = (error: unknown): string =>
  error instanceof Error ? withCode(error, ownText(error)) : ownText(error);

/** A server's address for people: without the user and the password that it may hold. */
export const shownServer = (server: string): string => server.replace(/\/\/[^/]*@/, "//*****@");

const withoutEnd = (text: string): string => text.replace(/[.:\s]+$/, "");

/** The part of a cause's text that the sentence lacks: often its first parts, up to a colon, are there already. */
const newPart = (text: string, sentence: string): string => {
  const known = sentence.toLowerCase();
  const isKnown = (part: string): boolean => known.includes(withoutEnd(part).toLowerCase());
  if (isKnown(text)) return "";
  const parts = text.split(": ");
  const from = parts.findIndex((part) => !isKnown(part));
  return parts.slice(Math.max(0, from)).join(": ");
};

/** An error's message with those of its causes; nothing is repeated. */
export const sentenceOf = (error: unknown): string => {
  let sentence = ownText(error);
  let at = error instanceof Error ? error.cause : undefined;
  for (let depth = 1; at !== undefined && at !== null && depth < mostCauses; depth += 1) {
    const more = newPart(ownText(at), sentence);
    if (more !== "") sentence = sentence === "" ? more : `${withoutEnd(sentence)}: ${more}`;
    at = at instanceof Error ? at.cause : undefined;
  }
  return sentence;
};
