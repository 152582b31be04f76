import { describe, expect, test } from "bun:test";
import { ignoredBeside, routerFlags } from "../cli/controller/flags.ts";
import { renderRollouts } from "../controller/process/rolloutGauges.ts";
import { letGo, releaseSweeps } from "../controller/release/routeRelease.ts";
import { decide } from "../controller/rollout/decide/decide.ts";
import { planOf, routedObjects, routingState } from "../controller/rollout/facts/routedObjects.ts";
import { createStores } from "../controller/rollout/facts/stores.ts";
import { canaryViolations } from "../controller/rules/rollout/canary.ts";
import { placesOf } from "../controller/rules/rollout/input.ts";
import { namedObjectFindings } from "../controller/rules/rollout/namedObjects.ts";
import { routerViolations } from "../controller/rules/rollout/trafficRouters.ts";
import { unsupportedFeatures } from "../controller/rules/rollout/support.ts";
import { violationText } from "../kube/validation/violation.ts";
import { loopRules } from "../cli/controller/rights.ts";
import { custom, definition, type MadeUpRouter } from "../simulator/simulate/routed/madeUp.ts";
import { kindsOf, MADE_UP, routed as madeUpFor } from "../simulator/simulate/routedObjects.ts";
import type { RouterRow } from "../providers/traffic/router.ts";
import { drivenOf, ROUTERS, settingsOf } from "../providers/traffic/routers.ts";
import { settingsBy } from "../providers/traffic/settings.ts";
import type { Rollout } from "../schema/rollout.ts";
import { canary, image, pause, rolloutOf, setWeight } from "./golden/edits.ts";
import { routedBy, wanting } from "./golden/routingStories.ts";
import { createWorld } from "./golden/goldenWorld.ts";
import { ferry } from "./madeUpRouter.ts";

/** The table with one more line. */
const routers: readonly RouterRow[] = [...ROUTERS, ferry];

const byFerry = (settings: object, more: object = {}): Rollout =>
  routedBy({ ferry: settings } as Parameters<typeof routedBy>[0], more);
const rollout = byFerry({ harbour: "north" });
const violations = (of: Rollout) => canaryViolations(placesOf(of), routers).map(violationText);
const FERRIES = "ferries.example.com";

function routedStores(...ferries: readonly object[]) {
  const stores = createStores(undefined, undefined, drivenOf(routers));
  for (const each of ferries) stores.routed.stores.get(FERRIES)?.objects.upsert(each as never);
  return stores;
}

const ferryObject = (spec: object, state = "") => ({
  metadata: { name: "web", namespace: "default", uid: "f", resourceVersion: "7", annotations: { state } },
  spec,
});

describe("one more router, a file and a line in the table,", () => {
  test("has flags, and its settings by default", () => {
    const flags = routerFlags(settingsOf(routers));
    expect(flags.map(({ name }) => name)).toContain("ferry-harbours");
    expect(Object.keys(ignoredBeside(flags))).not.toContain("disable-compression");
    expect(Object.keys(ignoredBeside([]))).toContain("disable-compression");
    const settings = settingsBy(settingsOf(routers), () => undefined);
    expect(settings).toMatchObject({ ferryHarbours: ["north"], ferryVerify: true });
    expect(createStores(undefined, undefined, drivenOf(routers)).routed.settings).toMatchObject({
      ferryHarbours: ["north"],
    });
  });

  test("has the rights that it needs, with the reason", () => {
    expect(loopRules(routers)).toContainEqual({
      why: "The Ferry router loads your Ferry.",
      apiGroups: ["example.com"],
      resources: ["ferries"],
      verbs: ["get", "list", "watch", "patch"],
    });
    expect(loopRules()).not.toContainEqual(expect.objectContaining({ resources: ["ferries"] }));
  });

  test("has its rules", () => {
    expect(routerViolations(byFerry({}), routers).map(violationText)).toEqual([
      "spec.strategy.canary.trafficRouting.ferry.harbour: Required value: a ferry leaves from a harbour",
    ]);
    expect(violations(rollout)).toEqual([]);
    expect(violations(byFerry({ harbour: "north" }, { stableService: "" }))).toHaveLength(1);
  });

  test("has rules for the objects that it names", () => {
    const found = (...names: readonly string[]) =>
      namedObjectFindings(rollout, () => new Map(names.map((name) => [name, {}])), routers);
    expect(found("web")).toEqual([{ refuse: [], warn: [] }]);
    expect(found().flatMap(({ warn }) => warn.map(violationText))).toEqual([
      'metadata.name: Invalid value: "web": there is no such ferry',
    ]);
    expect(namedObjectFindings(rollout, () => undefined, routers)).toEqual([]);
  });

  test("may have header and mirror routes and its own total of weights, and no more than it can do", () => {
    const match = [{ headerName: "x", headerValue: { exact: "y" } }];
    const managed = (step: object): Rollout => {
      const trafficRouting = { ferry: { harbour: "north" }, managedRoutes: [{ name: "r" }], maxTrafficWeight: 1_000 };
      const strategy = canary([step], { stableService: "web", canaryService: "web-next", trafficRouting });
      return rolloutOf({ strategy });
    };
    expect(violations(managed({ setHeaderRoute: { name: "r", match } }))).toEqual([]);
    expect(violations(managed({ setMirrorRoute: { name: "r", match: [{ path: { prefix: "/" } }] } }))).toEqual([]);
    expect(
      violations(managed({ experiment: { templates: [{ name: "e", specRef: "canary", weight: 5 }] } })),
    ).toHaveLength(1);
  });

  test("is driven, and while it is not it holds the Rollout with its title", () => {
    expect(unsupportedFeatures(rollout, { routers })).toEqual([]);
    const { kind, title, abilities, needsServices } = ferry;
    const undriven = [...ROUTERS, { kind, title, abilities, needsServices }];
    expect(unsupportedFeatures(rollout, { routers: undriven }).map(({ feature }) => feature)).toEqual([
      "traffic routing by Ferry",
    ]);
  });

  test("has its label in metrics", () => {
    expect([...renderRollouts(() => [rollout], routers)].join("\n")).toContain('traffic_router="Ferry"');
  });

  test("has its objects watched, read, and released when a Rollout lets go of them", () => {
    const stores = routedStores();
    expect(stores.optional.map(({ kind }) => kind.resource)).toContain(FERRIES);
    expect(routedObjects(stores.routed, rollout).map(([{ resource }]) => resource.kind)).toEqual(["Ferry"]);
    expect(releaseSweeps(stores)).toContain(FERRIES);
    expect(letGo(stores, rollout, undefined)).toEqual([`${FERRIES} default/web`]);
  });

  test("has its objects and their kind made up for a simulation", () => {
    const row: MadeUpRouter = {
      kinds: [definition("example.com", ["v1"], "Ferry", "ferries")],
      services: ({ harbour }) => [String(harbour)],
      objects: (_, { metadata: { name } }) => [custom("example.com/v1", "Ferry", name, { canary: 0 })],
    };
    const table = { ...MADE_UP, ferry: row };
    expect(madeUpFor(rollout, table)).toMatchObject({ services: ["north"], objects: [{ kind: "Ferry" }] });
    expect(kindsOf(table).map(({ metadata }) => metadata.name)).toContain(FERRIES);
    expect(madeUpFor(rollout)).toEqual({ services: [], objects: [] });
  });

  test("is given weights and managed routes as data, and says what is to be written", () => {
    const { routed } = routedStores(ferryObject({}));
    const traffic = wanting(20, {
      routes: [
        { kind: "header", name: "beta", match: [{ headerName: "x", headerValue: { exact: "y" } }] },
        { kind: "mirror", name: "copy", match: [{ path: { prefix: "/" } }], percentage: 35 },
      ],
    });
    const { writes } = planOf(routed, ferry, rollout, traffic);
    expect(writes).toMatchObject([{ patch: { spec: { canary: 20, passengers: ["header beta", "mirror copy"] } } }]);
    expect(routingState(routedStores().routed, rollout, traffic)).toMatchObject({ kind: "fault" });
  });
});

describe("weights of a router that can verify them", () => {
  const strategy = {
    stableService: "web",
    canaryService: "web-next",
    trafficRouting: { ferry: { harbour: "north" } },
  } as object;
  const steps = [setWeight(20), pause()];

  /** At the step setWeight, with available pods and a recorded weight; `state` is the ferry's. */
  function decided(state: string) {
    const world = createWorld(rolloutOf({ replicas: 10, strategy: canary(steps, strategy) }), {
      services: ["web", "web-next"],
    });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    const snapshot = world.snapshot();
    const { pauseConditions: _, controllerPause: __, ...status } = snapshot.rollout.status ?? {};
    const back = { ...snapshot.rollout, status: { ...status, currentStepIndex: 0 } };
    const { routed } = routedStores(ferryObject({ canary: 20, passengers: [] }, state));
    const at = {
      ...snapshot,
      rollout: back,
      routing: (traffic: ReturnType<typeof wanting>) => routingState(routed, back, traffic),
    };
    const decision = decide(at, world.now);
    return {
      step: (decision.status ?? status).currentStepIndex,
      verified: decision.status?.canary?.weights?.verified,
      failure: decision.status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure")?.message,
      events: decision.events
        .filter(({ type }) => type === "Warning")
        .map(({ reason, message }) => `${reason}: ${message}`),
      waits: decision.wakeAt === undefined ? undefined : decision.wakeAt - world.now,
    };
  }

  test("complete the step once they are verified", () => {
    expect(decided("landed")).toMatchObject({ step: 1, verified: true, events: [] });
  });

  test("hold the step while they are not yet, and are asked for again", () => {
    expect(decided("at sea")).toEqual({ step: 0, verified: false, failure: undefined, events: [], waits: 10_000 });
  });

  test("hold the step, and a condition has the reason, when that has failed", () => {
    expect(decided("sunk")).toEqual({
      step: 0,
      verified: false,
      failure: "the ferry has sunk",
      events: ["TrafficRoutingError: the ferry has sunk"],
      waits: 10_000,
    });
  });
});
