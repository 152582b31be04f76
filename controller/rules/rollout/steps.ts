/**
 * The canary's steps (docs/behaviour/validation.md#canary-steps): every step runs through the list, in the reference's
 * order.
 */
import { argumentPathProblem } from "../../../kube/validation/downwardApi.ts";
import { pauseSeconds } from "../../../kube/object/pauseSeconds.ts";
import { routesBy } from "./input.ts";
import { at, items, type Place, present, text, whole } from "../../../kube/validation/place.ts";
import {
  printedArguments,
  printedHeaderRoute,
  printedMatch,
  printedMirrorRoute,
} from "../../../kube/validation/printed.ts";
import { invalid, required, type Violation } from "../../../kube/validation/violation.ts";

interface StepInput {
  readonly step: Place;
  readonly routing: Place;
  /** Names of the managed routes; undefined where the list is missing. */
  readonly managed: ReadonlySet<string> | undefined;
}

type Rule = (input: StepInput) => readonly Violation[];

const ONE_MEMBER = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
const MATCH_MISSING = "StringMatch value missed, match value must have one of the following: exact, regex, prefix";
const MATCH_SEVERAL = "StringMatch match value must have exactly one of the following: exact, regex, prefix";
const UNKNOWN_ROUTE = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes";

const has = (step: Place, member: string): boolean => present(at(step, member));

/** Only four of the eight kinds count against each other: setWeight beside setCanaryScale is let through. */
const EXCLUSIVE = ["experiment", "pause", "setWeight", "analysis"];
const MEMBERS = [...EXCLUSIVE, "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin"];

const capitalised = (member: string): string => member.charAt(0).toUpperCase() + member.slice(1);

const notSeveralMembers: Rule = ({ step }) => {
  if (EXCLUSIVE.filter((member) => has(step, member)).length < 2) return [];
  const value = EXCLUSIVE.map((member) => `step.${capitalised(member)}: ${has(step, member)}`).join(" ");
  return [invalid("step-several-members", step, ONE_MEMBER, value)];
};

/** The value says of each member whether it is missing, so it reads "true" throughout. */
const someMember: Rule = ({ step }) => {
  if (MEMBERS.some((member) => has(step, member))) return [];
  const value = MEMBERS.map((member) => `step.${capitalised(member)}: true`).join(" ");
  return [invalid("step-no-member", step, ONE_MEMBER, value)];
};

const weightInRange: Rule = ({ step, routing }) => {
  const place = at(step, "setWeight");
  const most = whole(at(routing, "maxTrafficWeight")) ?? 100;
  const weight = whole(place);
  if (weight === undefined || (weight >= 0 && weight <= most)) return [];
  return [invalid("step-weight", place, `SetWeight needs to be between 0 and ${most}`)];
};

const pauseNotNegative: Rule = ({ step }) => {
  const duration = at(step, "pause", "duration");
  const seconds = pauseSeconds(duration.value);
  return seconds >= 0 ? [] : [invalid("step-pause", duration, "Duration needs to be greater than 0", seconds)];
};

const scaleNeedsRouting: Rule = ({ step, routing }) => {
  if (!has(step, "setCanaryScale") || present(routing)) return [];
  return [required("step-set-canary-scale", routing, "SetCanaryScale requires TrafficRouting to be set")];
};

const headerRoute: Rule = ({ step, routing }) => {
  const route = at(step, "setHeaderRoute");
  if (!present(route)) return [];
  if (!routesBy(routing, "istio", "alb", "apisix", "plugins")) {
    const detail = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix";
    return [invalid("step-header-route-router", route, detail, printedHeaderRoute(route))];
  }
  const check = routesBy(routing, "alb") ? exactMatch : oneMatch;
  return items(at(route, "match")).flatMap((match) => check(match, at(match, "headerValue")));
};

const mirrorRoute: Rule = ({ step, routing }) => {
  const route = at(step, "setMirrorRoute");
  if (!present(route)) return [];
  const detail = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins";
  const unsupported = routesBy(routing, "istio", "plugins")
    ? []
    : [invalid("step-mirror-route-router", route, detail, printedMirrorRoute(route))];
  return [...unsupported, ...items(at(route, "match")).flatMap(mirrorMatch)];
};

/** The reference looks at the method twice and so reports it twice; headers it never looks at. */
function mirrorMatch(match: Place): readonly Violation[] {
  const parts = [at(match, "method"), at(match, "path"), at(match, "method")];
  return parts.filter(present).flatMap((part) => oneMatch(match, part));
}

const matchers = (value: Place): number =>
  ["exact", "regex", "prefix"].filter((kind) => text(at(value, kind)) !== "").length;

/** Reported at the match as a whole; the value shown is the matcher. */
function oneMatch(match: Place, value: Place): readonly Violation[] {
  const given = matchers(value);
  if (given === 1) return [];
  const detail = given === 0 ? MATCH_MISSING : MATCH_SEVERAL;
  return [invalid("step-route-match", match, detail, printedMatch(value))];
}

function exactMatch(match: Place, value: Place): readonly Violation[] {
  if (!present(value)) return [invalid("step-route-match", match, MATCH_MISSING, null)];
  if (matchers(value) === 1 && text(at(value, "exact")) !== "") return [];
  const detail = "SetHeaderRoute match value invalid. ALB supports 'exact' value only";
  return [invalid("step-route-match", match, detail, printedMatch(value))];
}

const routesOf = (step: Place): readonly Place[] =>
  [at(step, "setHeaderRoute"), at(step, "setMirrorRoute")].filter(present);

const managedRoutesListed: Rule = ({ step, routing, managed }) => {
  if (!present(routing) || managed !== undefined || routesOf(step).length === 0) return [];
  const detail = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'";
  return [required("managed-routes-required", at(routing, "managedRoutes"), detail)];
};

const routeIsManaged: Rule = ({ step, managed }) => {
  if (managed === undefined) return [];
  return routesOf(step)
    .filter((route) => !managed.has(text(at(route, "name"))))
    .map((route) => invalid("step-route-not-managed", route, UNKNOWN_ROUTE, text(at(route, "name"))));
};

const experimentWeights: Rule = ({ step, routing }) => {
  const weights = items(at(step, "experiment", "templates")).map((template) => at(template, "weight"));
  if (routesBy(routing, "alb", "smi", "istio", "plugins")) return [];
  const detail = present(routing)
    ? "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time"
    : "Experiment template weight cannot be set unless TrafficRouting is enabled";
  return weights.filter(present).map((weight) => invalid("step-experiment-weight", weight, detail));
};

/** Arguments that read the Rollout's own metadata; one violation each, showing the whole list. */
const analysisArguments: Rule = ({ step }) => {
  const experiments = items(at(step, "experiment", "analyses"));
  const args = [...experiments, at(step, "analysis")].flatMap((analysis) => items(at(analysis, "args")));
  const detail = "Analyses arguments must refer to valid object metadata supported by downwardAPI";
  return args
    .filter((arg) => argumentPathProblem(text(at(arg, "valueFrom", "fieldRef", "fieldPath"))) !== undefined)
    .map(() => invalid("step-analysis-argument", at(step, "analyses"), detail, printedArguments(args)));
};

const RULES: readonly Rule[] = [
  notSeveralMembers,
  someMember,
  weightInRange,
  pauseNotNegative,
  scaleNeedsRouting,
  headerRoute,
  mirrorRoute,
  managedRoutesListed,
  routeIsManaged,
  experimentWeights,
  analysisArguments,
];

export function stepViolations(canary: Place): readonly Violation[] {
  const routing = at(canary, "trafficRouting");
  const routes = at(routing, "managedRoutes");
  // Once for all steps: there may be many of both.
  const managed = present(routes) ? new Set(items(routes).map((route) => text(at(route, "name")))) : undefined;
  return items(at(canary, "steps")).flatMap((step) => RULES.flatMap((rule) => rule({ step, routing, managed })));
}
