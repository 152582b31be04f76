/** Texts in quotes, as Go's `%q` and `%+q` write them. */
import { spendBytes } from "../../../kube/object/budget.ts";
import { goQuoted } from "../../../kube/object/goQuoted.ts";

/** So many characters are quoted at once: goQuoted cuts what is longer. */
const PIECE = 1_000;

export function quoted(text: string, ascii = false): string {
  spendBytes(text.length * 8, "quoting");
  let inside = "";
  const chars = text.length > PIECE ? Array.from(text) : undefined;
  if (chars === undefined) inside = goQuoted(text).slice(1, -1);
  else
    for (let i = 0; i < chars.length; i += PIECE) inside += goQuoted(chars.slice(i, i + PIECE).join("")).slice(1, -1);
  if (ascii) inside = inside.replaceAll(/[^\0-\x7f]/gu, escaped);
  return `"${inside}"`;
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code > 0xff_ff ? String.raw`\U` + digits.padStart(8, "0") : String.raw`\u` + digits.padStart(4, "0");
}
