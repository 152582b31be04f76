/**
 * Where a text occurs in another. JavaScript's own search compares each character of one with each of the other when a
 * text is full of beginnings of the searched part, which takes minutes for texts that conditions make; this is linear.
 */

/** Shorter parts are left to JavaScript, which has little to compare there. */
const SHORT = 8;

/** The first place at or after `from`, or −1. */
type Search = (text: string, from: number) => number;

/** Prepared once for all occurrences of the part. */
function searchFor(part: string): Search {
  if (part.length <= SHORT) return (text, from) => text.indexOf(part, from);
  const borders = bordersOf(part);
  return (text, from) => {
    let matched = 0;
    for (let at = from; at < text.length; at++) {
      matched = extended(part, borders, matched, text.charCodeAt(at));
      if (matched === part.length) return at + 1 - matched;
    }
    return -1;
  };
}

/** For each beginning of the part, the length of its longest end that is a beginning too (Knuth, Morris and Pratt). */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length);
  for (let at = 1; at < part.length; at++) {
    borders[at] = extended(part, borders, borders[at - 1] ?? 0, part.charCodeAt(at));
  }
  return borders;
}

/** How much of the part is matched after one more character. */
function extended(part: string, borders: Int32Array, matched: number, code: number): number {
  let length = matched;
  while (length > 0 && part.charCodeAt(length) !== code) length = borders[length - 1] ?? 0;
  return part.charCodeAt(length) === code ? length + 1 : length;
}

export const firstIndexOf = (text: string, part: string): number => searchFor(part)(text, 0);

export function finalIndexOf(text: string, part: string): number {
  if (part.length <= SHORT) return text.lastIndexOf(part);
  const at = firstIndexOf(backwards(text), backwards(part));
  return at < 0 ? -1 : text.length - part.length - at;
}

/** By characters of JavaScript, which are Go's bytes here. */
const backwards = (text: string): string => text.split("").toReversed().join("");

/** The texts between the occurrences of a separator that is not empty. */
export function splitBy(text: string, separator: string): string[] {
  if (separator.length <= SHORT) return text.split(separator);
  const search = searchFor(separator);
  const parts: string[] = [];
  let from = 0;
  for (let at = search(text, 0); at >= 0; at = search(text, from)) {
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  return [...parts, text.slice(from)];
}
