import { expect, test } from "bun:test";
import { routedBy, wanting } from "../../test/golden/routingStories.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { pluginNames, pluginQuestions } from "./pluginTraffic.ts";

const plugins = { "b/two": null, "acme/edge": { site: "north" }, [GATEWAY_PLUGIN]: { httpRoute: "shop" } };
const services = { stableService: "stable", canaryService: "canary" };

test("each plugin but the one that is built in is asked, in the order of their names, with what the Rollout has for it", () => {
  const asked = pluginQuestions(routedBy({ plugins }, services), wanting(20));
  expect(asked.map(({ plugin, config }) => [plugin, config])).toEqual([
    ["acme/edge", { site: "north" }],
    ["b/two", null],
  ]);
});

test("the question has all that a router needs: weights out of the total, Services, hashes, and routes that are to go", () => {
  const traffic = {
    ...wanting(20),
    total: 1_000,
    additional: [{ serviceName: "trial", podTemplateHash: "t", weight: 5 }],
  };
  const rollout = routedBy({ plugins, managedRoutes: [{ name: "beta" }, { name: "copy" }] }, services);
  expect(pluginQuestions(rollout, traffic)[0]?.traffic).toEqual({
    ...traffic,
    stableWeight: 975,
    stableService: "stable",
    canaryService: "canary",
    managedRoutes: ["beta", "copy"],
  });
});

test("with ping-pong the Services are those whose turn it is", () => {
  const pingPong = { pingService: "ping", pongService: "pong" };
  const rollout = routedBy({ plugins }, { pingPong, stableService: undefined, canaryService: undefined });
  const services = (stablePingPong?: "ping"): unknown => {
    const at = stablePingPong === undefined ? rollout : { ...rollout, status: { canary: { stablePingPong } } };
    const [first] = pluginQuestions(at, wanting(20));
    return [first?.traffic.stableService, first?.traffic.canaryService];
  };
  expect(services()).toEqual(["pong", "ping"]);
  expect(services("ping")).toEqual(["ping", "pong"]);
});

test("settings may be anything", () => {
  for (const odd of [null, 7, "x", [], [{}], {}, { [GATEWAY_PLUGIN]: {} }])
    expect(pluginNames(routedBy({ plugins: odd } as Parameters<typeof routedBy>[0]))).toEqual([]);
});
