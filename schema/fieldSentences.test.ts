import { describe, expect, test } from "bun:test";
import { crds, type Structural } from "./crd.ts";
import { explained, FIELD_SENTENCES, fieldsOf } from "./fieldSentences.ts";

const kinds = crds.map(({ spec }) => ({
  kind: spec.names.kind,
  schema: spec.versions[0]?.schema.openAPIV3Schema as Structural,
  sentences: FIELD_SENTENCES[spec.names.kind] ?? {},
}));

/** Words that name a field say nothing about it, and neither do these. */
const filler = new Set("a an and are be by for in is it its of on or that the this to which with".split(" "));

const wordsOf = (text: string): readonly string[] =>
  text
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "" && !filler.has(word));

/** Plurals and the like of a word of the name count as the word. */
const isOf = (word: string, name: readonly string[]): boolean =>
  name.some((one) => one.length > 2 && (word.startsWith(one) || one.startsWith(word)));

/** Why a sentence is of no use; undefined: it is of some. */
function uselessness(path: string, sentence: string): string | undefined {
  if (!/^[A-Z0-9({-]/.test(sentence) || !sentence.endsWith(".")) return "is no sentence: a capital first, a point last";
  const name = wordsOf(path.split(".").at(-1) ?? "");
  const more = new Set(wordsOf(sentence).filter((word) => !isOf(word, name)));
  if (more.size < 2) return `says nothing but the name of ${path}`;
  if (/[Dd]efault:/.test(sentence.replace(/ Default: [^:]+\.$/, ""))) return "says a default elsewhere than at its end";
  return sentence.length > 320 ? "is too long for a terminal: 320 characters are enough" : undefined;
}

describe.each(kinds)("the sentences of a field of a $kind", ({ schema, sentences }) => {
  const fields = fieldsOf(schema);
  const paths = new Set(fields.map(({ path }) => path));

  test("are there for each field, spec and status", () => {
    expect(fields.filter(({ path }) => sentences[path] === undefined).map(({ path }) => path)).toEqual([]);
  });

  test("are of fields that exist", () => {
    expect(Object.keys(sentences).filter((path) => !paths.has(path))).toEqual([]);
  });

  test("say more than the name of the field, in one terminal", () => {
    const useless = Object.entries(sentences).flatMap(([path, sentence]) => {
      const why = uselessness(path, sentence);
      return why === undefined ? [] : [`${path} ${why}: ${sentence}`];
    });
    expect(useless).toEqual([]);
  });

  test("are the defaults of the schema where that has one, which the page shows", () => {
    const twice = fields.filter(
      ({ path, node }) => node.default !== undefined && /Default:/.test(sentences[path] ?? ""),
    );
    expect(twice.map(({ path }) => path)).toEqual([]);
  });

  test("change nothing of the schema but descriptions", () => {
    const without = (node: Structural): unknown =>
      JSON.parse(JSON.stringify(node), (key, value: unknown) =>
        key === "description" && typeof value === "string" ? undefined : value,
      );
    const described = explained(schema, sentences);
    expect(without(described)).toEqual(without(schema));
    const shown = fieldsOf(described).map(({ path, node }) => [path, node.description]);
    expect(shown).toEqual(fields.map(({ path }) => [path, sentences[path]]));
  });
});

test.each([
  ["spec.replicas", "Replicas.", "says nothing but the name of spec.replicas"],
  ["spec.replicas", "The number of the replicas.", "says nothing but the name of spec.replicas"],
  ["spec.analysis.successfulRunHistoryLimit", "Limits the history of successful runs.", "says nothing but"],
  ["spec.paused", "stops here for a while", "is no sentence"],
  ["spec.paused", "Default: false. Holds all steps.", "says a default elsewhere"],
  ["spec.paused", `${"Holds all steps until later, ".repeat(20)}always.`, "is too long"],
])("a sentence for %s that is of no use is caught: %s", (path, sentence, why) => {
  expect(uselessness(path, sentence)).toContain(why);
});
