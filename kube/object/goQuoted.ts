/** The letters behind a backslash in Go's literals, and the characters that they stand for. */
export const GO_ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** Inside double quotes a single one needs no backslash. */
const NAMED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(GO_ESCAPES).flatMap(([letter, char]) => (char === "'" ? [] : [[char, `\\${letter}`]])),
);

/** Nobody reads more than this, and quoting megabytes takes time. */
const MAX_LENGTH = 2_000;

/** A string as Go's `%q` prints it: letters, marks, numbers, punctuation, symbols and the space stay as they are. */
export function goQuoted(value: string): string {
  if (value.length > MAX_LENGTH) return `${goQuoted(value.slice(0, MAX_LENGTH)).slice(0, -1)}…"`;
  return `"${Array.from(value, quotedChar).join("")}"`;
}

function quotedChar(char: string): string {
  const named = NAMED[char];
  if (named !== undefined) return named;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  if (code < 0x80) return String.raw`\x` + hex(code, 2);
  return code > 0xffff ? String.raw`\U` + hex(code, 8) : String.raw`\u` + hex(code, 4);
}

const hex = (code: number, width: number): string => code.toString(16).padStart(width, "0");
