/**
 * The canary's steps (docs/behaviour/validation.md#canary-steps): every step runs through the rules of its kinds and
 * those that all kinds share, in the reference's order.
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { argumentPathProblem } from "../../../kube/validation/downwardApi.ts";
import { at, items, type Place, present, text } from "../../../kube/validation/place.ts";
import { printedArguments } from "../../../kube/validation/printed.ts";
import { invalid, required, type Violation } from "../../../kube/validation/violation.ts";
import type { Abilities } from "../../../providers/traffic/traits.ts";
import type { StepInput as KindInput } from "../../steps/kind.ts";
import { STEPS } from "../../steps/kinds.ts";
import type { StepTable } from "../../steps/table.ts";

interface StepInput extends KindInput {
  readonly kinds: StepTable;
  /** Names of the managed routes; undefined where the list is missing. */
  readonly managed: ReadonlySet<string> | undefined;
}

type Rule = (input: StepInput) => readonly Violation[];

const ONE_MEMBER = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
const UNKNOWN_ROUTE = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes";

const has = (step: Place, member: string): boolean => present(at(step, member));

const capitalised = (member: string): string => member.charAt(0).toUpperCase() + member.slice(1);

/** Only some of the kinds exclude each other: setWeight beside setCanaryScale is let through. */
const notSeveralMembers: Rule = ({ step, kinds: { exclusive } }) => {
  if (exclusive.filter((member) => has(step, member)).length < 2) return [];
  const value = exclusive.map((member) => `step.${capitalised(member)}: ${has(step, member)}`).join(" ");
  return [invalid("step-several-members", step, ONE_MEMBER, value)];
};

/** The value shows for each member whether it is missing, so it reads "true" throughout. */
const someMember: Rule = ({ step, kinds: { printed } }) => {
  if (printed.some(({ member }) => has(step, member))) return [];
  const value = printed.map(({ member }) => `step.${capitalised(member)}: true`).join(" ");
  return [invalid("step-no-member", step, ONE_MEMBER, value)];
};

const ofKinds: Rule = (input) => flatMap(input.kinds.kinds, (kind) => kind.violations?.(input) ?? []);

const routesOf = (step: Place, { kinds }: StepTable): readonly Place[] =>
  kinds.flatMap(({ route }) => route?.(step) ?? []).filter(present);

const managedRoutesListed: Rule = ({ step, routing, managed, kinds }) => {
  if (!present(routing) || managed !== undefined || routesOf(step, kinds).length === 0) return [];
  const detail = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'";
  return [required("managed-routes-required", at(routing, "managedRoutes"), detail)];
};

const routeIsManaged: Rule = ({ step, managed, kinds }) => {
  if (managed === undefined) return [];
  return routesOf(step, kinds)
    .filter((route) => !managed.has(text(at(route, "name"))))
    .map((route) => invalid("step-route-not-managed", route, UNKNOWN_ROUTE, text(at(route, "name"))));
};

const lastOfKinds: Rule = (input) => flatMap(input.kinds.kinds, (kind) => kind.lastViolations?.(input) ?? []);

/** Arguments that read the Rollout's own metadata; one violation each, showing the whole list. */
const analysisArguments: Rule = ({ step, kinds: { printed } }) => {
  const args = flatMap(printed, (kind) => kind.arguments?.(step) ?? []);
  const detail = "Analyses arguments must refer to valid object metadata supported by downwardAPI";
  return args
    .filter((arg) => argumentPathProblem(text(at(arg, "valueFrom", "fieldRef", "fieldPath"))) !== undefined)
    .map(() => invalid("step-analysis-argument", at(step, "analyses"), detail, printedArguments(args)));
};

const RULES: readonly Rule[] = [
  notSeveralMembers,
  someMember,
  ofKinds,
  managedRoutesListed,
  routeIsManaged,
  lastOfKinds,
  analysisArguments,
];

/** `routers`: the abilities of those that the Rollout configures. */
export function stepViolations(
  canary: Place,
  routers: readonly Abilities[],
  kinds: StepTable = STEPS,
): readonly Violation[] {
  const routing = at(canary, "trafficRouting");
  const routes = at(routing, "managedRoutes");
  // Once for all steps: there may be many of both.
  const managed = present(routes) ? new Set(items(routes).map((route) => text(at(route, "name")))) : undefined;
  const around: Omit<StepInput, "step"> = { routing, routers, managed, kinds };
  return flatMap(items(at(canary, "steps")), (step) => {
    const input = { ...around, step };
    return flatMap(RULES, (rule) => rule(input));
  });
}
