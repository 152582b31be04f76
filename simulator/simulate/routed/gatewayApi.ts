import type { Json } from "../../../kube/object/json.ts";
import { type NamedRoute, ROUTE_KINDS, stanzaOf } from "../../../providers/traffic/gatewayStanza.ts";
import { servicesOf } from "../../../providers/traffic/stableAndCanary.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Manifest } from "../../model/manifest.ts";
import { definition, type MadeUpRouter } from "./madeUp.ts";

/** Of the plugins, the one that is built in. */
export const gatewayApi: MadeUpRouter = {
  kinds: ROUTE_KINDS.map(({ resource: { group, version, kind, plural } }) =>
    definition(group, [version], kind, plural),
  ),
  objects: (_, rollout) => routesOf(rollout),
};

/** Each leads to both Services. One of a kind that is selected has the labels of the selector. */
function routesOf(rollout: Rollout): readonly Manifest[] {
  const stanza = stanzaOf(rollout);
  if (stanza === undefined) return [];
  const { stable, canary } = servicesOf(rollout, "instead");
  const backendRefs = [
    { name: stable, port: 80, weight: 1 },
    { name: canary, port: 80, weight: 0 },
  ];
  const route = ({ kind: { resource }, name }: Pick<NamedRoute, "kind" | "name">, labels: Json = {}): Manifest => ({
    apiVersion: `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: { name, namespace: stanza.namespace, labels },
    spec: { rules: [{ backendRefs }] },
  });
  return [
    ...stanza.named.map((named) => route(named)),
    ...stanza.selected.map(({ kind, selector }) => route({ kind, name: "selected" }, selector.matchLabels)),
  ];
}
