import type { Json } from "../../../kube/object/json.ts";
import type { Manifest } from "../../model/manifest.ts";
import { custom, definition, type MadeUpRouter, names } from "./madeUp.ts";

const GROUP = "appmesh.k8s.aws";
const API = `${GROUP}/v1beta2`;

export const appMesh: MadeUpRouter = {
  kinds: [
    definition(GROUP, ["v1beta2"], "VirtualService", "virtualservices"),
    definition(GROUP, ["v1beta2"], "VirtualRouter", "virtualrouters"),
    definition(GROUP, ["v1beta2"], "VirtualNode", "virtualnodes"),
  ],
  objects: (settings) => names(settings["virtualService"], "name", "").flatMap((name) => meshOf(name, settings)),
};

function meshOf(service: string, settings: Json): readonly Manifest[] {
  const group = (settings["virtualNodeGroup"] ?? {}) as Json;
  const nodes = ["stableVirtualNodeRef", "canaryVirtualNodeRef"].flatMap((role) => names(group[role], "name", ""));
  const weightedTargets = nodes.map((name, index) => ({ virtualNodeRef: { name }, weight: index === 0 ? 100 : 0 }));
  const routes = names(settings["virtualService"], "", "routes");
  return [
    custom(API, "VirtualService", service, { provider: { virtualRouter: { virtualRouterRef: { name: service } } } }),
    custom(API, "VirtualRouter", service, {
      routes: (routes.length === 0 ? [service] : routes).map((name) => ({
        name,
        httpRoute: { action: { weightedTargets } },
      })),
    }),
    ...nodes.map((name) => custom(API, "VirtualNode", name, {})),
  ];
}
