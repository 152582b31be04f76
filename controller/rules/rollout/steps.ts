/**
 * The canary's steps (docs/behaviour/validation.md#canary-steps): every step runs through the rules of its kinds and
 * those that all kinds share, in the reference's order.
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { argumentPathProblem } from "../../../kube/validation/downwardApi.ts";
import { goQuoted } from "../../../kube/object/goQuoted.ts";
import { didYouMean, listed } from "../../../kube/validation/nearNames.ts";
import { at, items, keys, type Place, present, text } from "../../../kube/validation/place.ts";
import { printedArguments } from "../../../kube/validation/printed.ts";
import { helped, invalid, required, type Violation } from "../../../kube/validation/violation.ts";
import type { Abilities } from "../../../providers/traffic/traits.ts";
import type { StepInput as KindInput } from "../../steps/kind.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import type { StepTable } from "../../steps/stepTable.ts";

interface StepInput extends KindInput {
  readonly kinds: StepTable;
  /** Names of the managed routes; undefined where the list is missing. */
  readonly managed: ReadonlySet<string> | undefined;
}

type Rule = (input: StepInput) => readonly Violation[];

const ONE_MEMBER = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
const UNKNOWN_ROUTE = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes";

const FIELD_PATHS =
  "fieldPath may be metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'] or metadata.annotations['KEY']";

const has = (step: Place, member: string): boolean => present(at(step, member));

const capitalised = (member: string): string => member.charAt(0).toUpperCase() + member.slice(1);

/** Only some of the kinds exclude each other: setWeight beside setCanaryScale is let through. */
const notSeveralMembers: Rule = ({ step, kinds: { exclusive } }) => {
  if (exclusive.filter((member) => has(step, member)).length < 2) return [];
  const value = exclusive.map((member) => `step.${capitalised(member)}: ${has(step, member)}`).join(" ");
  const given = listed(exclusive.filter((member) => has(step, member)));
  const help = `This step has ${given}: make a step of each, in the order in which they are to happen`;
  return [helped(invalid("step-several-members", step, ONE_MEMBER, value), help)];
};

/** The value shows for each member whether it is missing, so it reads "true" throughout. */
const someMember: Rule = ({ step, kinds: { printed } }) => {
  if (printed.some(({ member }) => has(step, member))) return [];
  const members = printed.map(({ member }) => member);
  const value = members.map((member) => `step.${capitalised(member)}: true`).join(" ");
  return [helped(invalid("step-no-member", step, ONE_MEMBER, value), emptyStepHelp(step, members))];
};

/** A step is empty because nothing is in it, what is in it is null (`- pause:`), or it is misspelt. */
function emptyStepHelp(step: Place, members: readonly string[]): string {
  const [given] = keys(step);
  const kinds = `A step is one of ${listed(members, "or")}, such as setWeight: 20 or pause: {duration: 10m}`;
  if (given === undefined) return `This step is empty. ${kinds}`;
  if (members.includes(given))
    return `${given} has no value here; a pause without an end is written pause: {}. ${kinds}`;
  const near = didYouMean(given, members);
  return `${goQuoted(given)} is no kind of step. ${near === undefined ? "" : `${near} `}${kinds}`;
}

const ofKinds: Rule = (input) => flatMap(input.kinds.kinds, (kind) => kind.violations?.(input) ?? []);

const routesOf = (step: Place, { kinds }: StepTable): readonly Place[] =>
  kinds.flatMap(({ route }) => route?.(step) ?? []).filter(present);

const managedRoutesListed: Rule = ({ step, routing, managed, kinds }) => {
  if (!present(routing) || managed !== undefined || routesOf(step, kinds).length === 0) return [];
  const detail = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'";
  const names = routesOf(step, kinds).map((route) => `{name: ${text(at(route, "name"))}}`);
  const help = `List the routes that steps make, in the order in which they match: managedRoutes: [${names.join(", ")}]`;
  return [helped(required("managed-routes-required", at(routing, "managedRoutes"), detail), help)];
};

const routeIsManaged: Rule = ({ step, managed, kinds }) => {
  if (managed === undefined) return [];
  return routesOf(step, kinds)
    .filter((route) => !managed.has(text(at(route, "name"))))
    .map((route) => {
      const name = text(at(route, "name"));
      const near = didYouMean(name, managed);
      const there = managed.size === 0 ? "managedRoutes is empty" : `managedRoutes has ${listed(managed)}`;
      const help = `${near === undefined ? "" : `${near} `}${there}: name one of its routes, or add {name: ${name}}`;
      return helped(invalid("step-route-not-managed", route, UNKNOWN_ROUTE, name), help);
    });
};

const lastOfKinds: Rule = (input) => flatMap(input.kinds.kinds, (kind) => kind.lastViolations?.(input) ?? []);

/** Arguments that read the Rollout's own metadata; one violation each, showing the whole list. */
const analysisArguments: Rule = ({ step, kinds: { printed } }) => {
  const args = flatMap(printed, (kind) => kind.arguments?.(step) ?? []);
  const detail = "Analyses arguments must refer to valid object metadata supported by downwardAPI";
  return args
    .map((arg) => at(arg, "valueFrom", "fieldRef", "fieldPath"))
    .filter((path) => argumentPathProblem(text(path)) !== undefined)
    .map((path) => {
      const found = invalid("step-analysis-argument", at(step, "analyses"), detail, printedArguments(args));
      return helped(found, `${goQuoted(text(path))} is no such field. ${FIELD_PATHS}`);
    });
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
