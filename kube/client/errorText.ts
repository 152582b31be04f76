/** What an error says to people: one sentence, each part of it once. */

/** Causes are followed so far; a longer chain is a circle or a mistake. */
const mostCauses = 8;
/** Of one error or cause; the API server may quote a whole object. */
const longestText = 2_000;

/** Bun tells programmers what to try next; it helps nobody who reads a log. */
const advice = / (For more information, pass|Is the computer able to).*$/;

/** The first `most` characters of a text, up to a space: a secret that is cut in two would not be known for one. */
export function beginning(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.lastIndexOf(" ", most);
  return `${text.slice(0, Math.max(0, end))} … (${text.length} characters)`;
}

/** Advice and line breaks gone, cut to a length that a log can bear. */
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

/** The API server's Status as text is told by its message. */
const withoutStatus = (text: string): string => {
  if (!text.startsWith('{"') || !text.includes('"Status"')) return text;
  try {
    return messageIn(JSON.parse(text) as object) ?? text;
  } catch {
    return text;
  }
};

/** What one error, or whatever stands in its place, says by itself. */
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

/** What an error of `fetch` says, with its code. */
export const textOf = (error: unknown): string =>
  error instanceof Error ? withCode(error, ownText(error)) : ownText(error);

const withoutEnd = (text: string): string => text.replace(/[.:\s]+$/, "");

/** What of a cause's text has not been said: its first parts, up to a colon, are often what led to it. */
const unsaid = (text: string, sentence: string): string => {
  const said = sentence.toLowerCase();
  const isSaid = (part: string): boolean => said.includes(withoutEnd(part).toLowerCase());
  if (isSaid(text)) return "";
  const parts = text.split(": ");
  const from = parts.findIndex((part) => !isSaid(part));
  return parts.slice(Math.max(0, from)).join(": ");
};

/** An error's message with those of its causes; what has been said is not said again. */
export const sentenceOf = (error: unknown): string => {
  let sentence = ownText(error);
  let at = error instanceof Error ? error.cause : undefined;
  for (let depth = 1; at !== undefined && at !== null && depth < mostCauses; depth += 1) {
    const more = unsaid(ownText(at), sentence);
    if (more !== "") sentence = sentence === "" ? more : `${withoutEnd(sentence)}: ${more}`;
    at = at instanceof Error ? at.cause : undefined;
  }
  return sentence;
};
