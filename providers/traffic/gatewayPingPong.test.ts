import { expect, test } from "bun:test";
import { byDefault, routedBy, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { plugins } from "./plugins.ts";
import type { ManagedRoute } from "./router.ts";

const ping = { name: "ping", port: 80 };
const pong = { name: "pong", port: 80 };
const rollout = routedBy(
  { plugins: { [GATEWAY_PLUGIN]: { httpRoute: "shop" } }, managedRoutes: [{ name: "beta" }, { name: "copy" }] },
  { stableService: "", canaryService: "", pingPong: { pingService: "ping", pongService: "pong" } },
);
const stableIs = (stablePingPong: "ping" | "pong") => ({ ...rollout, status: { canary: { stablePingPong } } });

const routes: readonly ManagedRoute[] = [
  { kind: "header", name: "beta", match: [{ headerName: "x-beta", headerValue: { exact: "yes" } }] },
  { kind: "mirror", name: "copy", match: [], percentage: 100 },
];

test("header and mirror routes go when ping-pong has made stable of the Service that they lead to", () => {
  const world = routingWorld([
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "shop" },
      spec: {
        rules: [
          {
            backendRefs: [
              { ...ping, weight: 100 },
              { ...pong, weight: 0 },
            ],
          },
        ],
      },
    },
  ]);
  const [ref] = plugins.reads(rollout, byDefault);
  const rules = (): readonly unknown[] => {
    const object = ref === undefined ? undefined : world.object(ref);
    return (object?.spec as { readonly rules: readonly unknown[] } | undefined)?.rules ?? [];
  };
  world.route(plugins, stableIs("ping"), wanting(100, { routes }));
  expect(rules()).toHaveLength(3);
  world.route(plugins, stableIs("pong"), wanting(0));
  expect(rules()).toEqual([
    {
      backendRefs: [
        { ...ping, weight: 0 },
        { ...pong, weight: 100 },
      ],
    },
  ]);
});
