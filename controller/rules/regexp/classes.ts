/** Sets of characters: `\d`, `\pL`, `[a-z[:digit:]]`. */
import { type Cursor, RegexpError } from "./cursor.ts";
import { escapedCode } from "./escapes.ts";

export type CharTest = (code: number) => boolean;

const oneOf =
  (expression: RegExp): CharTest =>
  (code) =>
    expression.test(String.fromCodePoint(code));

const PERL: Readonly<Record<string, CharTest>> = {
  d: oneOf(/^[0-9]$/),
  s: oneOf(/^[\t\n\f\r ]$/),
  w: oneOf(/^[0-9A-Za-z_]$/),
};

const POSIX: Readonly<Record<string, CharTest>> = {
  alnum: oneOf(/^[0-9A-Za-z]$/),
  alpha: oneOf(/^[A-Za-z]$/),
  ascii: (code) => code < 0x80,
  blank: oneOf(/^[\t ]$/),
  cntrl: (code) => code < 0x20 || code === 0x7f,
  digit: oneOf(/^[0-9]$/),
  graph: (code) => code > 0x20 && code < 0x7f,
  lower: oneOf(/^[a-z]$/),
  print: (code) => code >= 0x20 && code < 0x7f,
  punct: oneOf(/^[!-/:-@[-`{-~]$/),
  space: oneOf(/^[\t\n\v\f\r ]$/),
  upper: oneOf(/^[A-Z]$/),
  word: oneOf(/^[0-9A-Za-z_]$/),
  xdigit: oneOf(/^[0-9A-Fa-f]$/),
};

const not =
  (test: CharTest): CharTest =>
  (code) =>
    !test(code);

/** The same set whatever the case. */
export const folded =
  (test: CharTest): CharTest =>
  (code) => {
    const text = String.fromCodePoint(code);
    return [text, text.toLowerCase(), text.toUpperCase()].some((each) => test(each.codePointAt(0) ?? 0));
  };

/** `\d`, `\S`, `\pL`, `\P{Greek}`; undefined when there is none here. */
export function escapedClass(cursor: Cursor): CharTest | undefined {
  const perl = cursor.match(/\\([dswDSW])/y)?.[1];
  if (perl !== undefined) return named(PERL, perl.toLowerCase(), perl !== perl.toLowerCase());
  const [, kind, letter, negated, name] = cursor.match(/\\([pP])(?:([A-Z])|\{(\^?)(\w+)\})/y) ?? [];
  if (kind === undefined) return undefined;
  return unicode(letter ?? name ?? "", (kind === "P") !== (negated === "^"));
}

/** A general category or a script; Go names both without a key. */
function unicode(name: string, negated: boolean): CharTest {
  if (name === "Any") return () => !negated;
  for (const property of [`gc=${name}`, `sc=${name}`]) {
    try {
      const test = oneOf(new RegExp(`^\\p{${property}}$`, "u"));
      return negated ? not(test) : test;
    } catch {
      // Not a name of this kind.
    }
  }
  throw new RegexpError("unknown property");
}

function named(tests: Readonly<Record<string, CharTest>>, name: string, negated: boolean): CharTest {
  const test = tests[name];
  if (test === undefined) throw new RegexpError("unknown class");
  return negated ? not(test) : test;
}

/** The rest of `[…]`. A `]` right after the start stands for itself. */
export function bracketed(cursor: Cursor, ignoreCase: boolean): CharTest {
  const negated = cursor.take("^");
  const tests: CharTest[] = [];
  do tests.push(member(cursor));
  while (!cursor.take("]"));
  const any: CharTest = (code) => tests.some((test) => test(code));
  const test = ignoreCase ? folded(any) : any;
  return negated ? not(test) : test;
}

function member(cursor: Cursor): CharTest {
  const [, negated, posix] = cursor.match(/\[:(\^?)(\w+):\]/y) ?? [];
  if (posix !== undefined) return named(POSIX, posix, negated === "^");
  const class_ = escapedClass(cursor);
  if (class_ !== undefined) return class_;
  const low = one(cursor);
  if (!cursor.sees("-") || cursor.sees("-]")) return (code) => code === low;
  cursor.take("-");
  const high = one(cursor);
  if (high < low) throw new RegexpError("range");
  return (code) => code >= low && code <= high;
}

const one = (cursor: Cursor): number => (cursor.sees("\\") ? escapedCode(cursor) : cursor.next());
