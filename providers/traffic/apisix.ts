/** APISIX: the backends of an ApisixRoute. It is not driven yet, and has no label in metrics, as in the reference. */
import type { UndrivenRouter } from "./router.ts";
import { always } from "./traits.ts";

export const apisix: UndrivenRouter<"apisix"> = {
  kind: "apisix",
  title: "APISIX",
  abilities: { headerRoutes: "anyMatch" },
  needsServices: always,
};
