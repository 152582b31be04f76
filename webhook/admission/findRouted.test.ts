import { expect, test } from "bun:test";
import { routeFaults } from "../../controller/rules/rollout/routeFaults.ts";
import { violationText } from "../../kube/validation/violation.ts";
import { byDefault, routedBy } from "../../test/golden/routingStories.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { findRouted } from "./findRouted.ts";

const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
const definition = (group: string, version: string, kind: string) => {
  const plural = `${kind.toLowerCase()}s`;
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
};
const byMapping = routedBy({ ambassador: { mappings: ["shop"] } });
const mesh = {
  appMesh: {
    virtualService: { name: "vs" },
    virtualNodeGroup: { stableVirtualNodeRef: { name: "old" }, canaryVirtualNodeRef: { name: "new" } },
  },
};

function stage() {
  const api = testApi();
  const { core, client, clock } = api;
  const define = (...kinds: readonly (readonly [string, string, string])[]): void => {
    for (const kind of kinds) core.create("customresourcedefinitions.apiextensions.k8s.io", definition(...kind));
  };
  const find = (...objects: readonly unknown[]) =>
    findRouted({ client, clock, routing: byDefault }, objects, clock.now() + 1_000);
  const told = async (object: unknown): Promise<readonly string[]> => {
    const { routes } = (await find(object)) ?? {};
    return routes === undefined ? ["nothing was read"] : routeFaults(object, routes).map(violationText);
  };
  return { ...api, define, find, told };
}

test("a kind that is not served, an object that is missing, and one that is there are told apart", async () => {
  const { core, define, told } = stage();
  expect(await told(byMapping)).toEqual([expect.stringContaining("this cluster does not serve mappings")]);
  define(["getambassador.io", "v2", "Mapping"]);
  expect(await told(byMapping)).toEqual([expect.stringContaining('mapping "shop" not found')]);
  core.create("mappings.getambassador.io", {
    metadata: { name: "shop", namespace: "default" },
    spec: { service: "web" },
  });
  expect(await told(byMapping)).toEqual([]);
});

test("objects that others name are read, too", async () => {
  const { core, define, told, requests } = stage();
  define(...(["VirtualService", "VirtualRouter", "VirtualNode"] as const).map(
    (kind) => ["appmesh.k8s.aws", "v1beta2", kind] as const,
  ));
  const put = (kind: string, name: string, spec: object = {}): void => {
    core.create(`${kind}.appmesh.k8s.aws`, { metadata: { name, namespace: "default" }, spec });
  };
  for (const name of ["old", "new"]) put("virtualnodes", name);
  put("virtualservices", "vs", { provider: { virtualRouter: { virtualRouterRef: { name: "vr" } } } });
  expect(await told(routedBy(mesh))).toEqual([expect.stringContaining("VirtualRouter for `vs` not found")]);
  expect(requests.map(({ method, path }) => `${method} ${path.split("/").slice(-2).join("/")}`)).toEqual([
    "GET virtualservices/vs",
    "GET virtualnodes/old",
    "GET virtualnodes/new",
    "GET virtualrouters/vr",
  ]);
});

test("an edit that leaves the routing alone reads nothing, and neither does a Rollout without such routers", async () => {
  const { find, requests } = stage();
  const labelled = { ...byMapping, metadata: { ...byMapping.metadata, labels: { a: "b" } } };
  const other = routedBy({ ambassador: { mappings: ["shop", "more"] } });
  expect(find(labelled, byMapping)).toBeUndefined();
  expect(find({ ...byMapping, spec: { ...byMapping.spec, replicas: 9 } }, byMapping)).toBeUndefined();
  expect(find(routedBy({ nginx: { stableIngress: "a" } }))).toBeUndefined();
  expect(find(null)).toBeUndefined();
  expect(requests).toEqual([]);
  await find(other, byMapping);
  expect(requests.map(({ path }) => path.split("/").at(-1))).toEqual(["shop", "shop-canary", "more", "more-canary"]);
});

test("of very many objects only the first are read", async () => {
  const { find, requests } = stage();
  await find(routedBy({ ambassador: { mappings: Array.from({ length: 1_000 }, (_, n) => `m${n}`) } }));
  expect(requests.length).toBe(16);
});

test.each([403, 429, 500, 503])("what could not be read, with HTTP %d, is not known", async (code) => {
  const { hook, told } = stage();
  hook.before = (request) => {
    throw refusal(request, code, "No");
  };
  expect(await told(byMapping)).toEqual([]);
});

test("every read ends within the time that a review has for it, and is not tried again", async () => {
  const { clock, client, requests } = stage();
  const until = (ms: number) => findRouted({ client, clock, routing: byDefault }, [byMapping], clock.now() + ms);
  await until(1_000);
  expect(requests.map(({ timeoutMs, retry, urgent }) => ({ timeoutMs, retry, urgent }))).toEqual([
    { timeoutMs: 500, retry: false, urgent: true },
    { timeoutMs: 500, retry: false, urgent: true },
  ]);
  await until(200);
  expect(requests.slice(2).map(({ timeoutMs }) => timeoutMs)).toEqual([200, 200]);
  const { routes } = (await until(0)) ?? {};
  expect(requests.length).toBe(4);
  expect(routes === undefined ? undefined : routeFaults(byMapping, routes)).toEqual([]);
});

test("without the controller's settings nothing is read", () => {
  const { clock, client, requests } = stage();
  expect(findRouted({ client, clock }, [byMapping], clock.now() + 1_000)).toBeUndefined();
  expect(requests).toEqual([]);
});
