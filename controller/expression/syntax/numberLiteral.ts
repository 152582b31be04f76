/** Number literals: `1_000`, `0x1f`, `0o17`, `0b11` are integers; `1.5`, `.5`, `1e3` are floats. */
import type { Node } from "./node.ts";
import { ExpressionError } from "./problem.ts";

const MAX_INT = 2n ** 63n - 1n;
const INTEGER = /^(?:0x[\da-f]+|0o[0-7]+|0b[01]+|\d+)$/i;
const FLOAT = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

export function numberNode(word: string, at: number): Node {
  const text = word.replaceAll("_", "");
  if (!/^0x/i.test(text) && /[.e]/i.test(text)) {
    const value = FLOAT.test(text) ? Number(text) : Number.NaN;
    if (Number.isFinite(value)) return { kind: "float", value, at };
    throw new ExpressionError(Number.isNaN(value) ? `not a number: ${word}` : `too large a number: ${word}`, at);
  }
  if (!INTEGER.test(text)) throw new ExpressionError(`not a number: ${word}`, at);
  const value = BigInt(text);
  if (value > MAX_INT) throw new ExpressionError(`too large an integer: ${word}`, at);
  return { kind: "int", value, at };
}
