/**
 * The rules of a route, for some traffic (docs/behaviour/traffic.md#gateway-api). A rule that leads to both Services is
 * one of those that are divided; whatever else stands in a rule, and other rules, are the user's and stay.
 */
import { equal } from "../../kube/object/equality.ts";
import { withMember } from "../../kube/object/json.ts";
import { type Json, listIn, recordIn, textIn } from "./gatewayObject.ts";
import { managedMatches } from "./gatewayMatches.ts";
import { hasCookies, sessionRule, withCookie, withoutCookie } from "./gatewaySessions.ts";
import type { GatewayMark } from "./gatewayMark.ts";
import { type ManagedRoute, stableWeight, type Traffic } from "./router.ts";
import type { StableAndCanary } from "./stableAndCanary.ts";

export interface RulesInput {
  readonly rules: readonly unknown[];
  readonly matching: "http" | "grpc" | undefined;
  readonly services: StableAndCanary;
  /** The Services' namespace. */
  readonly namespace: string;
  /** Of the route. */
  readonly ownNamespace: string;
  readonly traffic: Pick<Traffic, "canaryWeight" | "total" | "additional" | "routes" | "affinity">;
  /** The Rollout's name, and that of the cookie that is its; "" without. */
  readonly rollout: string;
  readonly cookie: string;
  /** Of header and mirror routes that are ours, in force or not. */
  readonly managedNames: ReadonlySet<string>;
  /** What this Rollout has left on the route. */
  readonly mark: GatewayMark | undefined;
  /** Services of experiments that are over. */
  readonly earlier: ReadonlySet<string>;
  /** Of the Service of an experiment; undefined: that of stable's. */
  readonly experimentPort: number | undefined;
}

export interface Rules {
  readonly rules: readonly unknown[];
  /** How many of them are divided. */
  readonly divided: number;
  /** Whether stable does not have all of their traffic. */
  readonly isSplit: boolean;
  /** Weight of stable while it has all, where that is not the total. */
  readonly was: number | undefined;
  /** The matches of each rule that is ours. */
  readonly made: readonly unknown[];
  /** Why a header or mirror route cannot be put here. */
  readonly faults: readonly string[];
}

export function rulesFor(input: RulesInput): Rules {
  const { rules, traffic, matching } = input;
  const was = input.mark === undefined ? restWeight(input) : input.mark.was;
  const weighted = rules
    .filter((rule) => !isManaged(input, rule))
    .map((rule) => (isDivided(input, rule) ? withWeights(input, cookieless(input, recordIn(rule)), was) : rule));
  const sources = weighted.filter((rule) => isDivided(input, rule)).map(recordIn);
  const faults: string[] = [];
  const made = traffic.routes.map((route) => {
    if (matching === undefined) return { route, rules: [] };
    return { route, rules: sources.flatMap((source, n) => managedRule({ input, matching, faults }, source, route, n)) };
  });
  const of = (kind: ManagedRoute["kind"]): readonly Json[] =>
    made.flatMap(({ route, rules: own }) => (route.kind === kind ? own : []));
  const mirrors = of("mirror");
  const headers = of("header");
  const kept = withSessions(input, [...mirrors, ...weighted], new Set([...mirrors, ...sources]), faults);
  return {
    // A header makes a match more particular, so that its rule wins wherever it stands. A mirror need not be, and of
    // equals the first rule wins.
    rules: asStored(input, [...kept.rules, ...headers, ...kept.sessions]),
    divided: sources.length,
    isSplit: sources.length > 0 && (!isAllStable(traffic) || traffic.additional.length + traffic.routes.length > 0),
    was,
    made: [...mirrors, ...headers, ...kept.sessions].map(({ matches }) => matches),
    faults,
  };
}

/** Without names where the API server drops them: else every pass would write them once more. */
function asStored(input: RulesInput, next: readonly unknown[]): readonly unknown[] {
  if (!input.rules.some((rule) => nameOf(rule) === "" && isManaged(input, rule))) return next;
  return next.map((rule) => (hasOurName(input, rule) ? withMember(recordIn(rule), "name", undefined) : rule));
}

interface Sessions {
  readonly rules: readonly unknown[];
  /** Those for requests with the cookie. */
  readonly sessions: readonly Json[];
}

/** @param divided those of `rules` whose requests are divided; mirrors are among them, and need no copy of the canary's */
function withSessions(
  input: RulesInput,
  rules: readonly unknown[],
  divided: ReadonlySet<unknown>,
  faults: string[],
): Sessions {
  const { affinity } = input.traffic;
  if (affinity === undefined || !hasCookies(input.matching)) return { rules, sessions: [] };
  const sessions: Json[] = [];
  const fails = (why: string, rule: unknown): unknown => {
    faults.push(`sessions cannot be kept with the canary: ${why}`);
    return rule;
  };
  const next = rules.map((rule) => {
    const canary = backendsOf(rule).find((backend) => isCanary(input, backend));
    if (!divided.has(rule) || canary === undefined) return rule;
    const source = withoutMirror(input, recordIn(rule));
    const own = sessionRule({ source, canary: recordIn(canary), affinity, rollout: input.rollout, n: sessions.length });
    const setting = withCookie(canary, affinity);
    if (typeof own === "string") return fails(own, rule);
    if (typeof setting === "string") return fails(setting, rule);
    if (listIn(own, "matches").length > 0) sessions.push(own);
    const backendRefs = backendsOf(rule).map((backend) => (backend === canary ? setting : backend));
    return { ...recordIn(rule), backendRefs };
  });
  return { rules: next, sessions };
}

const isCanary = (input: RulesInput, backend: unknown): boolean => serviceOf(input, backend) === input.services.canary;

/** Requests that come to the canary need no copy there. */
function withoutMirror(input: RulesInput, rule: Json): Json {
  const filters = listIn(rule, "filters");
  const left = filters.filter((filter) => !isCanary(input, recordIn(recordIn(filter)["requestMirror"])["backendRef"]));
  if (left.length === filters.length) return rule;
  const { filters: _, ...rest } = rule;
  return { ...rest, ...(left.length === 0 ? {} : { filters: left }) };
}

function cookieless(input: RulesInput, rule: Json): Json {
  const { cookie, mark } = input;
  const old = backendsOf(rule);
  const names = new Set([cookie, mark?.cookie ?? ""]);
  const canaries = new Set([input.services.canary, mark?.canary]);
  const next = old.map((backend) =>
    canaries.has(serviceOf(input, backend))
      ? [...names].reduce((left, name) => withoutCookie(left, name), backend)
      : backend,
  );
  return next.every((backend, n) => backend === old[n]) ? rule : { ...rule, backendRefs: next };
}

const isAllStable = ({ canaryWeight, additional }: RulesInput["traffic"]): boolean =>
  canaryWeight === 0 && additional.every(({ weight }) => weight === 0);

/**
 * NAME for the first rule, and NAME-1, NAME-2 … for the next ones, since names of rules differ. All of them lead to the
 * canary: of the same name, another Rollout's does not.
 */
function isManaged(input: RulesInput, rule: unknown): boolean {
  if (nameOf(rule) === "") return isNameless(input, recordIn(rule));
  return hasOurName(input, rule) && isOurs(input, recordIn(rule));
}

/** It leads to the canary, or copies requests to it: one that only divides them is the user's, whatever its name. */
function isOurs(input: RulesInput, rule: Json): boolean {
  const backends = backendsOf(rule);
  if (!backends.some((backend) => isCanarys(input, backend))) return false;
  const stables = [input.services.stable, input.mark?.stable];
  const isStables = (backend: unknown): boolean => stables.includes(serviceOf(input, backend));
  const isCopied = listIn(rule, "filters").some((filter) => {
    const { backendRef } = recordIn(recordIn(filter)["requestMirror"]);
    // With ping-pong stable was the canary.
    return isCanarys(input, backendRef) || isStables(backendRef);
  });
  // With ping-pong the Service of the one that is stable now was the canary's.
  const own = backends.filter((backend) => isCanarys(input, backend) || isStables(backend));
  return isCopied || new Set(own.map((backend) => serviceOf(input, backend))).size === 1;
}

const nameOf = (rule: unknown): string => textIn(recordIn(rule), "name");

function hasOurName({ managedNames }: RulesInput, rule: unknown): boolean {
  const name = nameOf(rule);
  return name !== "" && (managedNames.has(name) || managedNames.has(name.replace(/-\d+$/, "")));
}

/** Whether it leads to the canary, or to what was the canary when the mark was written. */
function isCanarys(input: RulesInput, backend: unknown): boolean {
  const service = serviceOf(input, backend);
  return service !== "" && (service === input.services.canary || service === input.mark?.canary);
}

/**
 * One of ours that the API server has stored without its name, since kinds before version 1.4 of the Gateway API have no
 * such member: it is told by its matches. Where a rule has a name of ours, one without is the user's.
 */
function isNameless(input: RulesInput, rule: Json): boolean {
  const { made = [] } = input.mark ?? {};
  if (made.length === 0 || input.rules.some((one) => hasOurName(input, one))) return false;
  return made.some((matches) => equal(matches, rule["matches"])) && isOurs(input, rule);
}

/** Whether a backend is a Service of the Rollout's namespace; an absent namespace is that of the route. */
function serviceOf({ namespace, ownNamespace }: RulesInput, backend: unknown): string {
  const ref = recordIn(backend);
  const { group = "", kind = "Service" } = ref;
  const inNamespace = textIn(ref, "namespace") || ownNamespace;
  const isThere = inNamespace === namespace || inNamespace === ownNamespace;
  return group === "" && kind === "Service" && isThere ? textIn(ref, "name") : "";
}

const backendsOf = (rule: unknown): readonly unknown[] => listIn(recordIn(rule), "backendRefs");

function isDivided(input: RulesInput, rule: unknown): boolean {
  const { stable, canary } = input.services;
  const names = new Set(backendsOf(rule).map((backend) => serviceOf(input, backend)));
  return stable !== "" && canary !== "" && names.has(stable) && names.has(canary);
}

/** As the API server fills it in. */
const weightOf = (backend: unknown): number => {
  const { weight = 1 } = recordIn(backend);
  return typeof weight === "number" ? weight : 1;
};

/**
 * Stable's weight where the rules, as they are, give it everything: then any other weight of its own would do the same,
 * and a change would be one against what is in Git. Undefined where they divide, or differ.
 */
function restWeight(input: RulesInput): number | undefined {
  const weights = input.rules
    .filter((rule) => isDivided(input, rule) && !isManaged(input, rule))
    .map((rule) => restWeightOf(input, backendsOf(rule)));
  const [first] = weights;
  return weights.every((weight) => weight === first) ? first : undefined;
}

function restWeightOf(input: RulesInput, backends: readonly unknown[]): number | undefined {
  const { stable } = input.services;
  const own = backends.filter((backend) => serviceOf(input, backend) === stable);
  const others = backends.filter((backend) => serviceOf(input, backend) !== stable);
  const [weight = 0] = own.map(weightOf);
  return own.length === 1 && weight > 0 && others.every((backend) => weightOf(backend) === 0) ? weight : undefined;
}

/** The largest weight of the API. */
const MOST_WEIGHT = 1_000_000;

const inRange = ({ total }: RulesInput["traffic"], weight: number): number =>
  total > MOST_WEIGHT ? Math.round((weight * MOST_WEIGHT) / total) : weight;

function withWeights(input: RulesInput, rule: Json, was: number | undefined): Json {
  const { services, traffic, mark, earlier } = input;
  const all = inRange(traffic, stableWeight(traffic));
  const weights = new Map<string, number>([
    ...traffic.additional.map(({ serviceName, weight }) => [serviceName, inRange(traffic, weight)] as const),
    [services.canary, inRange(traffic, traffic.canaryWeight)],
    [services.stable, isAllStable(traffic) ? (was ?? all) : all],
  ]);
  const over = new Set([...(mark?.experiments ?? []), ...earlier].filter((name) => !weights.has(name)));
  const kept = backendsOf(rule).filter((backend) => !over.has(serviceOf(input, backend)));
  const present = new Set(kept.map((backend) => serviceOf(input, backend)));
  const backendRefs = [
    ...kept.map((backend) => {
      const weight = weights.get(serviceOf(input, backend));
      const isRight = weight === undefined || recordIn(backend)["weight"] === weight;
      return isRight ? backend : { ...recordIn(backend), weight };
    }),
    ...traffic.additional
      .filter(({ serviceName }) => !present.has(serviceName))
      .map(({ serviceName }) => experimentBackend(input, kept, serviceName, weights.get(serviceName) ?? 0)),
  ];
  return { ...rule, backendRefs };
}

/** Its port is that of its container, as its Service has it. */
function experimentBackend(input: RulesInput, others: readonly unknown[], name: string, weight: number): Json {
  const stable = recordIn(others.find((backend) => serviceOf(input, backend) === input.services.stable));
  const port = input.experimentPort ?? stable["port"];
  const { namespace } = stable;
  return {
    group: "",
    kind: "Service",
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(port === undefined ? {} : { port }),
    weight,
  };
}

interface Making {
  readonly input: RulesInput;
  readonly matching: "http" | "grpc";
  readonly faults: string[];
}

/** A copy of a rule that is divided, with all that it has, for some of its requests. None where these are none. */
function managedRule({ input, matching, faults }: Making, source: Json, route: ManagedRoute, n: number): Json[] {
  const matches = managedMatches(matching, source, route);
  const name = n === 0 ? route.name : `${route.name}-${n}`;
  if (typeof matches === "string") {
    faults.push(`${route.kind} route \`${route.name}\` cannot be made: ${matches}`);
    return [];
  }
  if (matches.length === 0) return [];
  const canary = recordIn(backendsOf(source).find((backend) => serviceOf(input, backend) === input.services.canary));
  // Not the weight of the moment: 0 would refuse these requests.
  if (route.kind === "header") return [{ ...source, name, matches, backendRefs: [{ ...canary, weight: 1 }] }];
  const { group = "", kind = "Service", name: service, namespace, port } = canary;
  const backendRef = {
    group,
    kind,
    name: service,
    ...(namespace === undefined ? {} : { namespace }),
    ...(port === undefined ? {} : { port }),
  };
  const mirror = { type: "RequestMirror", requestMirror: { backendRef, percent: route.percentage } };
  return [{ ...source, name, matches, filters: [...listIn(source, "filters"), mirror] }];
}
