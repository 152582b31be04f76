/** YAML as Kubernetes reads it: version 1.1 without its rarer types. JSON is YAML, too. */
import { type Document, type LineCounter, parseAllDocuments, type Tags, type YAMLError } from "yaml";

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

/**
 * The documents of a file, of `kustomize build` or of `helm template`; what is wrong with one stands in its `errors`.
 * @param lines learns where the lines of the text begin
 */
export function parseDocuments(text: string, lines?: LineCounter): readonly Parsed[] {
  const documents = parseAllDocuments(text, {
    version: "1.1",
    customTags: kubernetesTags,
    logLevel: "error",
    ...(lines === undefined ? {} : { lineCounter: lines }),
  });
  return "empty" in documents ? [] : documents;
}

/** A sentence for people: what is wrong, and where if the message says so. */
export function problemOf({ message }: Pick<YAMLError, "message">, text: string): string {
  const template = text.includes("{{") ? ". It looks like a template: give what `helm template` prints" : "";
  return `${(message.split("\n\n")[0] ?? "").replace(/:$/, "")}${template}`;
}
