import type { Json } from "../../../kube/object/json.ts";
import { divided, hashIn, listIn, type Plane, type Seen, type Target, textIn } from "./plane.ts";

const GROUP = "appmesh.k8s.aws";
const SERVICES = `virtualservices.${GROUP}`;
const ROUTERS = `virtualrouters.${GROUP}`;
const NODES = `virtualnodes.${GROUP}`;

/** A VirtualNode selects pods by the labels of its `podSelector`. */
function nodeOf(seen: Seen, name: string): Target {
  const spec = seen.object(NODES, name)?.["spec"] as { podSelector?: { matchLabels?: unknown } } | undefined;
  return { kind: "pods", name, hash: hashIn(spec?.podSelector?.matchLabels) };
}

export const appMesh: Plane = {
  resources: [SERVICES, ROUTERS, NODES],
  ways({ seen, settings }) {
    const mesh = seen.object(SERVICES, textIn(settings, "virtualService", "name"))?.["spec"];
    const router = textIn(mesh, "provider", "virtualRouter", "virtualRouterRef", "name");
    return listIn(seen.object(ROUTERS, router)?.["spec"], "routes").flatMap((route) =>
      divided(
        `VirtualRouter ${router} ${textIn(route, "name")}`,
        listIn(route, "httpRoute", "action", "weightedTargets").map((target) => ({
          to: nodeOf(seen, textIn(target, "virtualNodeRef", "name")),
          weight: target["weight"],
        })),
      ),
    );
  },
  lasts: (resource) => resource === NODES,
  isMarked: (resource, { metadata }) =>
    resource === NODES ? metadata.annotations?.["sluice.dev/traffic-split"] !== undefined : undefined,
  settingsFor: (pick) => ({
    virtualService: pick<Json>([{ name: "mesh" }, { name: "mesh", routes: ["a", "b"] }]),
    virtualNodeGroup: { stableVirtualNodeRef: { name: "node-old" }, canaryVirtualNodeRef: { name: "node-new" } },
  }),
};
