/**
 * What metrics have to say in annotations, since no CRD knows members for it: what no data means, a minimum of samples,
 * and groups of which one success is enough (docs/behaviour/analysis.md#no-data).
 */
import { ANY_OF, MIN_SAMPLES, NO_DATA } from "../../../schema/labels.ts";
import { at, items, type Place, root, text } from "../../../kube/validation/place.ts";
import { listed } from "../../../kube/validation/nearNames.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";
import { isTemplated } from "./tags.ts";

/** What a measurement without data is. */
export type NoData = "error" | "inconclusive" | "success" | "failure";

const OUTCOMES: readonly string[] = ["error", "inconclusive", "success", "failure"] satisfies readonly NoData[];

export interface MetricWords {
  /** By the metric's name. */
  readonly noData: ReadonlyMap<string, NoData>;
  readonly minSamples: ReadonlyMap<string, number>;
  /** Names of metrics; each group has two or more. */
  readonly anyOf: readonly (readonly string[])[];
}

export interface WordProblem {
  readonly annotation: string;
  readonly part: string;
  readonly detail: string;
}

export type Annotations = Readonly<Record<string, string>>;

/** The annotations that say something about metrics. */
export const WORDS: readonly string[] = [NO_DATA, MIN_SAMPLES, ANY_OF];

const LONGEST = 20_000;

const partsOf = (annotations: Annotations, name: string): readonly string[] =>
  (annotations[name] ?? "")
    .slice(0, LONGEST)
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** What cannot be read is left out, and said. Never throws. */
export function readWords(annotations: Annotations): {
  readonly words: MetricWords;
  readonly problems: readonly WordProblem[];
} {
  const problems: WordProblem[] = [];
  const noData = new Map<string, NoData>();
  const minSamples = new Map<string, number>();
  const anyOf: string[][] = [];
  const wrong = (annotation: string, part: string, detail: string): void =>
    void problems.push({ annotation, part, detail });
  const pairs = (annotation: string, use: (name: string, value: string, part: string) => void): void => {
    for (const part of partsOf(annotations, annotation)) {
      const cut = part.lastIndexOf("=");
      if (cut <= 0) wrong(annotation, part, "is not of the form metric=value");
      else use(part.slice(0, cut).trim(), part.slice(cut + 1).trim(), part);
    }
  };
  pairs(NO_DATA, (name, value, part) => {
    if (OUTCOMES.includes(value)) noData.set(name, value as NoData);
    else wrong(NO_DATA, part, `is none of ${OUTCOMES.join(", ")}`);
  });
  pairs(MIN_SAMPLES, (name, value, part) => {
    if (/^\d{1,15}$/.test(value)) minSamples.set(name, Number(value));
    else wrong(MIN_SAMPLES, part, "is no whole number");
  });
  const seen = new Set<string>();
  for (const part of partsOf(annotations, ANY_OF)) {
    const names = [...new Set(part.split("|").map((name) => name.trim()))].filter((name) => name !== "");
    const again = names.find((name) => seen.has(name));
    for (const name of names) seen.add(name);
    if (names.length < 2) wrong(ANY_OF, part, "names fewer than two metrics");
    else if (again !== undefined) wrong(ANY_OF, part, `names ${again}, which is in a group already`);
    else anyOf.push(names);
  }
  return { words: { noData, minSamples, anyOf }, problems };
}

const HELP: Readonly<Record<string, string>> = {
  [NO_DATA]: "Write metric=error, inconclusive, success or failure, such as errors=inconclusive, latency=success",
  [MIN_SAMPLES]: "Write metric=number, such as errors=100",
  [ANY_OF]:
    "Write the names of metrics of which one has to succeed, such as errors|latency, and a comma between groups",
};

const annotationsAt = (object: Place): Annotations => {
  const { value } = at(object, "metadata", "annotations");
  const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
};

const placeOf = (object: Place, annotation: string): Place => at(object, "metadata", "annotations", annotation);

/** Words that cannot be read: they would say nothing. */
export function wordViolations(object: unknown): readonly Violation[] {
  const place = root(object);
  return readWords(annotationsAt(place)).problems.map(({ annotation, part, detail }) =>
    helped(invalid("metric-words", placeOf(place, annotation), detail, part), HELP[annotation]),
  );
}

/** Words about metrics that are not in the object: another template may have them. */
export function wordWarnings(object: unknown): readonly Violation[] {
  const place = root(object);
  const names = items(at(place, "spec", "metrics")).map((metric) => at(metric, "name"));
  if (names.some(isTemplated)) return [];
  const known = names.map(text);
  const { noData, minSamples, anyOf } = readWords(annotationsAt(place)).words;
  const said: readonly (readonly [annotation: string, names: Iterable<string>])[] = [
    [NO_DATA, noData.keys()],
    [MIN_SAMPLES, minSamples.keys()],
    [ANY_OF, anyOf.flat()],
  ];
  return said.flatMap(([annotation, each]) =>
    [...each]
      .filter((name) => !known.includes(name))
      .map((name) =>
        helped(
          invalid("metric-words-unmatched", placeOf(place, annotation), "names no metric of this object", name),
          known.length === 0 ? undefined : `Its metrics are ${listed(known)}`,
        ),
      ),
  );
}

/** Those of several templates together. */
export function mergedWords(all: readonly Annotations[]): Annotations {
  const merged = WORDS.map((name) => [name, all.flatMap((each) => partsOf(each, name)).join(", ")] as const);
  return Object.fromEntries(merged.filter(([, value]) => value !== ""));
}
