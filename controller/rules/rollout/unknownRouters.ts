/**
 * Members of `trafficRouting` that name no router (docs/behaviour/admission.md#routers-that-do-not-exist). The reference's
 * CRD drops them, and the Rollout then shifts pods instead of requests, without a word.
 */
import { at, keys, root } from "../../../kube/validation/place.ts";
import { forbidden, type Violation } from "../../../kube/validation/violation.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";
import { TrafficRouting } from "../../../schema/trafficRouting.ts";

const KNOWN: ReadonlySet<string> = new Set(Object.keys(TrafficRouting.entries));
const NAMES = ROUTERS.map(({ kind }) => kind).join(", ");

/** A warning for each, in the order of their names. */
export function unknownRouters(rollout: unknown): readonly Violation[] {
  const routing = at(root(rollout), "spec", "strategy", "canary", "trafficRouting");
  return keys(routing)
    .filter((name) => !KNOWN.has(name))
    .map((name) => {
      const detail = `is no router, so nothing routes by it; there are ${NAMES}, and those of plugins stand under plugins`;
      return forbidden("unknown-router", at(routing, name), detail);
    });
}
