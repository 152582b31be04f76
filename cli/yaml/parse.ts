/** YAML as Kubernetes reads it: version 1.1 without its rarer types. JSON is YAML, too. */
import {
  type Document,
  isScalar,
  Lexer,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type Tags,
  visit,
  type YAMLError,
  YAMLParseError,
} from "yaml";

export type Parsed = Document.Parsed;

/** Kubernetes reads YAML 1.1 without these types: a time or a date is a text there. */
const LEFT_OUT = ["timestamp", "binary", "set", "omap", "pairs"].map((name) => `tag:yaml.org,2002:${name}`);

/** Numbers are printed as they were written (0644, 1_000, more digits than a double has). */
function kubernetesTags(tags: Tags): Tags {
  return tags.flatMap((tag): Tags => {
    if (typeof tag === "string") return [tag];
    if (LEFT_OUT.includes(tag.tag) || tag.format === "TIME") return [];
    if (tag.tag.endsWith(":bool")) {
      const truth = /^(?:[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/;
      const lie = /^(?:[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/;
      // `y` and `n` are texts.
      return [{ ...tag, test: tag.test?.test("true") === true ? truth : lie } as typeof tag];
    }
    const { stringify: print } = tag;
    if (!/:(int|float)$/.test(tag.tag) || print === undefined) return [tag];
    const asWritten: typeof print = (item, ...rest) => item.source ?? print(item, ...rest);
    return [{ ...tag, stringify: asWritten }];
  });
}

/** Deeper ones would use up the stack of the parser, slowly; real objects nest 30 levels. */
const DEEPEST = 500;

/**
 * The documents of a file, of `kustomize build` or of `helm template`; what is wrong with one stands in its `errors`.
 * @param lines learns where the lines of the text begin
 * @throws {Error} for what nests too deep: a sentence
 */
export function parseDocuments(text: string, lines = new LineCounter()): readonly Parsed[] {
  if (nestsTooDeep(text)) throw new Error(`it nests deeper than ${DEEPEST} levels, which no object of Kubernetes does`);
  const documents = parseAllDocuments(text, {
    version: "1.1",
    customTags: kubernetesTags,
    logLevel: "error",
    lineCounter: lines,
    // The parser compares each key with each other one: of 50,000 it would take minutes.
    uniqueKeys: false,
  });
  if ("empty" in documents) return [];
  for (const document of documents) document.errors.push(...repeatedKeys(document, lines));
  return documents;
}

/** First by what is cheap, which texts in quotes may mislead. */
function nestsTooDeep(text: string): boolean {
  if (!mayNestDeep(text)) return false;
  let depth = 0;
  let dashes = 0;
  for (const token of new Lexer().lex(text)) {
    const first = token[0] ?? "";
    if ((first === "[" || first === "{") && token.length === 1) depth += 1;
    if ((first === "]" || first === "}") && token.length === 1) depth -= 1;
    dashes = token === "-" ? dashes + 1 : token.includes("\n") ? 0 : dashes;
    if (depth > DEEPEST || dashes > DEEPEST) return true;
  }
  return new RegExp(`^ {${DEEPEST * 2},}\\S+:`, "m").test(text);
}

function mayNestDeep(text: string): boolean {
  let opened = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === OPEN_BRACKET || code === OPEN_BRACE) opened += 1;
    if (opened > DEEPEST) return true;
  }
  return text.includes("- ".repeat(DEEPEST)) || text.includes(" ".repeat(DEEPEST * 2));
}

const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** The name of a member. */
export const keyOf = ({ key }: Pick<Pair, "key">): string => String(isScalar(key) ? key.value : key);

/** `<<`, of which the parser makes a symbol. */
export const isMerge = ({ key }: Pick<Pair, "key">): boolean =>
  isScalar(key) && (key.value === "<<" || typeof key.value === "symbol");

function repeatedKeys(document: Parsed, lines: LineCounter): readonly YAMLParseError[] {
  const errors: YAMLParseError[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || isMerge({ key })) continue;
        const { range } = key;
        if (seen.has(key.value) && range !== undefined && range !== null) {
          const { line, col } = lines.linePos(range[0]);
          const message = `Map keys must be unique at line ${line}, column ${col}:\n\n${String(key.value)}`;
          errors.push(new YAMLParseError([range[0], range[1]], "DUPLICATE_KEY", message));
        }
        seen.add(key.value);
      }
    },
  });
  return errors;
}

/** A sentence for people: what is wrong, and where if the message says so. */
export function problemOf({ message }: Pick<YAMLError, "message">, text: string): string {
  const template = text.includes("{{") ? ". It looks like a template: give what `helm template` prints" : "";
  return `${(message.split("\n\n")[0] ?? "").replace(/:$/, "")}${template}`;
}
