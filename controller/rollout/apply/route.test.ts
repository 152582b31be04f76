import { describe, expect, test } from "bun:test";
import { ApiError } from "../../../kube/client/apiError.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { RoutedObject } from "../../../providers/traffic/router.ts";
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
function stage(refuse: (request: KubeRequest) => Error | undefined = () => undefined) {
  const { core, client } = testApi();
  const routed = createRouted(byDefault);
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
