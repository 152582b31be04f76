import { custom, definition, type MadeUpRouter, names, stableOf } from "./madeUp.ts";

export const ambassador: MadeUpRouter = {
  kinds: [definition("getambassador.io", ["v2", "v3alpha1"], "Mapping", "mappings")],
  objects: (settings, rollout) =>
    names(settings, "", "mappings").map((name) =>
      custom("getambassador.io/v2", "Mapping", name, { prefix: "/", service: stableOf(rollout) }),
    ),
};
