/** The pattern is no regular expression of Go's. */
export class RegexpError extends Error {}

/** Where a parser stands in its text; by code points, as Go reads it. */
export class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  sees(token: string): boolean {
    return this.#text.startsWith(token, this.#at);
  }

  take(token: string): boolean {
    if (!this.sees(token)) return false;
    this.#at += token.length;
    return true;
  }

  /** The next code point. */
  next(): number {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new RegexpError("ends too early");
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** What a sticky expression matches here, which is then behind the cursor. */
  match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }
}
