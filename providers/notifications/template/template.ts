/**
 * The templates of notifications: Go's text/template with the functions of sprig, by an interpreter of our own
 * (docs/notifications/templates.md). Its work is bounded: a template holds nobody up.
 */
import { tooCostly, TooCostlyError, within } from "../../../kube/object/budget.ts";
import { execute } from "./execute.ts";
import { FUNCTIONS } from "./functions.ts";
import { parse } from "./parse.ts";
import { fromHost, Problem } from "./values.ts";

/** Why a template cannot be read or rendered, in Go's words: `template: NAME:LINE:COLUMN: executing "NAME" at <…>: …` */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

export interface CompiledTemplate {
  /**
   * @param variables JSON, which may hold bytes (Uint8Array, as Secrets do), bigints (int64), dates, and functions
   * @throws {TemplateError}
   */
  render(variables: unknown): string;
}

/** Some 50 ms, and more text than any service takes. */
const LIMITS = { steps: 1_000_000, bytes: 4 * 2 ** 20 };
/** In characters. A ConfigMap holds 1 MiB in all. */
const MAX_TEMPLATE = 2 ** 18;

/** @throws {TemplateError} when it does not parse */
export function compileTemplate(name: string, text: string): CompiledTemplate {
  const bounded = <T>(verb: string, work: () => T): T => {
    const result = within(LIMITS, () => guarded(name, work));
    if (!(result instanceof TooCostlyError)) return result;
    throw new TemplateError(`template: ${name}: ${tooCostly(result, LIMITS, verb)}`);
  };
  if (text.length > MAX_TEMPLATE) {
    throw new TemplateError(`template: ${name}: has ${text.length} characters, more than ${MAX_TEMPLATE}: shorten it`);
  }
  const tree = bounded("read", () => parse(name, text, (each) => FUNCTIONS.has(each)));
  return {
    render: (variables) =>
      bounded("render", () => {
        const data = fromHost(variables, dateOf);
        return execute(tree, name, FUNCTIONS, data ?? undefined);
      }),
  };
}

const dateOf = (ms: number): string => new Date(ms).toISOString();

function guarded<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) throw new TemplateError(error.message);
    // The stack, or a text that is larger than JavaScript's.
    if (error instanceof RangeError)
      throw new TemplateError(`template: ${name}: too deep or too large: ${error.message}`);
    throw error;
  }
}
