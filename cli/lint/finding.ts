/** What lint says of a place in a file. */
import type { Range } from "../yaml/position.ts";

export interface Finding {
  /** Errors are what admission or the API server would refuse; warnings may be cured by objects still to come. */
  readonly severity: "error" | "warning";
  /** Stable kebab-case name of the rule. */
  readonly rule: string;
  /** In the object: `spec.strategy.canary.steps[0].setWeight`; "" for all of it. */
  readonly path: string;
  /** Without the path: `Invalid value: 101: SetWeight needs to be between 0 and 100`. */
  readonly message: string;
  /** What to do, in sentences without the last full stop. */
  readonly help?: string;
  /** As people named the file. */
  readonly file: string;
  readonly range: Range;
  /** Absent where the text holds no object. */
  readonly object?: ObjectName;
  readonly mend?: Edit;
}

export interface ObjectName {
  readonly kind: string;
  /** "" where the manifest names none. */
  readonly namespace: string;
  readonly name: string;
}

/** The one right answer: text in the place of the text there. */
export interface Edit {
  readonly range: Range;
  readonly text: string;
}

/** With a full stop, unless it ends with a mark of its own: `Did you mean "image"?` */
export const asSentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);
