/** Go's Sprintf. */
import { spend } from "../../../kube/object/budget.ts";
import { formatted } from "./format.ts";
import { held, Int, typeName, type Value } from "./values.ts";

/** Go refuses larger widths, and precisions, too. */
const MAX_NUMBER = 1_000_000;

interface Reader {
  readonly format: string;
  readonly args: readonly Value[];
  at: number;
  arg: number;
  /** Whether an argument was chosen by its number. */
  reordered: boolean;
  good: boolean;
}

export function sprintf(format: string, args: readonly Value[]): string {
  const r: Reader = { format, args, at: 0, arg: 0, reordered: false, good: true };
  let out = "";
  while (r.at < format.length) {
    spend(1, "printing");
    const percent = format.indexOf("%", r.at);
    if (percent === -1) {
      out += format.slice(r.at);
      break;
    }
    out += format.slice(r.at, percent);
    r.at = percent + 1;
    out += verb(r);
  }
  if (r.reordered || r.arg >= args.length) return out;
  const extra = args.slice(r.arg).map((value) => {
    const it = held(value);
    return it === undefined || it === null ? "<nil>" : `${typeName(it)}=${formatted(it, "v", {})}`;
  });
  return `${out}%!(EXTRA ${extra.join(", ")})`;
}

const sticky = (r: Reader, pattern: RegExp): string => {
  pattern.lastIndex = r.at;
  const found = pattern.exec(r.format)?.[0] ?? "";
  r.at += found.length;
  return found;
};

function verb(r: Reader): string {
  r.good = true;
  const set = sticky(r, /[-+# 0]*/y);
  let minus = set.includes("-");
  let afterIndex = index(r);
  let problem = "";
  let width: number | undefined;
  let precision: number | undefined;
  if (r.format[r.at] === "*") {
    r.at++;
    width = star(r);
    if (width === undefined) problem += "%!(BADWIDTH)";
    if (width !== undefined && width < 0) [width, minus] = [-width, true];
    afterIndex = false;
  } else {
    width = plain(r);
    if (afterIndex && width !== undefined) r.good = false;
  }
  if (r.format[r.at] === ".") {
    r.at++;
    if (afterIndex) r.good = false;
    afterIndex = index(r);
    if (r.format[r.at] === "*") {
      r.at++;
      precision = star(r);
      if (precision === undefined) problem += "%!(BADPREC)";
      else if (precision < 0) [precision, problem] = [undefined, `${problem}%!(BADPREC)`];
      afterIndex = false;
    } else precision = plain(r) ?? 0;
  }
  if (!afterIndex) index(r);
  if (r.at >= r.format.length) return `${problem}%!(NOVERB)`;
  const letter = String.fromCodePoint(r.format.codePointAt(r.at) ?? 0);
  r.at += letter.length;
  if (letter === "%") return `${problem}%`;
  if (!r.good) return `${problem}%!${letter}(BADINDEX)`;
  if (r.arg >= r.args.length) return `${problem}%!${letter}(MISSING)`;
  const flags = {
    width,
    precision,
    minus,
    // `%+v` adds the names of fields, and no sign.
    plus: set.includes("+") && letter !== "v",
    sharp: set.includes("#"),
    space: set.includes(" "),
    zero: set.includes("0") && !minus,
  };
  return problem + formatted(r.args[r.arg++], letter, flags);
}

function plain(r: Reader): number | undefined {
  const digits = sticky(r, /\d*/y);
  if (digits === "") return undefined;
  const n = Number(digits);
  return n > MAX_NUMBER ? undefined : n;
}

/** The next argument as a width or precision. */
function star(r: Reader): number | undefined {
  const value = held(r.args[r.arg]);
  if (r.arg < r.args.length) r.arg++;
  const n = value instanceof Int ? Number(value.n) : undefined;
  return n === undefined || Math.abs(n) > MAX_NUMBER ? undefined : n;
}

/** `[2]`: which argument comes next. */
function index(r: Reader): boolean {
  if (r.format[r.at] !== "[") return false;
  r.reordered = true;
  const end = r.format.indexOf("]", r.at);
  const text = end === -1 ? "" : r.format.slice(r.at + 1, end);
  r.at += end === -1 ? 1 : text.length + 2;
  const n = /^\d+$/.test(text) ? Number(text) : 0;
  if (n < 1 || n > r.args.length) {
    r.good = false;
    return end !== -1;
  }
  r.arg = n - 1;
  return true;
}
