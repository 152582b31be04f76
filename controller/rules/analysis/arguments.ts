/** Arguments of analysis templates and runs (docs/behaviour/validation.md#arguments). */
import { at, items, type Place, present, text } from "../../../kube/validation/place.ts";
import { duplicate, helped, invalid, required, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (spec: Place) => readonly Violation[];

const argumentsOf = (spec: Place): readonly Place[] => items(at(spec, "args"));
const nameOf = (argument: Place): string => text(at(argument, "name"));

/** What tags may name: "args.x" for each argument. */
export const argumentNames = (spec: Place): ReadonlySet<string> =>
  new Set(argumentsOf(spec).map((argument) => `args.${nameOf(argument)}`));

/** Each argument that repeats a name, with the one before it. */
function pairs(spec: Place): readonly (readonly [earlier: Place, later: Place])[] {
  const latest = new Map<string, Place>();
  return argumentsOf(spec).flatMap((later) => {
    const earlier = latest.get(nameOf(later));
    latest.set(nameOf(later), later);
    return earlier === undefined ? [] : [[earlier, later] as const];
  });
}

/** What is wrong when two arguments of one name meet; in the reference's words. */
export function conflictOf(earlier: Place, later: Place): string | undefined {
  const [first, second] = [at(earlier, "value"), at(later, "value")];
  if (!present(first) || !present(second) || text(first) === text(second)) return undefined;
  return `Argument \`${nameOf(later)}\` specified multiple times with different values: '${text(first)}', '${text(second)}'`;
}

/** No Rollout and no Experiment can use a template that gives an argument two values. */
export const conflictingArguments: Rule = (spec) =>
  pairs(spec).flatMap(([earlier, later]) => {
    const detail = conflictOf(earlier, later);
    if (detail === undefined) return [];
    const found = invalid("argument-conflict", at(later, "value"), detail);
    return [helped(found, "Keep one of the two, or give them different names")];
  });

const DUPLICATE = "An argument of this name is listed before: keep one of them";

/** Harmless in a template as long as the values agree. */
const repeatedArguments: Rule = (spec) =>
  pairs(spec)
    .filter(([earlier, later]) => conflictOf(earlier, later) === undefined)
    .map(([, later]) => helped(duplicate("argument-duplicate", at(later, "name")), DUPLICATE));

export const hasTwoSources = (argument: Place): boolean =>
  present(at(argument, "value")) && present(at(argument, "valueFrom"));

export const templateArgumentWarnings: Rule = (spec) => [
  ...repeatedArguments(spec),
  ...argumentsOf(spec)
    .filter(hasTwoSources)
    .map((argument) => {
      const detail = "has both value and valueFrom, which steps and promotions refuse; elsewhere a secret wins";
      return invalid("argument-two-sources", argument, detail, nameOf(argument));
    }),
];

const readsSecret = (argument: Place): boolean => present(at(argument, "valueFrom", "secretKeyRef"));

/** A run reads secrets, but not fields. */
export const runArgumentViolations: Rule = (spec) =>
  argumentsOf(spec)
    .filter((argument) => !present(at(argument, "value")) && !readsSecret(argument))
    .map((argument) => {
      const found = required(
        "argument-required",
        at(argument, "value"),
        `argument "${nameOf(argument)}" was not supplied`,
      );
      return helped(found, "A run needs every value: write value, or valueFrom.secretKeyRef with name and key");
    });

/** The reference makes such runs itself: it puts a Rollout's value beside the secret that a template names. */
export const runArgumentWarnings: Rule = (spec) => [
  ...pairs(spec).map(([, later]) => helped(duplicate("argument-duplicate", at(later, "name")), DUPLICATE)),
  ...argumentsOf(spec)
    .filter((argument) => present(at(argument, "value")) && readsSecret(argument))
    .map((argument) =>
      invalid("argument-two-sources", argument, "has both a value and a secret: the secret wins", nameOf(argument)),
    ),
];
