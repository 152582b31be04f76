/** The text of a profile, as a key of a ConfigMap holds it. It loads a parser of YAML: import it lazily in the controller. */
import { LineCounter, parseDocument } from "yaml";

/** More than the longest strategy needs, and little enough to be parsed in a few milliseconds. */
const MOST_CHARS = 64 * 2 ** 10;

/**
 * Null for an empty text. Aliases are followed, so that the value may be a circle.
 * @throws Error with a sentence that has line and column
 */
export function parseProfile(text: string): unknown {
  if (text.length > MOST_CHARS) throw new Error(`it has more than ${MOST_CHARS} characters`);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined) return document.toJS();
  const { line, col } = lineCounter.linePos(error.pos[0]);
  throw new Error(`line ${line}, column ${col}: ${error.message}`);
}
