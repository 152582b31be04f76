/** Questions about canary steps, answered by the table of their kinds. */
import type { CanaryStep } from "../../schema/rollout.ts";
import type { ManagedRoute } from "../../providers/traffic/router.ts";
import { type CanarySize, hold, type StepFacts, type StepKind, type Verdict } from "./kind.ts";

interface NamedKind extends StepKind {
  /** The member of a step that makes it one of this kind. */
  readonly member: string;
}

/** All kinds, and those that hot paths need. */
export interface StepTable {
  readonly kinds: readonly NamedKind[];
  /** In the order in which the reference prints their members. */
  readonly printed: readonly NamedKind[];
  /** Members of which a step may have one, in the same order. */
  readonly exclusive: readonly string[];
  readonly weights: readonly NonNullable<StepKind["weight"]>[];
  readonly sizes: readonly NonNullable<StepKind["size"]>[];
  readonly routes: readonly NonNullable<StepKind["routeChange"]>[];
}

/** The reference prints the members of a step in an order of its own; others come after these. */
const PRINTED: readonly string[] =
  "experiment pause setWeight analysis setCanaryScale setHeaderRoute setMirrorRoute plugin".split(" ");

const printedAt = ({ member }: NamedKind): number => {
  const index = PRINTED.indexOf(member);
  return index < 0 ? PRINTED.length : index;
};

export function stepTable(rows: Readonly<Record<string, StepKind>>): StepTable {
  const kinds = Object.entries(rows).map(([member, kind]) => ({ ...kind, member }));
  const printed = kinds.toSorted((a, b) => printedAt(a) - printedAt(b));
  return {
    kinds,
    printed,
    exclusive: printed.flatMap(({ member, isExclusive }) => (isExclusive === true ? [member] : [])),
    weights: kinds.flatMap(({ weight }) => weight ?? []),
    sizes: kinds.flatMap(({ size }) => size ?? []),
    routes: kinds.flatMap(({ routeChange }) => routeChange ?? []),
  };
}

const has = (step: CanaryStep, { member }: NamedKind): boolean =>
  (step as Readonly<Record<string, unknown>>)[member] !== undefined;

/** The first kind that the step has a member of. */
export const kindOf = (table: StepTable, step: CanaryStep): StepKind | undefined =>
  table.kinds.find((kind) => has(step, kind));

export const verdictOf = (table: StepTable, step: CanaryStep, facts: StepFacts): Verdict =>
  kindOf(table, step)?.verdict(step, facts) ?? hold("UnknownKind");

/** A step in the words of events and of the command line (docs/behaviour/canary.md#how-a-step-is-written). */
export const textOf = (table: StepTable, step: CanaryStep): string => kindOf(table, step)?.words(step) ?? "invalid";

/** A step that may take as long as it likes. */
export const isEndless = (table: StepTable, step: CanaryStep): boolean =>
  table.kinds.some((kind) => kind.isEndless === true && has(step, kind));

/** The weight that holds after the first `count` steps; 0 when no step sets one. */
export function weightAfter(table: StepTable, steps: readonly CanaryStep[], count: number): number {
  return lastAsked(table.weights, steps, count) ?? 0;
}

/** The size that holds after the first `count` steps; undefined when no step sets one. */
export const sizeAfter = (table: StepTable, steps: readonly CanaryStep[], count: number): CanarySize | undefined =>
  lastAsked(table.sizes, steps, count);

/** The managed routes, by name, that the first `count` steps have made and not removed again. */
export function routesAfter(
  table: StepTable,
  steps: readonly CanaryStep[],
  count: number,
): ReadonlyMap<string, ManagedRoute> {
  const routes = new Map<string, ManagedRoute>();
  for (const step of steps.slice(0, count)) {
    // A step may have both kinds of routes, and each is made.
    for (const ask of table.routes) {
      const change = ask(step);
      if (change?.kind === "set") routes.set(change.route.name, change.route);
      if (change?.kind === "remove") routes.delete(change.name);
    }
  }
  return routes;
}

function lastAsked<T>(
  kinds: readonly ((step: CanaryStep) => T | undefined)[],
  steps: readonly CanaryStep[],
  count: number,
): T | undefined {
  for (let index = Math.min(count, steps.length) - 1; index >= 0; index -= 1) {
    const asked = askedBy(kinds, steps[index]);
    if (asked !== undefined) return asked;
  }
  return undefined;
}

function askedBy<T>(
  kinds: readonly ((step: CanaryStep) => T | undefined)[],
  step: CanaryStep | undefined,
): T | undefined {
  if (step === undefined) return undefined;
  for (const ask of kinds) {
    const asked = ask(step);
    if (asked !== undefined) return asked;
  }
  return undefined;
}

/** All weights that the steps set, in their order. */
export const weightsOf = (table: StepTable, steps: readonly CanaryStep[]): readonly number[] =>
  steps.flatMap((step) => askedBy(table.weights, step) ?? []);
