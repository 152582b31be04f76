/**
 * Go's strings: sequences of bytes, mostly UTF-8. They are held as JavaScript strings of one character (0–255) for
 * each byte, so that indexes, slices, lengths and comparisons are Go's; plain ASCII is the same in both.
 */

const ASCII = /^[\0-\x7f]*$/;
const BINARY_CHUNK = 8_192;
const REPLACEMENT = 0xff_fd;

const encoder = new TextEncoder();

export const isAscii = (text: string): boolean => ASCII.test(text);

/** The bytes of a text; lone surrogates become U+FFFD, as Go reads them. */
export function toGo(text: string): string {
  return isAscii(text) ? text : fromBytes(encoder.encode(text));
}

export function fromBytes(bytes: Uint8Array): string {
  let binary = "";
  for (let from = 0; from < bytes.length; from += BINARY_CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(from, from + BINARY_CHUNK));
  }
  return binary;
}

/** A text for people, and for code that works on characters; each byte that is not part of one becomes U+FFFD. */
export function fromGo(bytes: string): string {
  if (isAscii(bytes)) return bytes;
  let text = "";
  for (let at = 0; at < bytes.length; at += runeLength(bytes, at)) text += String.fromCodePoint(runeAt(bytes, at));
  return text;
}

/** The characters, each as its bytes. */
export function runes(bytes: string): string[] {
  if (isAscii(bytes)) return bytes.split("");
  const all: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = runeLength(bytes, at);
    all.push(bytes.slice(at, at + length));
    at += length;
  }
  return all;
}

export function runeCount(bytes: string): number {
  if (isAscii(bytes)) return bytes.length;
  let count = 0;
  for (let at = 0; at < bytes.length; at += runeLength(bytes, at)) count++;
  return count;
}

/** How many bytes the character that starts here takes; 1 for a byte that does not start one. */
function runeLength(bytes: string, at: number): number {
  const first = bytes.charCodeAt(at);
  const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (length === 1) return 1;
  const second = bytes.charCodeAt(at + 1);
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (!(second >= low && second <= high)) return 1;
  for (let i = 2; i < length; i++) {
    const next = bytes.charCodeAt(at + i);
    if (!(next >= 0x80 && next <= 0xbf)) return 1;
  }
  return length;
}

function runeAt(bytes: string, at: number): number {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return first;
  const length = runeLength(bytes, at);
  if (length === 1) return REPLACEMENT;
  let code = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes.charCodeAt(at + i) & 0x3f);
  return code;
}

const SPACES = /^[\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]$/;

export const isSpace = (rune: string): boolean => SPACES.test(fromGo(rune));

/** What is left when the characters that `drops` accepts are removed from both ends. */
export function trimRunes(bytes: string, drops: (rune: string) => boolean): string {
  if (isAscii(bytes)) return trimmed(bytes, drops);
  const all = runes(bytes);
  let from = 0;
  let to = all.length;
  while (from < to && drops(all[from] ?? "")) from++;
  while (to > from && drops(all[to - 1] ?? "")) to--;
  return all.slice(from, to).join("");
}

/** Each character is one byte: only the ends are looked at. */
function trimmed(bytes: string, drops: (rune: string) => boolean): string {
  let from = 0;
  let to = bytes.length;
  while (from < to && drops(bytes.charAt(from))) from++;
  while (to > from && drops(bytes.charAt(to - 1))) to--;
  return bytes.slice(from, to);
}
