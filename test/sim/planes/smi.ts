import type { Rollout } from "../../../schema/rollout.ts";
import { type Plane, divided, listIn, service, textIn } from "./plane.ts";
import type { Json } from "../../../kube/object/json.ts";

const RESOURCE = "trafficsplits.split.smi-spec.io";

const rootOf = (settings: Json, { spec }: Rollout): string =>
  textIn(settings, "rootService") || (spec.strategy?.canary?.stableService ?? "");

/** Without a TrafficSplit requests go to the pods of the root Service. */
export const smi: Plane = {
  resources: [RESOURCE],
  ways({ seen, settings, rollout }) {
    const { name } = rollout.metadata;
    const split = seen.object(RESOURCE, textIn(settings, "trafficSplitName") || name);
    const targets = listIn(split?.["spec"], "backends").map((backend) => ({
      to: service(textIn(backend, "service")),
      weight: backend["weight"],
    }));
    const root = { to: service(rootOf(settings, rollout)), weight: 100 };
    return divided(`TrafficSplit ${name}`, split === undefined ? [root] : targets);
  },
  entrances: ({ settings, rollout }) => [rootOf(settings, rollout)],
  lasts: () => true,
  settingsFor: (pick) => pick<Json>([{}, { rootService: "root" }, { trafficSplitName: "split" }]),
};
