import { TRAFFIC_SPLIT_VERSIONS } from "../../../providers/traffic/smi.ts";
import { definition, isName, type MadeUpRouter } from "./madeUp.ts";

/** The controller makes the TrafficSplit. */
export const smi: MadeUpRouter = {
  kinds: [definition("split.smi-spec.io", TRAFFIC_SPLIT_VERSIONS, "TrafficSplit", "trafficsplits")],
  services: ({ rootService }) => [rootService].filter(isName),
  objects: () => [],
};
