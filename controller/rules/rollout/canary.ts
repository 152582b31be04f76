/** The canary strategy around its steps (docs/behaviour/validation.md#canary), in the reference's order. */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { antiAffinityViolations } from "./antiAffinity.ts";
import type { RolloutPlaces } from "./input.ts";
import { affinityViolations } from "./sessionAffinity.ts";
import { at, isTrue, type Place, present, text } from "../../../kube/validation/place.ts";
import { stepViolations } from "./steps.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";
import { whoCan } from "../../../providers/traffic/whoCan.ts";
import { listed } from "../../../kube/validation/nearNames.ts";
import { shownJson } from "../../../kube/object/shownJson.ts";
import { configuredIn } from "../../../providers/traffic/traits.ts";

/** `routers`: those that the Rollout configures. */
type Rule = (canary: Place, routers: readonly RouterRow[]) => readonly Violation[];

const SAME_SERVICE =
  "This rollout uses the same service for the stable and canary services, but two different services are required.";
const SAME_PING_PONG =
  "This rollout uses the same service for the ping and pong services, but two different services are required.";
const PING_PONG_SERVICES = "Ping service and Pong service must to be set to use Ping-Pong feature";
const PING_PONG_ROUTERS = "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only";
const BOTH_SERVICES = "Canary service and Stable service must to be set to use Traffic Routing";
const MAX_WEIGHT_ROUTERS = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins";

/** What may be added to or taken from the pods: "25" and "25%" count 25, a text that is not a number counts 0. */
function fencepost(place: Place): number {
  if (typeof place.value === "number") return place.value;
  if (!present(place)) return 25;
  return /^(\d+%|[+-]?\d+)$/.test(text(place)) ? Number.parseInt(text(place), 10) : 0;
}

const roomToMove: Rule = (canary) => {
  const surge = at(canary, "maxSurge");
  const unavailable = at(canary, "maxUnavailable");
  if (fencepost(surge) !== 0 || fencepost(unavailable) !== 0) return [];
  const [one, other] = [surge, unavailable].map(({ value }) => shownJson(value, 40));
  const help = `maxSurge is ${one} and maxUnavailable is ${other}: set one of them to 1 or 25%, or leave one out, which is 25%`;
  return [helped(invalid("canary-surge", surge, "MaxSurge and MaxUnavailable both can not be zero"), help)];
};

const differentServices: Rule = (canary) => {
  const stable = at(canary, "stableService");
  if (text(stable) === "" || text(stable) !== text(at(canary, "canaryService"))) return [];
  const help =
    "Make a second Service with the same ports, and name it in canaryService; without a router both may be left out";
  return [helped(invalid("canary-same-service", stable, SAME_SERVICE), help)];
};

const pingPongHasRouter: Rule = (canary, routers) => {
  const routing = at(canary, "trafficRouting");
  if (!present(at(canary, "pingPong")) || !present(routing)) return [];
  if (routers.some(({ abilities }) => abilities.pingPong)) return [];
  // Whichever router there is, the reference names ALB's place.
  const help =
    `Remove pingPong and name stableService and canaryService instead, or use another router. ` +
    whoCan("Ping and pong", ({ pingPong }) => pingPong === true);
  return [helped(invalid("ping-pong-router", at(routing, "alb"), PING_PONG_ROUTERS, null), help)];
};

const TWO_SERVICES = "Name two Services, in pingPong.pingService and in pingPong.pongService";

const pingPongServices: Rule = (canary) => {
  const pingPong = at(canary, "pingPong");
  if (!present(pingPong)) return [];
  const ping = at(pingPong, "pingService");
  const pong = at(pingPong, "pongService");
  const empty = [ping, pong].filter((service) => text(service) === "");
  const same = text(ping) === text(pong) ? [ping] : [];
  return [
    ...empty.map((service) => helped(invalid("ping-pong-service", service, PING_PONG_SERVICES, ""), TWO_SERVICES)),
    ...same.map((service) => {
      const help = text(service) === "" ? TWO_SERVICES : "Name another Service in one of the two";
      return helped(invalid("ping-pong-same-service", service, SAME_PING_PONG, text(service)), help);
    }),
  ];
};

const pingPongOfRouters: Rule = (canary, routers) => {
  if (!present(at(canary, "pingPong"))) return [];
  return flatMap(
    routers,
    ({ kind, pingPongViolations }) => pingPongViolations?.(at(canary, "trafficRouting", kind)) ?? [],
  );
};

const servicesForRouting: Rule = (canary, routers) => {
  const pingPong = present(at(canary, "pingPong"));
  const needing = routers.filter(({ kind, needsServices }) =>
    needsServices(at(canary, "trafficRouting", kind), pingPong),
  );
  if (needing.length === 0) return [];
  return [at(canary, "stableService"), at(canary, "canaryService")]
    .filter((service) => text(service) === "")
    .map((service) => {
      const titles = listed(needing.map(({ title }) => title));
      const help = `Requests by ${titles} go to two Services: name one in stableService, another in canaryService`;
      return helped(invalid("canary-services-required", service, BOTH_SERVICES, ""), help);
    });
};

const delayNeedsRouting: Rule = (canary) => {
  const delay = at(canary, "scaleDownDelaySeconds");
  if (!present(delay) || present(at(canary, "trafficRouting"))) return [];
  const detail = "Canary scaleDownDelaySeconds can only be used with traffic routing";
  const help =
    "Without a router old pods go as new ones come, so there is nothing to delay: remove it, or add trafficRouting";
  return [helped(invalid("canary-scale-down-delay", delay, detail), help)];
};

const dynamicStableScale: Rule = (canary) => {
  const dynamic = at(canary, "dynamicStableScale");
  if (!isTrue(dynamic)) return [];
  if (!present(at(canary, "trafficRouting"))) {
    const detail = "Canary dynamicStableScale can only be used with traffic routing";
    const help =
      "Without a router the stable version always shrinks as the canary grows: remove it, or add trafficRouting";
    return [helped(invalid("canary-dynamic-stable-scale", dynamic, detail), help)];
  }
  if (!present(at(canary, "scaleDownDelaySeconds"))) return [];
  const detail = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds";
  const help = "The old pods are gone before a delay could begin: remove one of the two";
  return [helped(invalid("canary-dynamic-stable-scale", dynamic, detail), help)];
};

const maxWeightNeedsRouter: Rule = (canary, routers) => {
  const weight = at(canary, "trafficRouting", "maxTrafficWeight");
  if (!present(weight) || routers.some(({ abilities }) => abilities.maxTrafficWeight)) return [];
  const help =
    "Remove it: weights are then percent, of 100. " +
    whoCan("Totals other than 100", ({ maxTrafficWeight }) => maxTrafficWeight === true);
  return [helped(invalid("canary-max-traffic-weight", weight, MAX_WEIGHT_ROUTERS), help)];
};

const sessionAffinity: Rule = (canary, routers) => affinityViolations(at(canary, "trafficRouting"), routers);

const RULES: readonly Rule[] = [
  roomToMove,
  differentServices,
  pingPongHasRouter,
  pingPongServices,
  pingPongOfRouters,
  servicesForRouting,
  delayNeedsRouting,
  dynamicStableScale,
  maxWeightNeedsRouter,
  sessionAffinity,
  (canary, routers) =>
    stepViolations(
      canary,
      routers.map(({ abilities }) => abilities),
    ),
  (canary) => antiAffinityViolations(at(canary, "antiAffinity")),
];

export function canaryViolations(
  { canary }: RolloutPlaces,
  routers: readonly RouterRow[] = ROUTERS,
): readonly Violation[] {
  const configured = configuredIn(routers, at(canary, "trafficRouting"));
  return flatMap(RULES, (rule) => rule(canary, configured));
}
