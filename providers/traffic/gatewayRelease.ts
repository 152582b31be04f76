/**
 * What a Rollout leaves on a route when it does not divide its traffic any more
 * (docs/behaviour/traffic.md#routing-that-ends): nothing. All goes to stable with the weight that it had, header and
 * mirror routes and the label go.
 */
import { equal } from "../../kube/object/equality.ts";
import { GATEWAY_MARKS, type GatewayMark, marksOf, marksText } from "./gatewayMark.ts";
import { listIn, recordIn } from "./gatewayObject.ts";
import { rulesFor } from "./gatewayRules.ts";
import { ROUTE_KINDS } from "./gatewayStanza.ts";
import type { ObjectRef, Release, RoutedObject, RoutedWrite } from "./router.ts";

export const release: Release = {
  holders: (route) => [...marksOf(route).keys()],
  plan: (ref, route, gone) => returned(ref, route, gone),
};

/** Undefined where none of the Rollouts is marked on the route. */
export function returned(
  ref: ObjectRef,
  route: RoutedObject,
  gone: ReadonlySet<string>,
): Extract<RoutedWrite, { kind: "patch" }> | undefined {
  const marks = marksOf(route);
  const left = [...marks].filter(([name]) => gone.has(name));
  if (left.length === 0) return undefined;
  const stay = new Map([...marks].filter(([name]) => !gone.has(name)));
  const before = listIn(recordIn(route.spec), "rules");
  const rules = left.reduce((own, [name, mark]) => withoutSplit(ref, own, mark, name), before);
  const inUse = new Set([...stay.values()].map(({ label }) => label));
  const labels = left.flatMap(([, { label }]) => {
    const isThere = label !== undefined && route.metadata.labels?.[label] !== undefined && !inUse.has(label);
    return isThere ? [[label, null] as const] : [];
  });
  return {
    kind: "patch",
    ref,
    resourceVersion: route.metadata.resourceVersion ?? "",
    patch: {
      metadata: {
        annotations: { [GATEWAY_MARKS]: marksText(stay) },
        ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
      },
      ...(equal(rules, before) ? {} : { spec: { rules } }),
    },
    failure: `error returning Gateway API "${ref.name}", which no Rollout divides any more`,
  };
}

const withoutSplit = (
  { resource, namespace }: ObjectRef,
  rules: readonly unknown[],
  mark: GatewayMark,
  name: string,
): readonly unknown[] =>
  rulesFor({
    rules,
    matching: ROUTE_KINDS.find(({ resource: { kind } }) => kind === resource.kind)?.matching,
    services: mark,
    // Of the Rollout: NAMESPACE/NAME is in another one.
    namespace: name.includes("/") ? name.slice(0, name.indexOf("/")) : namespace,
    ownNamespace: namespace,
    traffic: { canaryWeight: 0, total: 100, additional: [], routes: [] },
    rollout: "",
    cookie: "",
    managedNames: new Set(mark.routes),
    mark,
    earlier: new Set(),
    experimentPort: undefined,
  }).rules;
