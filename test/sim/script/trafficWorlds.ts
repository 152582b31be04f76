/**
 * Worlds in which routers split the traffic, one or two at once, and people who change them and their objects. Where
 * users' requests go is read from the objects (test/sim/planes).
 */
import type { Abilities } from "../../../providers/traffic/traits.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";
import type { CanaryStep, Rollout, RolloutStrategy } from "../../../schema/rollout.ts";
import type { RouterKind, TrafficRouting } from "../../../schema/trafficRouting.ts";
import * as user from "../../golden/edits.ts";
import { PLANES } from "../planes/planes.ts";
import type { Chance } from "./chance.ts";
import type { Deed, Milestone, Script, Step } from "./script.ts";

/** The share of canary scripts that have a router, in percent. */
const ROUTED = 60;
/** Of these the share that has two. */
const DOUBLE = 40;

/**
 * True where the user wants other numbers of pods than fit the traffic: sizes of his own, or a part that is enough
 * (replicaProgressThreshold).
 */
export const namesSizes = ({ spec }: Rollout): boolean =>
  spec.strategy?.canary?.replicaProgressThreshold !== undefined ||
  (spec.strategy?.canary?.steps ?? []).some(({ setCanaryScale }) => setCanaryScale !== undefined);

/** Some scripts of canaries get routers, and people who change their objects. */
export function routed(script: Script, chance: Chance): Script {
  const { canary } = script.manifest.spec.strategy ?? {};
  if (canary === undefined || !chance.percent(ROUTED)) return script;
  const { stableService: _s, canaryService: _c, steps: given = [], ...rest } = canary;
  const steps = chance.percent(50) ? rising(chance) : given;
  const scaled = chance.percent(25) ? steps.flatMap((step) => withScale(chance, step)) : steps;
  // The two together are invalid.
  const dynamic = chance.percent(50);
  const own = settled(routingOf(chance.fork("routers")), scaled, chance.fork("routes"));
  const strategy = user.canary(own.steps, {
    ...rest,
    ...own.routing,
    dynamicStableScale: dynamic,
    ...(chance.percent(25) ? { minPodsPerReplicaSet: 2 } : {}),
    abortScaleDownDelaySeconds: chance.pick([30, 30, 0, 5]),
    ...(dynamic ? {} : { scaleDownDelaySeconds: chance.pick([30, 5, 0]) }),
  });
  // Several pods: with one, parts of the traffic cannot be distinguished.
  const replicas = 2 + chance.below(5);
  const manifest = { ...script.manifest, spec: { ...script.manifest.spec, replicas, strategy } };
  const meddling = chance.percent(55) ? meddle(chance, kindsIn(own.routing.trafficRouting)) : [];
  const story = inserted(script.steps, meddling, chance);
  return { ...script, manifest, steps: ending(story, steps, own.routing, chance.fork("ending")) };
}

type Routing = Pick<
  NonNullable<Parameters<typeof user.canary>[1]>,
  "trafficRouting" | "pingPong" | "stableService" | "canaryService"
>;

const SERVICES = { stableService: "active", canaryService: "preview" };
const PING_PONG = { pingPong: { pingService: "active", pongService: "preview" } };

const KINDS = Object.keys(PLANES) as RouterKind[];

const kindsIn = (routing: TrafficRouting = {}): readonly RouterKind[] =>
  KINDS.filter((kind) => routing[kind] !== undefined);

/** Of the routers that a Rollout names. */
export const abilitiesOf = (routing: TrafficRouting): readonly Abilities[] =>
  kindsIn(routing).flatMap((kind) => ROUTERS.find((router) => router.kind === kind)?.abilities ?? []);

/** One router or two, with Services, with ping-pong, or by the subsets of Istio alone. */
function routingOf(chance: Chance): Routing {
  const [first = "nginx", ...others] = KINDS;
  const all: [RouterKind, ...RouterKind[]] = [first, ...others];
  const kinds = new Set([chance.pick<RouterKind>([chance.pick(all), chance.pick(all), chance.pick(["nginx", "alb"])])]);
  if (chance.percent(DOUBLE)) kinds.add(chance.pick(all));
  const parts = [...kinds].map((kind) => [kind, PLANES[kind].settingsFor(chance.pick)] as const);
  const trafficRouting: TrafficRouting = Object.fromEntries(parts);
  const { istio, alb } = trafficRouting;
  const bySubsets = istio?.destinationRule !== undefined;
  const abilities = abilitiesOf(trafficRouting);
  if (!bySubsets && abilities.every(({ pingPong }) => pingPong) && chance.percent(40)) {
    const root = alb === undefined ? {} : { alb: { ...alb, rootService: "root" } };
    return { ...PING_PONG, trafficRouting: { ...trafficRouting, ...root } };
  }
  if (bySubsets && kinds.size === 1 && chance.percent(50)) return { trafficRouting };
  const total = chance.pick([1_000, 200]);
  const isLarge = abilities.some(({ maxTrafficWeight }) => maxTrafficWeight) && chance.percent(25);
  return { ...SERVICES, trafficRouting: { ...trafficRouting, ...(isLarge ? { maxTrafficWeight: total } : {}) } };
}

/** The steps count to the routing's total, and some have header and mirror routes among them. */
function settled(
  routing: Routing,
  steps: readonly CanaryStep[],
  chance: Chance,
): { readonly routing: Routing; readonly steps: readonly CanaryStep[] } {
  const { trafficRouting = {} } = routing;
  const total = trafficRouting.maxTrafficWeight ?? 100;
  const counted = steps.map((step) =>
    step.setWeight === undefined ? step : { setWeight: (step.setWeight * total) / 100 },
  );
  const abilities = abilitiesOf(trafficRouting);
  const kinds = [
    ...(abilities.some(({ headerRoutes }) => headerRoutes !== undefined) ? [header, header] : []),
    ...(abilities.some(({ mirrorRoutes }) => mirrorRoutes) ? [mirror] : []),
  ];
  const [first, ...more] = kinds;
  if (first === undefined || !chance.percent(75)) return { routing, steps: counted };
  const managedRoutes = [{ name: "beta" }, { name: "team" }, { name: "copy" }];
  const withRoute = (step: CanaryStep): CanaryStep[] =>
    chance.percent(60) ? [step, chance.pick([first, ...more])(chance)] : [step];
  return {
    routing: { ...routing, trafficRouting: { ...trafficRouting, managedRoutes } },
    steps: counted.flatMap(withRoute),
  };
}

/** Without a match the route ends. */
function header(chance: Chance): CanaryStep {
  const match = [{ headerName: "x-beta", headerValue: { exact: "yes" } }];
  return { setHeaderRoute: { name: chance.pick(["beta", "team"]), ...(chance.percent(80) ? { match } : {}) } };
}

function mirror(chance: Chance): CanaryStep {
  const match = [{ path: { prefix: "/" } }];
  const percentage = chance.pick([{}, { percentage: 20 }]);
  return { setMirrorRoute: { name: "copy", ...(chance.percent(80) ? { match, ...percentage } : {}) } };
}

/** In some worlds the routing ends or changes, in the middle of the first update or later. */
function ending(
  story: readonly Step[],
  steps: readonly CanaryStep[],
  before: Routing,
  chance: Chance,
): readonly Step[] {
  if (!chance.percent(30)) return story;
  const other = settled(beside(routingOf(chance.fork("other")), before), steps, chance.fork("other routes"));
  const fewer = fewerOf(before, chance);
  const [what, strategy] = chance.pick<readonly [string, RolloutStrategy]>([
    ["trafficRouting is taken out", user.canary(steps, SERVICES)],
    ["trafficRouting names no router", user.canary(steps, { ...SERVICES, trafficRouting: {} })],
    ["to blue-green, without a router", user.blueGreen({})],
    ["to other routers", user.canary(other.steps, other.routing)],
    ["to other routers", user.canary(other.steps, other.routing)],
    fewer === undefined
      ? ["to other routers", user.canary(other.steps, other.routing)]
      : ["one of the routers goes", user.canary(steps, fewer)],
  ]);
  const drawn = 1 + chance.below(story.length);
  const next = story.findIndex(({ when: { kind } }, index) => index >= drawn && kind !== "soon");
  const at = next < 0 ? story.length : next;
  const when: Milestone = at === 1 && chance.percent(70) ? { kind: "pause", image: "web:2" } : { kind: "rest" };
  const step: Step = { when, what, deed: { kind: "edit", edit: user.strategy(strategy) } };
  return [...story.slice(0, at), step, ...story.slice(at)];
}

/** A router that goes on keeps its settings: its objects are those that are there. */
function beside(next: Routing, { trafficRouting: before = {} }: Routing): Routing {
  const kept = Object.fromEntries(
    kindsIn(next.trafficRouting).flatMap((kind) => (before[kind] === undefined ? [] : [[kind, before[kind]] as const])),
  );
  return { ...next, trafficRouting: { ...next.trafficRouting, ...kept } };
}

/** Without one of two routers; undefined where there is only one. */
function fewerOf(routing: Routing, chance: Chance): Routing | undefined {
  const kinds = kindsIn(routing.trafficRouting);
  const [first, ...more] = kinds;
  if (first === undefined || kinds.length < 2) return undefined;
  const gone = chance.pick([first, ...more]);
  const { [gone]: _, managedRoutes: _m, maxTrafficWeight: _w, ...trafficRouting } = routing.trafficRouting ?? {};
  return { ...routing, trafficRouting };
}

/** Weights that grow by more than one pod's share. */
const rising = (chance: Chance): CanaryStep[] => [
  user.setWeight(chance.pick([20, 40])),
  ...(chance.percent(50) ? [user.pause(chance.pick([undefined, 3]))] : []),
  user.setWeight(chance.pick([60, 80])),
  user.pause(3),
];

const withScale = (chance: Chance, step: CanaryStep): CanaryStep[] => {
  if (!chance.percent(40)) return [step];
  const scale = chance.pick<Parameters<typeof user.setCanaryScale>[0]>([
    { replicas: 2 },
    { weight: 60 },
    { matchTrafficWeight: true },
  ]);
  return [user.setCanaryScale(scale), step];
};

/** In the middle of the first update, or after everything else. */
function inserted(story: readonly Step[], meddling: readonly Step[], chance: Chance): readonly Step[] {
  const [first, ...more] = meddling;
  if (first === undefined) return story;
  if (first.when.kind !== "pause" && !chance.percent(50)) return [...story, ...meddling];
  const when: Milestone = { kind: "pause", image: "web:2" };
  return [...story.slice(0, 1), { ...first, when }, ...more, ...story.slice(1)];
}

const rest: Milestone = { kind: "rest" };

/** Somebody changes or deletes the routers' objects, or a policy refuses one router while an update goes on or ends. */
function meddle(chance: Chance, kinds: readonly RouterKind[]): readonly Step[] {
  const which = chance.below(6);
  const routed = (what: string, change: Extract<Deed, { kind: "routed" }>["change"], when: Milestone = rest): Step => ({
    when,
    what,
    deed: { kind: "routed", change, which },
  });
  const [first = "nginx", ...more] = kinds;
  const router = chance.pick([first, ...more]);
  // With two, one of them can be reached.
  if (kinds.length > 1 && chance.percent(50)) return refusal(chance, router);
  return chance.pick<readonly Step[]>([
    [routed("somebody sets all weights", "reweigh")],
    [routed("somebody writes other members of an object", "note")],
    [
      routed("an object of the routers is deleted", "delete"),
      // A Rollout whose router cannot follow looks again and again: it does not come to rest.
      routed("it is created again", "create", { kind: "soon", ms: chance.pick([3, 500, 5_000, 60_000]) }),
    ],
    refusal(chance, router),
    refusal(chance, router),
  ]);
}

/** A policy refuses what is written to one router while the update is aborted, promoted or taken back. */
function refusal(chance: Chance, router: RouterKind): readonly Step[] {
  const ms = chance.pick([12_000, 40_000]);
  const [what, edit] = chance.pick<readonly [string, user.Edit]>([
    ["abort", user.abort],
    ["abort", user.abort],
    ["promote", user.promote],
    ["image web:1", user.image("web:1")],
  ]);
  return [
    {
      when: { kind: "pause", image: "web:2" },
      what: `a policy refuses the objects of ${router} for ${ms / 1_000} s`,
      deed: { kind: "refuse", router, ms },
    },
    { when: { kind: "soon", ms: 2_000 }, what, deed: { kind: "edit", edit } },
  ];
}
