/** String and bytes literals: `"…"`, `'…'`, b"…" and raw ones in backticks. */
import { GO_ESCAPES } from "../../../kube/object/goQuoted.ts";
import { toGo } from "./goText.ts";
import { ExpressionError } from "./problem.ts";

export interface Literal {
  /** Bytes (goText.ts). */
  readonly value: string;
  /** Behind the closing quote. */
  readonly end: number;
}

const PLAIN = /[^\\\n"'\r]+/y;
const ESCAPE =
  /\\(?:([abfnrtv\\"'])|([0-3][0-7]{2})|x([\da-fA-F]{2})|u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y;

function match(sticky: RegExp, source: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(source);
}

/** A literal whose opening quote stands at `at`. `isBytes`: escapes stand for bytes, never for characters. */
export function quoted(source: string, at: number, isBytes: boolean): Literal {
  const quote = source[at];
  let value = "";
  let here = at + 1;
  for (;;) {
    const char = source[here];
    if (char === undefined || char === "\n") {
      throw new ExpressionError(`a string is not closed: ${quote} is missing`, Math.min(here, source.length));
    }
    if (char === quote) return { value, end: here + 1 };
    const plain = char === "\\" ? undefined : match(PLAIN, source, here)?.[0];
    if (plain !== undefined) {
      value += toGo(plain);
      here += plain.length;
    } else if (char === "\\") {
      const escape = match(ESCAPE, source, here);
      value += escaped(escape, quote, isBytes, here);
      here += escape?.[0].length ?? 0;
    } else {
      // The other kind of quote, or a carriage return.
      value += char === "\r" ? "\n" : char;
      here += char === "\r" && source[here + 1] === "\n" ? 2 : 1;
    }
  }
}

function escaped(escape: RegExpExecArray | null, quote: string | undefined, isBytes: boolean, at: number): string {
  const [, named, octal, hexByte, braced, four, eight] = escape ?? [];
  const character = braced ?? four ?? eight;
  const isOtherQuote = (named === '"' || named === "'") && named !== quote;
  if (escape === null || isOtherQuote || (isBytes && character !== undefined)) {
    throw new ExpressionError("an escape that does not exist; write \\\\ for a backslash", at);
  }
  if (named !== undefined) return GO_ESCAPES[named] ?? named;
  const code = octal === undefined ? Number.parseInt(hexByte ?? character ?? "0", 16) : Number.parseInt(octal, 8);
  if (code > 0x10_ff_ff) throw new ExpressionError("an escape beyond Unicode", at);
  return isBytes ? String.fromCharCode(code & 0xff) : toGo(String.fromCodePoint(code));
}

/** A raw literal whose backtick stands at `at`; two backticks in it stand for one. */
export function raw(source: string, at: number): Literal {
  for (let here = source.indexOf("`", at + 1); here >= 0; here = source.indexOf("`", here + 2)) {
    if (source[here + 1] !== "`") {
      return { value: toGo(source.slice(at + 1, here).replaceAll("``", "`")), end: here + 1 };
    }
  }
  throw new ExpressionError("a string is not closed: ` is missing", source.length);
}
