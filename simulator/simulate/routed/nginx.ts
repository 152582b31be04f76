import { ingress, type MadeUpRouter, names, stableOf } from "./madeUp.ts";

export const nginx: MadeUpRouter = {
  kinds: [],
  objects: (settings, rollout) =>
    names(settings, "stableIngress", "stableIngresses").map((name) =>
      ingress(name, "nginx", stableOf(rollout), { number: 80 }),
    ),
};
