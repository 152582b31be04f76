/** What a person is told of a conversion. */

export interface Note {
  /**
   * `refused`: why it is not converted. `lost`: has no counterpart, and is left out. `changed`: stands elsewhere or means
   * something else now. `todo`: what is left to do by hand.
   */
  readonly kind: "refused" | "lost" | "changed" | "todo";
  /** A whole sentence, or a place and what holds of it. */
  readonly text: string;
}

export const lost = (text: string): Note => ({ kind: "lost", text });
export const changed = (text: string): Note => ({ kind: "changed", text });
export const todo = (text: string): Note => ({ kind: "todo", text });
export const refused = (text: string): Note => ({ kind: "refused", text });
