import { ingress, isName, type MadeUpRouter, names, stableOf } from "./madeUp.ts";

/** An action of the root Service, where there is one. */
export const alb: MadeUpRouter = {
  kinds: [],
  services: ({ rootService }) => [rootService].filter(isName),
  objects: (settings, rollout) => {
    const { rootService } = settings;
    const entrance = isName(rootService) ? rootService : stableOf(rollout);
    return names(settings, "ingress", "ingresses").map((name) =>
      ingress(name, "alb", entrance, { name: "use-annotation" }),
    );
  },
};
