/** Arguments of analysis templates and runs (validation.md §6.2, §6.4). */
import { at, items, type Place, present, text } from "./place.ts";
import { duplicate, invalid, required, type Violation } from "./violation.ts";

type Rule = (spec: Place) => readonly Violation[];

const argumentsOf = (spec: Place): readonly Place[] => items(at(spec, "args"));
const nameOf = (argument: Place): string => text(at(argument, "name"));

/** What tags may name: "args.x" for each argument. */
export const argumentNames = (spec: Place): ReadonlySet<string> =>
  new Set(argumentsOf(spec).map((argument) => `args.${nameOf(argument)}`));

/** Each argument that repeats a name, with the one before it. */
function pairs(spec: Place): readonly (readonly [earlier: Place, later: Place])[] {
  const all = argumentsOf(spec);
  return all.flatMap((later, index) => {
    const earlier = all.slice(0, index).findLast((argument) => nameOf(argument) === nameOf(later));
    return earlier === undefined ? [] : [[earlier, later] as const];
  });
}

const conflicts = (earlier: Place, later: Place): boolean => {
  const values = [at(earlier, "value"), at(later, "value")];
  return values.every(present) && values.map(text)[0] !== values.map(text)[1];
};

/** No Rollout and no Experiment can use a template that gives an argument two values. */
export const conflictingArguments: Rule = (spec) =>
  pairs(spec)
    .filter(([earlier, later]) => conflicts(earlier, later))
    .map(([earlier, later]) =>
      invalid("argument-conflict", at(later, "value"), conflictDetail(nameOf(later), earlier, later)),
    );

export const conflictDetail = (name: string, earlier: Place, later: Place): string =>
  `Argument \`${name}\` specified multiple times with different values: '${text(at(earlier, "value"))}', '${text(at(later, "value"))}'`;

/** Harmless in a template as long as the values agree. */
export const repeatedArguments: Rule = (spec) =>
  pairs(spec)
    .filter(([earlier, later]) => !conflicts(earlier, later))
    .map(([, later]) => duplicate("argument-duplicate", at(later, "name")));

export const twoSources = (spec: Place, detail: string): readonly Violation[] =>
  argumentsOf(spec)
    .filter((argument) => present(at(argument, "value")) && present(at(argument, "valueFrom")))
    .map((argument) =>
      invalid("argument-two-sources", argument, `has both value and valueFrom: ${detail}`, nameOf(argument)),
    );

/** A run reads secrets, but no fields. */
export const runArgumentViolations: Rule = (spec) =>
  argumentsOf(spec)
    .filter((argument) => !present(at(argument, "value")) && !present(at(argument, "valueFrom", "secretKeyRef")))
    .map((argument) =>
      required("argument-required", at(argument, "value"), `argument "${nameOf(argument)}" was not supplied`),
    );

/** The reference makes such runs itself: a Rollout's value is put beside the secret that a template names. */
export const runArgumentWarnings: Rule = (spec) => [
  ...pairs(spec).map(([, later]) => duplicate("argument-duplicate", at(later, "name"))),
  ...twoSources(spec, "the secret wins over the value").filter(({ value }) =>
    argumentsOf(spec).some((argument) => nameOf(argument) === value && present(at(argument, "valueFrom", "secretKeyRef"))),
  ),
];
