import { type Cursor, RegexpError } from "./cursor.ts";

const NAMED: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The character that an escape stands for: `\n`, `\x41`, `\x{1F600}`, `\012`, `\.`. A lone digit 1–9 refers back: none. */
export function escapedCode(cursor: Cursor): number {
  const [, braced, two] = cursor.match(/\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/y) ?? [];
  const hexadecimal = braced ?? two;
  if (hexadecimal !== undefined) {
    const code = Number.parseInt(hexadecimal, 16);
    if (code > 0x10_ff_ff) throw new RegexpError("beyond Unicode");
    return code;
  }
  const octal = cursor.match(/\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/y)?.[1];
  if (octal !== undefined) return Number.parseInt(octal, 8);
  const named = cursor.match(/\\([afnrtv])/y)?.[1];
  if (named !== undefined) return NAMED[named] ?? 0;
  const punctuation = cursor.match(/\\([^0-9A-Za-z\u0080-\uffff])/y)?.[1];
  if (punctuation === undefined) throw new RegexpError("unknown escape");
  return punctuation.codePointAt(0) ?? 0;
}
