import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { ApiObject, ApiRequest } from "../../model/model.ts";
import { createApiServer } from "./inMemoryServer.ts";

const bed = () => {
  const clock = manualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const server = createApiServer({ clock });
  const ask = async (method: string, url: string, body?: unknown, rest: Partial<ApiRequest> = {}) => {
    const [path = "", search = ""] = url.split("?");
    const query = Object.fromEntries(new URLSearchParams(search));
    const response = await server.handle({ method, path, query, ...(body === undefined ? {} : { body }), ...rest });
    if (response.kind === "watch") throw new Error("A watch was opened");
    return { ...response, body: response.body as Record<string, unknown> & ApiObject };
  };
  return { core: server.core, ask };
};

const merge = { contentType: "application/merge-patch+json" };
const applied = { contentType: "application/apply-patch+yaml" };
const replicaSets = "/apis/apps/v1/namespaces/default/replicasets";
const pods = "/api/v1/namespaces/default/pods";
const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const selector = {
  matchLabels: { app: "web" },
  matchExpressions: [{ key: "tier", operator: "In", values: ["b", "a"] }],
};
const labelled = { ...template, metadata: { labels: { app: "web", tier: "a" } } };
const replicaSet = (name: string) => ({ metadata: { name }, spec: { replicas: 2, selector, template: labelled } });

describe("the scale of an object", () => {
  test("shows its replicas and its selector", async () => {
    const { ask } = bed();
    const { metadata } = (await ask("POST", replicaSets, replicaSet("web"))).body;
    expect((await ask("GET", `${replicaSets}/web/scale`)).body as unknown).toEqual({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata: {
        name: "web",
        namespace: "default",
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
        creationTimestamp: metadata.creationTimestamp,
      },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: "app=web,tier in (a,b)" },
    });
  });

  test("is written, and only that", async () => {
    const { ask, core } = bed();
    await ask("POST", replicaSets, replicaSet("web"));
    const patched = await ask("PATCH", `${replicaSets}/web/scale`, { spec: { replicas: 5 } }, merge);
    expect(patched.body["spec"]).toEqual({ replicas: 5 });
    await ask("PUT", `${replicaSets}/web/scale`, { metadata: { name: "web" }, spec: {} });
    const stored = core.get({ resource: "replicasets.apps", namespace: "default", name: "web" });
    expect(stored).toMatchObject({ metadata: { generation: 3 }, spec: { replicas: 0, selector } });
  });

  test("is refused when it is negative, of another object, or made from an old version", async () => {
    const { ask } = bed();
    await ask("POST", replicaSets, replicaSet("web"));
    const put = async (body: object) => (await ask("PUT", `${replicaSets}/web/scale`, body)).body["message"];
    expect(await put({ metadata: { name: "web" }, spec: { replicas: -2 } })).toBe(
      'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -2: must be greater than or equal to 0',
    );
    expect(await put({ metadata: { name: "other" }, spec: { replicas: 1 } })).toBe(
      "the name of the object (other) does not match the name on the URL (web)",
    );
    expect(await put({ metadata: { name: "web", resourceVersion: "1" }, spec: { replicas: 1 } })).toContain(
      "the object has been modified",
    );
  });
});

describe("a pod", () => {
  const pod = (name: string) => ({ metadata: { name, labels: { app: "web" } }, spec: template.spec });

  test("is bound to a node once, and gets the zone of it", async () => {
    const { ask } = bed();
    await ask("POST", "/api/v1/nodes", { metadata: { name: "n", labels: { "topology.kubernetes.io/zone": "z" } } });
    await ask("POST", pods, pod("web"));
    const binding = { metadata: { name: "web" }, target: { kind: "Node", name: "n" } };
    expect(await ask("POST", `${pods}/web/binding`, binding)).toMatchObject({
      status: 201,
      body: { status: "Success" },
    });
    expect((await ask("GET", `${pods}/web`)).body).toMatchObject({
      metadata: { generation: 1, labels: { app: "web", "topology.kubernetes.io/zone": "z" } },
      spec: { nodeName: "n", containers: [{ name: "c" }] },
      status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "True" }] },
    });
    expect(await ask("POST", `${pods}/web/binding`, binding)).toMatchObject({
      status: 409,
      body: { message: 'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n"' },
    });
  });

  const running = async (allowed: number) => {
    const world = bed();
    const { core, ask } = world;
    await ask("POST", pods, { ...pod("web"), spec: { ...template.spec, nodeName: "n" } });
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    core.modify({ resource: "pods", namespace: "default", name: "web" }, (object) => ({ ...object, status }), {
      subresource: "status",
    });
    await ask("POST", budgets, {
      metadata: { name: "web" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
    });
    const budget = { resource: "poddisruptionbudgets.policy", namespace: "default", name: "web" };
    const healthy = {
      observedGeneration: 1,
      disruptionsAllowed: allowed,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
    };
    core.modify(budget, (object) => ({ ...object, status: healthy }), { subresource: "status" });
    const evict = () =>
      ask("POST", `${pods}/web/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "web" } });
    return { ...world, evict, budget };
  };

  test("is not evicted when its budget says no", async () => {
    const { evict } = await running(0);
    expect(await evict()).toMatchObject({
      status: 429,
      body: {
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        reason: "TooManyRequests",
        details: {
          causes: [
            {
              reason: "DisruptionBudget",
              message: "The disruption budget web needs 1 healthy pods and has 1 currently",
            },
          ],
        },
      },
    });
  });

  test("is evicted when its budget allows it, which then allows one less", async () => {
    const { evict, core, budget } = await running(1);
    expect((await evict()).status).toBe(201);
    expect(core.get({ resource: "pods", namespace: "default", name: "web" })?.metadata.deletionTimestamp).toBeDefined();
    expect(core.get(budget)?.["status"]).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { web: "2026-01-02T03:04:05Z" },
    });
  });

  test("with two budgets is not evicted at all", async () => {
    const { ask, evict } = await running(1);
    await ask("POST", budgets, { metadata: { name: "second" }, spec: { selector: {} } });
    expect((await evict()).status).toBe(500);
  });
});

describe("server-side apply", () => {
  const config = (data: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a" },
    data,
  });
  const at = "/api/v1/namespaces/default/configmaps/a";

  test("creates, then changes, and keeps account of who owns what", async () => {
    const { ask } = bed();
    expect((await ask("PATCH", `${at}?fieldManager=one`, config({ a: "1" }), applied)).status).toBe(201);
    const again = await ask("PATCH", `${at}?fieldManager=one`, config({ b: "2" }), applied);
    expect(again).toMatchObject({ status: 200, body: { data: { b: "2" } } });
    expect(again.body.metadata.managedFields).toMatchObject([{ manager: "one", operation: "Apply" }]);
    const same = await ask("PATCH", `${at}?fieldManager=one`, config({ b: "2" }), applied);
    expect(same.body.metadata.resourceVersion).toBe(again.body.metadata.resourceVersion);
  });

  test("refuses to take what is another's, unless forced", async () => {
    const { ask } = bed();
    await ask("POST", "/api/v1/namespaces/default/configmaps?fieldManager=one", config({ a: "1" }));
    expect(await ask("PATCH", `${at}?fieldManager=two`, config({ a: "2" }), applied)).toMatchObject({
      status: 409,
      body: {
        message: 'Apply failed with 1 conflict: conflict with "one" using v1: .data.a',
        details: { causes: [{ reason: "FieldManagerConflict", field: ".data.a" }] },
      },
    });
    const forced = await ask("PATCH", `${at}?fieldManager=two&force=true`, config({ a: "2" }), applied);
    expect(forced.body["data"]).toEqual({ a: "2" });
  });

  test("needs a manager, and alone knows force", async () => {
    const { ask } = bed();
    expect((await ask("PATCH", at, config({}), applied)).body["message"]).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
    expect((await ask("PATCH", `${at}?force=true`, {}, merge)).body["message"]).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  });

  test("writes of a program are accounted to it, unless it says otherwise", async () => {
    const { ask } = bed();
    const { body } = await ask("POST", "/api/v1/namespaces/default/configmaps", config({ a: "1" }), {
      userAgent: "tool/1.0",
    });
    expect(body.metadata.managedFields).toMatchObject([{ manager: "tool", operation: "Update", apiVersion: "v1" }]);
  });
});

describe("what is asked wrongly is refused in the API's words", () => {
  const configMaps = "/api/v1/namespaces/default/configmaps";

  test.each([
    [
      "POST",
      `${configMaps}?dryRun=x`,
      422,
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["x"]: supported values: "All"',
    ],
    [
      "POST",
      `${configMaps}?fieldValidation=x`,
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [
      "DELETE",
      `${configMaps}/a?propagationPolicy=Foo`,
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    ["POST", "/api/v1/configmaps", 405, "the server does not allow this method on the requested resource"],
    ["POST", `${configMaps}/a/status`, 404, "the server could not find the requested resource"],
    ["DELETE", `${replicaSets}/a/status`, 405, "the server does not allow this method on the requested resource"],
  ])("%s %s", async (method, url, status, message) => {
    const { ask } = bed();
    expect(await ask(method, url, { metadata: { name: "a" } })).toMatchObject({ status, body: { message } });
  });

  test("an object of another kind or version is refused", async () => {
    const { ask } = bed();
    const version = await ask("POST", replicaSets, {
      ...replicaSet("a"),
      apiVersion: "apps/v1beta1",
      kind: "ReplicaSet",
    });
    expect(version.body["message"]).toBe(
      "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
    );
    expect((await ask("POST", replicaSets, { ...replicaSet("a"), apiVersion: "v1", kind: "Pod" })).status).toBe(400);
  });
});

describe("reviews", () => {
  test("allow everything and know no token", async () => {
    const { ask } = bed();
    const review = await ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", { spec: { user: "jane" } });
    expect(review).toMatchObject({ status: 201, body: { spec: { user: "jane" }, status: { allowed: true } } });
    const token = await ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { spec: { token: "x" } });
    expect(token.body["status"]).toEqual({ user: {}, error: "invalid bearer token" });
  });
});
