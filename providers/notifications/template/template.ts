/**
 * The templates of notifications: Go's text/template with the functions of sprig, by an interpreter of our own
 * (docs/notifications/templates.md). Its work is bounded: a template holds nobody up.
 */
import { tooCostly, TooCostlyError, within } from "../../../kube/object/budget.ts";
import { execute } from "./execute.ts";
import { functions } from "./functions.ts";
import { parse } from "./parse.ts";
import { timeAt, timeFunctions } from "./sprigDates.ts";
import { fromHost, Problem } from "./values.ts";

/** An error shows a part of the template, which may be long. */
const MAX_ERROR = 4_000;

/** Why a template cannot be read or rendered, in Go's words: `template: NAME:LINE:COLUMN: executing "NAME" at <…>: …` */
export class TemplateError extends Error {
  override readonly name = "TemplateError";

  constructor(message: string) {
    super(message.length > MAX_ERROR ? `${message.slice(0, MAX_ERROR)}…` : message);
  }
}

export interface CompiledTemplate {
  /**
   * @param variables JSON, which may hold bytes (Uint8Array, as Secrets do), bigints (int64), dates, and functions
   * @throws {TemplateError}
   */
  render(variables: unknown): string;
}

/** Some 100 ms, and more text than any service takes. */
const LIMITS = { steps: 1_000_000, bytes: 4 * 2 ** 20 };
/** In characters. A ConfigMap holds 1 MiB in all. */
const MAX_TEMPLATE = 2 ** 18;

/** What templates find under `.time`: `(call .time.Parse .rollout.metadata.creationTimestamp).Local.Format "15:04"`. */
export const templateTime = timeFunctions;

const usual = functions(Date.now);

/**
 * @param now the clock of `now`, `ago` and the like, in ms since 1970
 * @throws {TemplateError} when it does not parse
 */
export function compileTemplate(name: string, text: string, now?: () => number): CompiledTemplate {
  const known = now === undefined ? usual : functions(now);
  const bounded = <T>(verb: string, work: () => T): T => {
    const result = within(LIMITS, () => guarded(name, work));
    if (!(result instanceof TooCostlyError)) return result;
    throw new TemplateError(`template: ${name}: ${tooCostly(result, LIMITS, verb)}`);
  };
  if (text.length > MAX_TEMPLATE) {
    throw new TemplateError(`template: ${name}: has ${text.length} characters, more than ${MAX_TEMPLATE}: shorten it`);
  }
  const tree = bounded("read", () => parse(name, text, (each) => known.has(each)));
  return {
    render: (variables) =>
      bounded("render", () => {
        const data = fromHost(variables, (ms) => timeAt(ms, "UTC"));
        return execute(tree, name, known, data ?? undefined);
      }),
  };
}

function guarded<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem)
      throw new TemplateError(
        error.message.startsWith("template: ") ? error.message : `template: ${name}: ${error.message}`,
      );
    // The stack, or a text that is larger than JavaScript's.
    if (error instanceof RangeError)
      throw new TemplateError(`template: ${name}: too deep or too large: ${error.message}`);
    throw error;
  }
}
