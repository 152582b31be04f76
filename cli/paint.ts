/** Colours of a terminal: a few escape sequences, or no colours at all. */

export type Colour = "blue" | "green" | "yellow" | "red" | "cyan" | "dim" | "bold";

/** Wraps a text in a colour; nested ones are not supported. */
export type Paint = (colour: Colour, text: string) => string;

const escape = "\u001B";

const codes: { readonly [C in Colour]: readonly [on: number, off: number] } = {
  blue: [94, 39],
  green: [92, 39],
  yellow: [93, 39],
  red: [91, 39],
  cyan: [96, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export const inColour: Paint = (colour, text) => {
  const [on, off] = codes[colour];
  return text === "" ? "" : `${escape}[${on}m${text}${escape}[${off}m`;
};

export const plain: Paint = (_, text) => text;

export interface Terminal {
  readonly isTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";

/** NO_COLOR (https://no-color.org) overrides FORCE_COLOR, which overrides the rest. */
export function paintFor({ isTTY, env }: Terminal): Paint {
  if (isSet(env["NO_COLOR"])) return plain;
  if (isSet(env["FORCE_COLOR"])) return env["FORCE_COLOR"] === "0" ? plain : inColour;
  return isTTY && env["TERM"] !== "dumb" ? inColour : plain;
}

const escapes = new RegExp(`${escape}\\[[0-9;]*m`, "y");

/** The first `columns` columns of a line, colours kept and ended. Each character is taken for one column wide. */
export function clip(line: string, columns: number): string {
  let shown = "";
  let width = 0;
  let isColoured = false;
  for (let at = 0; at < line.length;) {
    escapes.lastIndex = at;
    const [found] = escapes.exec(line) ?? [];
    if (found !== undefined) {
      shown += found;
      isColoured = true;
      at += found.length;
      continue;
    }
    const character = String.fromCodePoint(line.codePointAt(at) ?? 0);
    if (width === columns) return isColoured ? `${shown}${escape}[0m` : shown;
    shown += character;
    width += 1;
    at += character.length;
  }
  return shown;
}

/** A text as lines of at most `columns` columns, broken at blanks if possible; later lines begin with `hang`. */
export function wrap(text: string, columns: number, hang = ""): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > columns) {
    const blank = rest.lastIndexOf(" ", columns);
    const end = blank > hang.length ? blank : columns;
    lines.push(rest.slice(0, end));
    rest = hang + rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
