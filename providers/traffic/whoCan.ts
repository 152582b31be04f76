/** Which routers can do what a Rollout asks of its own, for people. */
import { listed } from "../../kube/validation/nearNames.ts";
import type { RouterRow } from "./router.ts";
import { ROUTERS } from "./routers.ts";
import type { Abilities } from "./traits.ts";

/**
 * `Header routes work with ALB, and with Istio and APISIX, which this version does not drive yet`.
 * @param what a plural that begins a sentence: "Header routes"
 */
export function whoCan(
  what: string,
  can: (abilities: Abilities) => boolean,
  routers: readonly RouterRow[] = ROUTERS,
): string {
  const able = routers.filter(({ abilities }) => can(abilities));
  const driven = listed(able.filter(({ route }) => route !== undefined).map(({ title }) => title));
  const others = listed(able.filter(({ route }) => route === undefined).map(({ title }) => title));
  const undriven = `with ${others}, which this version does not drive yet`;
  const parts = [...(driven === "" ? [] : [`with ${driven}`]), ...(others === "" ? [] : [undriven])];
  return `${what} work ${parts.length === 0 ? "with no router" : parts.join(", and ")}`;
}
