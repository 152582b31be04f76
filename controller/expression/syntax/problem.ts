/** What is wrong with a condition, and where: the message and the line with an arrow under the place. */

/** Thrown inside this folder only; `condition.ts` turns it into a value. */
export class ExpressionError extends Error {
  /** Where in the source, in UTF-16 units; undefined while the code that throws does not know it. */
  readonly at: number | undefined;

  constructor(message: string, at?: number) {
    super(message);
    this.at = at;
  }
}

export interface Problem {
  /** Without the place. */
  readonly message: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** `<message> (line:column)`, and below it the line and an arrow, as the reference writes it. */
  readonly text: string;
}

/** A condition that is far longer than a screen is not shown whole. */
const MAX_PRINTED = 400;

/** The problem of an error at a place in the source (its beginning when the place is unknown). */
export function problemOf(source: string, { message, at = 0 }: ExpressionError): Problem {
  const before = source.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  const newline = source.indexOf("\n", lineStart);
  const shown = source.slice(lineStart, newline < 0 ? source.length : newline).replaceAll("\t", " ");
  const line = before.split("\n").length;
  const column = Array.from(before.slice(lineStart)).length + 1;
  const head = `${message} (${line}:${column})`;
  if (shown === "" || shown.length > MAX_PRINTED) return { message, line, column, text: head };
  return { message, line, column, text: `${head}\n | ${shown}\n | ${".".repeat(column - 1)}^` };
}

/** Returns what went wrong as a value; a stack overflow counts too, since here only nesting can cause one. */
export function attempted<T>(source: string, action: () => T): T | { readonly problem: Problem } {
  try {
    return action();
  } catch (error) {
    if (error instanceof ExpressionError) return { problem: problemOf(source, error) };
    if (error instanceof RangeError)
      return { problem: problemOf(source, new ExpressionError("it is nested too deep")) };
    throw error;
  }
}
