/** What is written into routes is what the kinds of the Gateway API allow, and is read back as it was written. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { manualClock } from "../../kube/clock/clock.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { applyMergePatch } from "../../simulator/patch/applyMergePatch.ts";
import { createCore } from "../../simulator/server/objects/core.ts";
import { byDefault, routedBy, wanting } from "../../test/golden/routingStories.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { plugins } from "./plugins.ts";
import type { ManagedRoute, ObjectRef, RoutedObject } from "./router.ts";

const shared = process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../shared");
const file = join(shared, "crds/gateway-api.yaml");

const backendRefs = [
  { name: "web", port: 80, weight: 1 },
  { name: "web-next", port: 80, weight: 0 },
];
const header: ManagedRoute = {
  kind: "header",
  name: "beta",
  match: [{ headerName: "x-beta", headerValue: { prefix: "a" } }],
};
const mirror: ManagedRoute = {
  kind: "mirror",
  name: "copy",
  percentage: 30,
  match: [{ path: { prefix: "/shop.Cart/" }, headers: { team: { exact: "qa" } } }],
};
const experiment = { additional: [{ serviceName: "web-a", podTemplateHash: "a", weight: 5 }] };

const rules: Readonly<Record<string, readonly object[]>> = {
  HTTPRoute: [
    { backendRefs, timeouts: { request: "5s" } },
    {
      matches: [{ path: { value: "/a" }, method: "GET" }],
      filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { add: [{ name: "a", value: "b" }] } }],
      backendRefs,
    },
  ],
  GRPCRoute: [{ backendRefs }, { matches: [{ method: { service: "shop.Cart" } }], backendRefs }],
};

/** The kinds of older versions know no names of rules, and drop them. */
function withoutRuleNames(definition: Draft): Draft {
  const text = JSON.stringify(definition, (key, value: unknown) => {
    const isRule = typeof value === "object" && value !== null && "backendRefs" in value && "matches" in value;
    return key === "properties" && isRule ? { ...value, name: undefined } : value;
  });
  return JSON.parse(text) as Draft;
}

if (existsSync(file)) {
  test.each([
    ["HTTPRoute", "httpRoute", "with names"],
    ["HTTPRoute", "httpRoute", "without names, as before 1.4"],
    ["GRPCRoute", "grpcRoute", "with names"],
    ["GRPCRoute", "grpcRoute", "without names, as before 1.4"],
  ])("rules of a %s by %s, %s, are taken as they are, and in the end it is what it was", (kind, member, names) => {
    const core = createCore({ clock: manualClock() });
    const isNamed = names === "with names";
    const documents = Bun.YAML.parse(readFileSync(file, "utf8")) as readonly (Draft | null)[];
    for (const one of documents)
      if (one?.kind === "CustomResourceDefinition")
        core.create("customresourcedefinitions.apiextensions.k8s.io", isNamed ? one : withoutRuleNames(one));
    const rollout = routedBy({
      plugins: { [GATEWAY_PLUGIN]: { [member]: "shop" } },
      managedRoutes: [{ name: "beta" }, { name: "copy" }],
    });
    const resource = `${kind.toLowerCase()}s.gateway.networking.k8s.io`;
    const place = ({ namespace, name }: Pick<ObjectRef, "namespace" | "name">) => ({ resource, namespace, name });
    const metadata = { name: "shop", namespace: "default" };
    core.create(resource, { metadata, spec: { parentRefs: [{ name: "public" }], rules: rules[kind] } });
    const object = (ref: Pick<ObjectRef, "namespace" | "name">) => core.get(place(ref)) as RoutedObject | undefined;
    const before = object(metadata)?.spec;

    const affinity = { cookieName: "sluice-affinity", value: "new", maxAge: 60 };
    const wants = [
      wanting(20),
      ...(kind === "HTTPRoute" ? [wanting(30, { affinity })] : []),
      wanting(20, { routes: [header, mirror], ...experiment }),
      wanting(20, { routes: [{ ...header, match: [{ headerName: "x-beta", headerValue: { exact: "b" } }] }] }),
      wanting(20, { routes: [{ ...mirror, match: [] }] }),
      wanting(60, { routes: [mirror] }),
      wanting(100),
      wanting(0),
    ];
    for (const traffic of wants) {
      const route = () => plugins.route({ rollout, traffic, settings: byDefault, object });
      const plan = route();
      expect([plan.kind, plan.writes.length]).toEqual(["plan", 1]);
      for (const write of plan.writes) {
        if (write.kind !== "patch") throw new Error("routes are the user's");
        const fieldValidation = isNamed ? "Strict" : "Ignore";
        core.modify(place(write.ref), (old) => applyMergePatch(old, write.patch), { fieldValidation });
      }
      expect(route().writes).toEqual([]);
      expect(isNamed || !JSON.stringify(object(metadata)?.spec).includes('"name":"beta')).toBe(true);
    }
    const after = object(metadata);
    expect([after?.spec, after?.metadata.labels ?? {}, after?.metadata.annotations ?? {}]).toEqual([before, {}, {}]);
  });
} else {
  console.log(`skipped: no kinds of the Gateway API at ${file} (set SLUICE_SHARED)`);
}
