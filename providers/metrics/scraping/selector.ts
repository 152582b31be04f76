/**
 * Which series of a page count: `http_requests_total{code=~"5..",path!="/healthz"}`, as in PromQL. Patterns know `|`, `.`,
 * `.*` and `.+` only, so that they match in the time of one walk whatever a page holds; anchored, as in PromQL.
 */

export interface SeriesSelector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

interface Matcher {
  readonly label: string;
  readonly matches: (value: string) => boolean;
}

type Read = SeriesSelector | { readonly problem: string };

const HEAD = /^([A-Za-z_:][\w:]*)\s*(?:\{([\s\S]*)\})?$/;
const PART = /\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;

const LONGEST = 1_000;

/** Never throws. */
export function parseSelector(text: string): Read {
  if (text.length > LONGEST) return { problem: `it is longer than ${LONGEST} characters` };
  const [, name, inside = ""] = HEAD.exec(text.trim()) ?? [];
  if (name === undefined) return { problem: 'it is no series such as http_requests_total{code=~"5.."}' };
  const matchers: Matcher[] = [];
  PART.lastIndex = 0;
  for (let at = 0; inside.slice(at).trim() !== ""; at = PART.lastIndex) {
    PART.lastIndex = at;
    const [, label = "", operator = "", quoted = ""] = PART.exec(inside) ?? [];
    if (label === "") return { problem: `its labels cannot be read from ${JSON.stringify(inside.slice(at, at + 30))}` };
    const value = unescaped(quoted);
    const matches = matcherOf(operator, value);
    if (typeof matches === "string") return { problem: matches };
    matchers.push({ label, matches });
  }
  return { name, matchers };
}

function matcherOf(operator: string, value: string): Matcher["matches"] | string {
  if (operator === "=") return (given) => given === value;
  if (operator === "!=") return (given) => given !== value;
  const pattern = patternOf(value);
  if (pattern === undefined) return `the pattern ${JSON.stringify(value)} has more than |, ., .* and .+ in it`;
  return operator === "=~" ? pattern : (given) => !pattern(given);
}

export const unescaped = (text: string): string =>
  text.includes("\\") ? text.replaceAll(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign)) : text;

/** A character, any character, or any number of them. */
type Token = { readonly kind: "text"; readonly text: string } | { readonly kind: "any" } | { readonly kind: "all" };

function patternOf(text: string): ((given: string) => boolean) | undefined {
  const alternatives = text.split("|").map(tokensOf);
  if (alternatives.some((tokens) => tokens === undefined)) return undefined;
  return (given) => alternatives.some((tokens) => tokens !== undefined && fits(tokens, given));
}

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (const [sign] of text.matchAll(/\\[\s\S]|\.[*+]?|[\s\S]/g)) {
    if (sign === ".*") tokens.push({ kind: "all" });
    else if (sign === ".+") tokens.push({ kind: "any" }, { kind: "all" });
    else if (sign === ".") tokens.push({ kind: "any" });
    else if (/^[[\](){}^$*+?]$/.test(sign) || /^\\\w$/.test(sign)) return undefined;
    else tokens.push({ kind: "text", text: sign.replace(/^\\(?=.)/, "") });
  }
  return tokens;
}

/** The walk of a glob: back to the last "all" only, so at most length × length. */
function fits(tokens: readonly Token[], given: string): boolean {
  let [token, at, star, mark] = [0, 0, -1, 0];
  while (at < given.length) {
    const wanted = tokens[token];
    if (wanted?.kind === "all") [star, mark, token] = [token, at, token + 1];
    else if (wanted !== undefined && (wanted.kind === "any" || wanted.text === given[at]))
      [token, at] = [token + 1, at + 1];
    else if (star >= 0) [token, mark, at] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (tokens[token]?.kind === "all") token += 1;
  return token === tokens.length;
}
