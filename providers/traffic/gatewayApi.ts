/**
 * The Gateway API (docs/behaviour/traffic.md#gateway-api): the routes that a Rollout names or selects lead to both
 * Services, and the weights of the two are written there. The settings are those of the plugin for Argo Rollouts.
 */
import { equal } from "../../kube/object/equality.ts";
import { matchesSelector } from "../../kube/object/selector.ts";
import { at, items, root, text } from "../../kube/validation/place.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { affinityName, cookieNameIn } from "./affinity.ts";
import { GATEWAY_MARKS, type GatewayMark, marksOf, marksText } from "./gatewayMark.ts";
import { listIn, recordIn } from "./gatewayObject.ts";
import { release, returned } from "./gatewayRelease.ts";
import { GATEWAY_CLASSES, whyNoMirror } from "./gatewayMirror.ts";
import { type Rules, rulesFor } from "./gatewayRules.ts";
import { hasCookies } from "./gatewaySessions.ts";
import { type NamedRoute, NO_ROUTES, ROUTE_KINDS, type Stanza, stanzaOf } from "./gatewayStanza.ts";
import { verify } from "./gatewayVerify.ts";
import { faulty, type Part, planOf } from "./plan.ts";
import type {
  ManagedRoute,
  MergePatch,
  ObjectRef,
  ResourceUse,
  RoutedObject,
  Router,
  RoutingInput,
  Traffic,
} from "./router.ts";
import { servicesOf } from "./stableAndCanary.ts";

/** How routes are driven. */
export const gatewayApi: Omit<Router, keyof Pick<Router, "kind" | "title" | "abilities" | "needsServices">> = {
  settings: [],
  uses: [
    ...ROUTE_KINDS.map(({ resource: { group, plural, kind } }): ResourceUse => ({
      group,
      plural,
      verbs: ["get", "list", "watch", "patch"],
      why: { verb: "writes", what: `weights and rules into your ${kind}s` },
    })),
    {
      group: GATEWAY_CLASSES.group,
      plural: GATEWAY_CLASSES.plural,
      verbs: ["list", "watch"],
      why: { verb: "reads", what: "whether your gateways can mirror" },
    },
  ],
  resources: () => [...ROUTE_KINDS.map(({ resource }) => resource), GATEWAY_CLASSES],
  reads: (rollout) => {
    const stanza = stanzaOf(rollout);
    if (stanza === undefined) return [];
    const isMirroring = rollout.spec.strategy?.canary?.steps?.some((step) => step.setMirrorRoute !== undefined);
    return [
      ...stanza.named.map((route) => refOf(stanza, route)),
      ...(isMirroring === true ? [{ resource: GATEWAY_CLASSES, namespace: "", name: "" }] : []),
    ];
  },
  lists: (rollout) => {
    const { namespace, selected = [] } = stanzaOf(rollout) ?? { namespace: "" };
    return selected.map(({ kind: { resource } }) => ({ resource, namespace }));
  },
  heeds: () => true,
  route(input) {
    const stanza = stanzaOf(input.rollout);
    if (stanza === undefined) return planOf([]);
    const routes = routesOf(input, stanza);
    const parts = routes.map((route) => partOf(input, stanza, route));
    return planOf([
      ...parts,
      ...deselected(input, stanza, routes),
      ...(routes.length === 0 ? [faulty(NO_ROUTES)] : []),
    ]);
  },
  verify(input) {
    const stanza = stanzaOf(input.rollout);
    if (stanza === undefined) return undefined;
    return verify(
      routesOf(input, stanza).flatMap((route) => {
        const object = input.object(refOf(stanza, route));
        return object === undefined ? [] : [[route.kind.resource.kind, object] as const];
      }),
    );
  },
  release,
};

const refOf = ({ namespace }: Stanza, { kind: { resource }, name }: NamedRoute): ObjectRef => ({
  resource,
  namespace,
  name,
});

/** Those that are named, and those that are selected, each once. */
function routesOf(input: RoutingInput, stanza: Stanza): readonly NamedRoute[] {
  const { namespace, named, selected } = stanza;
  const found = selected.flatMap(({ kind, selector }) => {
    const isAny = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;
    return (input.objects?.({ resource: kind.resource, namespace }) ?? [])
      .filter(({ metadata }) => isAny || matchesSelector(selector, metadata.labels ?? {}))
      .map(({ metadata }) => ({ kind, name: metadata.name, takesHeaders: false }));
  });
  const isNamed = (one: NamedRoute): boolean => named.some(({ kind, name }) => kind === one.kind && name === one.name);
  return [...named, ...found.filter((one) => !isNamed(one))];
}

/** Whose traffic this Rollout has divided as long as it selected them. */
function deselected(input: RoutingInput, { namespace, selected }: Stanza, routes: readonly NamedRoute[]): Part[] {
  const own = new Set(routes.map(({ kind, name }) => `${kind.member} ${name}`));
  const name = markName(input.rollout, namespace);
  return selected.flatMap(({ kind: { resource, member } }) =>
    (input.objects?.({ resource, namespace }) ?? [])
      .filter(({ metadata }) => !own.has(`${member} ${metadata.name}`))
      .flatMap((object) => {
        const ref = { resource, namespace, name: object.metadata.name };
        const write = returned(ref, object, new Set([name]));
        return write === undefined ? [] : [{ write }];
      }),
  );
}

const markName = ({ metadata }: Rollout, namespace: string): string =>
  metadata.namespace === namespace ? metadata.name : `${metadata.namespace}/${metadata.name}`;

function partOf(input: RoutingInput, stanza: Stanza, route: NamedRoute): Part {
  const { resource, member } = route.kind;
  const ref = refOf(stanza, route);
  const current = input.object(ref);
  if (current === undefined) return faulty(`${resource.plural}.${resource.group} "${route.name}" not found`, true);
  const { routes, faults } = possibleRoutes(input, route, current);
  const rules = rulesOf(input, stanza, route, current, routes);
  const traffic = { ...sessionsHere(route, input.traffic), routes };
  const patch = patchOf({ ...input, traffic }, stanza, current, rules);
  const { stable, canary } = servicesOf(input.rollout, "instead");
  const list = route.kind.matching === undefined ? "backendRef list" : "backendRef";
  const lacking = `${list} was not found in ${member}: no rule of ${resource.kind} \`${route.name}\` leads to both ${stable || "a stableService"} and ${canary || "a canaryService"}`;
  const [problem] = rules.divided === 0 ? [lacking] : [...faults, ...rules.faults];
  return {
    ...(problem === undefined ? {} : faulty(problem)),
    ...(patch === undefined
      ? {}
      : {
          write: {
            kind: "patch",
            ref,
            resourceVersion: current.metadata.resourceVersion ?? "",
            patch,
            failure: `error updating Gateway API "${route.name}"`,
          },
        }),
  };
}

/** Without mirrors that a gateway would answer with errors. */
function possibleRoutes(input: RoutingInput, route: NamedRoute, current: RoutedObject) {
  const faults: string[] = [];
  const classes = () => input.objects?.({ resource: GATEWAY_CLASSES, namespace: "" }) ?? [];
  const routes = routesHere(route, input.traffic).filter((one) => {
    const why = one.kind === "mirror" ? whyNoMirror(classes(), current, one.percentage) : undefined;
    if (why !== undefined) faults.push(`mirror route \`${one.name}\` cannot be made: ${why}`);
    return why === undefined;
  });
  return { routes, faults };
}

function rulesOf(
  input: RoutingInput,
  { namespace }: Stanza,
  route: NamedRoute,
  current: RoutedObject,
  routes: readonly ManagedRoute[],
): Rules {
  const { rollout, traffic } = input;
  const mark = marksOf(current).get(markName(rollout, namespace));
  const { trafficRouting } = rollout.spec.strategy?.canary ?? {};
  const { managedRoutes = [] } = trafficRouting ?? {};
  const earlier = rollout.status?.canary?.weights?.additional ?? [];
  return rulesFor({
    rules: listIn(recordIn(current.spec), "rules"),
    matching: route.kind.matching,
    services: servicesOf(rollout, "instead"),
    namespace: rollout.metadata.namespace,
    ownNamespace: namespace,
    traffic: { ...traffic, routes },
    managedNames: new Set([
      ...(mark?.routes ?? []),
      ...sessionNames(rollout, trafficRouting?.sessionAffinity !== undefined),
      ...[...(route.takesHeaders ? managedRoutes : []), ...routesHere(route, traffic)].map(({ name }) => name),
    ]),
    mark,
    rollout: rollout.metadata.name,
    cookie: cookieNameIn(trafficRouting?.sessionAffinity),
    earlier: new Set(earlier.map(({ serviceName }) => serviceName ?? "").filter((name) => name !== "")),
    experimentPort: experimentPort(rollout),
  });
}

/** Without sessions where requests have no cookies. */
function sessionsHere({ kind }: NamedRoute, { affinity, ...traffic }: Traffic): Traffic {
  return affinity === undefined || !hasCookies(kind.matching) ? traffic : { ...traffic, affinity };
}

const sessionNames = ({ metadata }: Rollout, hasSessions: boolean): readonly string[] =>
  hasSessions ? [affinityName(metadata.name)] : [];

/** Header and mirror routes that a route can have. A mirror is for all of them, as the plugin's next version has it. */
const routesHere = ({ kind, takesHeaders }: NamedRoute, { routes }: Traffic): readonly ManagedRoute[] =>
  kind.matching === undefined ? [] : routes.filter((one) => one.kind === "mirror" || takesHeaders);

/** As the plugin chooses among the ports of an experiment's Service: the one named http, or else the first. */
function experimentPort({ spec }: Rollout): number | undefined {
  const ports = items(at(root(spec.template), "spec", "containers")).flatMap((container) =>
    items(at(container, "ports")),
  );
  const port = ports.find((one) => text(at(one, "name")) === "http") ?? ports[0];
  const number = port === undefined ? undefined : at(port, "containerPort").value;
  return typeof number === "number" ? number : undefined;
}

/** What changes on the route; undefined when nothing does. */
function patchOf(
  { rollout, traffic }: RoutingInput,
  { namespace, label }: Stanza,
  current: RoutedObject,
  { rules, isSplit, was, made }: Rules,
): MergePatch | undefined {
  const name = markName(rollout, namespace);
  const before = marksOf(current);
  const mark: GatewayMark = {
    ...servicesOf(rollout, "instead"),
    ...(was === undefined ? {} : { was }),
    routes: [...traffic.routes.map((route) => route.name), ...sessionNames(rollout, traffic.affinity !== undefined)],
    ...(made.length === 0 ? {} : { made }),
    experiments: traffic.additional.map(({ serviceName }) => serviceName),
    ...(label === undefined ? {} : { label: label.key }),
    ...(traffic.affinity === undefined ? {} : { cookie: traffic.affinity.cookieName }),
  };
  const after = new Map([...before].filter(([other]) => other !== name));
  if (isSplit) after.set(name, mark);
  const isOthers = [...after].some(([other, one]) => other !== name && one.label === label?.key);
  const labels = labelChanges(current, {
    key: label?.key,
    value: isSplit ? label?.value : undefined,
    earlier: before.get(name)?.label,
    isOthers,
  });
  const isMarked = equal([...before].toSorted(byName), [...after].toSorted(byName));
  const metadata = {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(isMarked ? {} : { annotations: { [GATEWAY_MARKS]: marksText(after) } }),
  };
  const isSame = equal(rules, listIn(recordIn(current.spec), "rules"));
  const patch = {
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(isSame ? {} : { spec: { rules } }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : Number(one > other);

interface WantedLabel {
  readonly key: string | undefined;
  /** Undefined: it goes. */
  readonly value: string | undefined;
  /** One that was written under another key. */
  readonly earlier: string | undefined;
  /** Another Rollout needs it, too. */
  readonly isOthers: boolean;
}

function labelChanges({ metadata }: RoutedObject, { key, value, earlier, isOthers }: WantedLabel) {
  const { labels = {} } = metadata;
  const changes: Record<string, string | null> = {};
  if (earlier !== undefined && earlier !== key && labels[earlier] !== undefined) changes[earlier] = null;
  if (key === undefined) return changes;
  if (value !== undefined && labels[key] !== value) changes[key] = value;
  if (value === undefined && labels[key] !== undefined && !isOthers) changes[key] = null;
  return changes;
}
