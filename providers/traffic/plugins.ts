/** Routers that are programs of the user's, by their names. They are not driven yet. */
import { keys } from "../../kube/validation/place.ts";
import type { UndrivenRouter } from "./router.ts";

export const plugins: UndrivenRouter<"plugins"> = {
  kind: "plugins",
  title: "plugins",
  abilities: {
    pingPong: true,
    maxTrafficWeight: true,
    headerRoutes: "anyMatch",
    mirrorRoutes: true,
    experimentWeights: true,
  },
  // An empty map has no names.
  counts: (settings) => keys(settings).length > 0,
  // They may split traffic without Services.
  needsServices: () => false,
};
