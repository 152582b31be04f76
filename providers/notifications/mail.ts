/** A mail as text: RFC 5322 headers, RFC 2047 for what is not ASCII, quoted-printable for the body. Pure. */

export interface Letter {
  /** `Name <address>` or the address alone. */
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly body: string;
  readonly isHtml: boolean;
  /** ms since the epoch. */
  readonly at: number;
}

/** The address of `Name <address>`; undefined: it is none, or could break a command of SMTP. */
export function addressOf(text: string): string | undefined {
  const [, inBrackets] = /<([^<>]*)>\s*$/.exec(text) ?? [];
  const address = (inBrackets ?? text).trim();
  // No spaces, controls, quotes or brackets: what can be in an address with those is not worth its dangers.
  return address.length <= 320 && /^[^\s<>()[\]\\,;:"@\p{C}]+@[^\s<>()\\,;"@\p{C}]+$/u.test(address)
    ? address
    : undefined;
}

/** A header is one line, whatever is in it. */
const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();

/** An encoded word may have 75 characters. */
const WORD_BYTES = 75 - "=?UTF-8?q??=".length;

/** RFC 2047's encoded words, no character cut in two. */
function encodedWords(text: string): string {
  const words = [""];
  for (const character of text) {
    const encoded = /^[A-Za-z0-9!*+/-]$/.test(character)
      ? character
      : character === " "
        ? "_"
        : [...Buffer.from(character, "utf8")].map(quoted).join("");
    const last = words.at(-1) ?? "";
    if (last.length + encoded.length > WORD_BYTES) words.push(encoded);
    else words[words.length - 1] = last + encoded;
  }
  return words.map((word) => `=?UTF-8?q?${word}?=`).join("\r\n ");
}

const quoted = (byte: number): string => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;

const isAscii = (text: string): boolean => /^[\u0020-\u007E]*$/.test(text);

const inHeader = (text: string): string => {
  const line = oneLine(text);
  return isAscii(line) && !line.includes("=?") ? folded(line) : encodedWords(line);
};

/** Lines of 76 characters, where there are spaces; an empty line must not come of it. */
const folded = (line: string): string => line.replace(/(\S.{0,60}\S?)(?: (?=\S))/g, "$1\r\n ").trim();

/** Only the name may be encoded. */
function mailbox(text: string): string {
  const address = addressOf(text) ?? "";
  const name = oneLine(text.slice(0, text.lastIndexOf("<")).trim()).replace(/^"|"$/g, "");
  if (!text.includes("<") || name === "") return address;
  if (/^[\w !#$%&'*+/=?^`{|}~-]+$/.test(name)) return `${name} <${address}>`;
  const written = isAscii(name) ? `"${name.replace(/["\\]/g, String.raw`\$&`)}"` : encodedWords(name);
  return `${written} <${address}>`;
}

/** Octets of a line in quoted-printable. */
const LINE_BYTES = 76;

/** RFC 2045's quoted-printable; every kind of line break is one. */
export function quotedPrintable(text: string): string {
  return text
    .toWellFormed()
    .split(/\r\n|\r|\n/)
    .map(quotedLine)
    .join("\r\n");
}

function quotedLine(line: string): string {
  const bytes = Buffer.from(line, "utf8");
  const lines = [""];
  for (const [index, byte] of bytes.entries()) {
    const isBlank = byte === 0x20 || byte === 0x09;
    const isPlain = isBlank ? index < bytes.length - 1 : byte > 0x20 && byte < 0x7f && byte !== 0x3d;
    const next = isPlain ? String.fromCodePoint(byte) : quoted(byte);
    const last = lines.at(-1) ?? "";
    if (last.length + next.length >= LINE_BYTES) {
      lines[lines.length - 1] = `${last}=`;
      lines.push(next);
    } else lines[lines.length - 1] = last + next;
  }
  return lines.join("\r\n");
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** RFC 5322's date, in UTC. */
function dateText(at: number): string {
  const date = new Date(at);
  const day = `${DAYS[date.getUTCDay()]}, ${String(date.getUTCDate()).padStart(2, "0")} ${MONTHS[date.getUTCMonth()]}`;
  return `${day} ${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)} +0000`;
}

/** Lines end with CRLF; it is not dot-stuffed. */
export function mailText({ from, to, subject, body, isHtml, at }: Letter): string {
  const headers = [
    "Mime-Version: 1.0",
    `Date: ${dateText(at)}`,
    `From: ${mailbox(from)}`,
    `To: ${to.map(mailbox).join(",\r\n ")}`,
    `Subject: ${inHeader(subject)}`,
    `Content-Type: ${isHtml ? "text/html" : "text/plain"}; charset=UTF-8`,
    "Content-Transfer-Encoding: quoted-printable",
  ];
  return `${headers.join("\r\n")}\r\n\r\n${quotedPrintable(body)}\r\n`;
}
