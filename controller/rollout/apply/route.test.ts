import { describe, expect, test } from "bun:test";
import { ApiError } from "../../../kube/client/apiError.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import { nginx } from "../../../providers/traffic/nginx.ts";
import type { RoutedObject, Router } from "../../../providers/traffic/router.ts";
import { byDefault, routedBy, wanting } from "../../../test/golden/routingStories.ts";
import { createRouted } from "../facts/routedObjects.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import { type RoutePorts, routeTraffic } from "./route.ts";
import { testApi } from "../../../test/apiServer.ts";

const INGRESSES = "ingresses.networking.k8s.io";
const WEIGHT = "nginx.ingress.kubernetes.io/canary-weight";
const backend = { service: { name: "web", port: { number: 80 } } };
const ingress = (name: string) => ({
  metadata: { name, namespace: "default" },
  spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
});
const rollout = routedBy({ nginx: { stableIngresses: ["a", "b", "c"] } });

/** An API server with three stable Ingresses, all in the cache; `refuse` may answer instead. */
function stage(refuse: (request: KubeRequest) => Error | undefined = () => undefined, router: Router = nginx) {
  const { core, client } = testApi();
  const routed = createRouted(byDefault, undefined, [router]);
  const store = routed.stores.get(INGRESSES);
  for (const name of ["a", "b", "c"]) store?.objects.upsert(core.create(INGRESSES, ingress(name)) as never);
  const emitted: string[] = [];
  const ports: RoutePorts = {
    routed,
    get: (path) => client.request({ method: "GET", path }),
    send: async <T>(request: KubeRequest): Promise<T> => {
      const refusal = refuse(request);
      if (refusal !== undefined) throw refusal;
      return client.request<T>(request);
    },
    remember: (_, object: RoutedObject) => void store?.objects.written(object),
    forget: ({ namespace, name }, uid) => store?.objects.deleted(`${namespace}/${name}`, uid),
    emit: ({ type, reason, message }) => void emitted.push(`${type} ${reason}: ${message}`),
  };
  const weights = (): (string | undefined)[] =>
    ["a", "b", "c"].map((name) => {
      const canary = core.get({ resource: INGRESSES, namespace: "default", name: `web-${name}-canary` });
      return canary?.metadata.annotations?.[WEIGHT];
    });
  const route = (weight: number) =>
    routeTraffic(ports, rollout, wanting(weight)).catch((error: unknown) => String(error));
  return { core, emitted, weights, route };
}

const refusing = (name: string, error: Error) => (request: KubeRequest) =>
  request.path.endsWith(`/web-${name}-canary`) ? error : undefined;

describe("the objects of routers", () => {
  test("are written, told, and written no more", async () => {
    const { route, weights, emitted } = stage();
    await route(20);
    await route(20);
    expect(weights()).toEqual(["20", "20", "20"]);
    expect(emitted).toHaveLength(3);
  });

  test("that can be written are, though another one cannot", async () => {
    const forbidden = new ApiError("forbidden", { status: 403, reason: "Forbidden" });
    const { route, weights, emitted } = stage(refusing("a", forbidden));
    await route(20);
    expect(await route(0)).toBe("Error: error patching canary ingress `web-a-canary`: forbidden");
    expect(weights()).toEqual(["20", "0", "0"]);
    expect(emitted.slice(3)).toEqual([
      "Warning TrafficRoutingError: error patching canary ingress `web-a-canary`: forbidden",
      "Normal PatchingCanaryIngress: Updating Ingress `web-b-canary` to desiredWeight '0'",
      "Normal PatchingCanaryIngress: Updating Ingress `web-c-canary` to desiredWeight '0'",
    ]);
  });

  test("that rely on one that cannot be written wait for it", async () => {
    const relying: Router = {
      ...nginx,
      route(input) {
        const plan = nginx.route(input);
        return {
          ...plan,
          writes: plan.writes.map((each) => (each.ref.name === "web-c-canary" ? { ...each, relies: true } : each)),
        };
      },
    };
    let error: Error | undefined;
    const { route, weights } = stage(
      (request) => (error === undefined ? undefined : refusing("a", error)(request)),
      relying,
    );
    await route(20);
    error = new ApiError("busy", { status: 500, reason: "InternalError" });
    await route(0);
    expect(weights()).toEqual(["20", "0", "20"]);
    error = undefined;
    await route(0);
    expect(weights()).toEqual(["0", "0", "0"]);
  });

  test("are left alone by who may lead no more, which is no news of the Rollout", async () => {
    const { route, weights, emitted } = stage(refusing("a", new NotLeaderError("not sent")));
    await route(20);
    expect(await route(0)).toBe("NotLeaderError: not sent");
    expect(weights()).toEqual(["20", "20", "20"]);
    expect(emitted).toHaveLength(3);
  });

  test("whose name is taken by one of ours that the cache has not seen get what is wanted", async () => {
    const { core, route, weights } = stage();
    const owner = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      name: "web",
      uid: "uid-web",
      controller: true,
    };
    const { metadata, spec } = ingress("web-b-canary");
    core.create(INGRESSES, { metadata: { ...metadata, ownerReferences: [owner] }, spec });
    await route(20);
    expect(weights()).toEqual(["20", "20", "20"]);
  });
});

describe("a router that deletes, and that has a reason of its own for what fails,", () => {
  const MAPPINGS = "mappings.getambassador.io";
  const byMapping = routedBy({ ambassador: { mappings: ["shop"] } });
  const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "uid-web", controller: true };
  const names = { kind: "Mapping", listKind: "MappingList", plural: "mappings", singular: "mapping" };
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };

  /** With a Mapping of the canary's at weight 20; `refuse` may answer instead. */
  function mappings(refuse: (request: KubeRequest) => Error | undefined = () => undefined) {
    const { core, client } = testApi();
    const versions = [{ name: "v2", served: true, storage: true, schema }];
    core.create("customresourcedefinitions.apiextensions.k8s.io", {
      metadata: { name: MAPPINGS },
      spec: { group: "getambassador.io", scope: "Namespaced", names, versions },
    });
    const routed = createRouted(byDefault);
    const store = routed.stores.get(MAPPINGS);
    const put = (name: string, metadata: object, spec: object): void => {
      const object = { metadata: { name, namespace: "default", ...metadata }, spec };
      store?.objects.upsert(core.create(MAPPINGS, object) as never);
    };
    put("shop", {}, { service: "web" });
    put("shop-canary", { ownerReferences: [owner] }, { service: "web-next", weight: 20 });
    const emitted: string[] = [];
    const ports: RoutePorts = {
      routed,
      get: (path) => client.request({ method: "GET", path }),
      send: async <T>(request: KubeRequest): Promise<T> => {
        const refusal = refuse(request);
        if (refusal !== undefined) throw refusal;
        return client.request<T>(request);
      },
      remember: (_, object: RoutedObject) => void store?.objects.written(object),
      forget: ({ namespace, name }, uid) => store?.objects.deleted(`${namespace}/${name}`, uid),
      emit: ({ type, reason, message }) => void emitted.push(`${type} ${reason}: ${message}`),
    };
    const route = () => routeTraffic(ports, byMapping, wanting(0)).catch((error: unknown) => String(error));
    const canary = () => core.get({ resource: MAPPINGS, namespace: "default", name: "shop-canary" });
    return { core, route, canary, emitted, held: () => store?.objects.get("default/shop-canary") };
  }

  test("takes its object away, in the cluster and in the cache, once", async () => {
    const { route, canary, held, emitted } = mappings();
    expect(await route()).toBeUndefined();
    expect([canary(), held()]).toEqual([undefined, undefined]);
    expect(await route()).toBeUndefined();
    expect(emitted).toEqual(["Normal CanaryMappingWeightUpdate: Set canary mapping weight to 0"]);
  });

  test("does not mind that it is gone already", async () => {
    const { core, route, held } = mappings((request) =>
      request.method === "DELETE" ? new ApiError("no such mapping", { status: 404, reason: "NotFound" }) : undefined,
    );
    expect(await route()).toBeUndefined();
    expect(held()).toBeUndefined();
    expect(core.list(MAPPINGS)).toHaveLength(2);
  });

  test("says by its own reason what failed, before the common one, and has written the weight", async () => {
    const { route, canary, emitted } = mappings((request) =>
      request.method === "DELETE" ? new ApiError("not you", { status: 403, reason: "Forbidden" }) : undefined,
    );
    const message = 'Error deleting canary mapping "shop-canary": not you';
    expect(await route()).toContain(message);
    expect(canary()?.["spec"]).toMatchObject({ weight: 0 });
    expect(emitted.slice(1)).toEqual([
      `Warning CanaryMappingCleanupError: ${message}`,
      `Warning TrafficRoutingError: ${message}`,
    ]);
  });
});
