/** AWS App Mesh: routes of a VirtualRouter. It is not driven yet. */
import { at, present } from "../../kube/validation/place.ts";
import { helped, required } from "../../kube/validation/violation.ts";
import type { UndrivenRouter } from "./router.ts";
import { always } from "./traits.ts";

export const appMesh: UndrivenRouter<"appMesh"> = {
  kind: "appMesh",
  title: "App Mesh",
  metrics: { label: "AppMesh", rank: 6 },
  abilities: {},
  needsServices: always,
  violations: (settings) => {
    const service = at(settings, "virtualService");
    if (!present(settings) || present(service)) return [];
    const help = "Name your VirtualService: virtualService: {name: NAME}";
    return [helped(required("router-names", service, "must provide virtual-service"), help)];
  },
};
