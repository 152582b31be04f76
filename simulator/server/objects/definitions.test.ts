import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import { createCore } from "./core.ts";
import type { Draft } from "../../model/model.ts";
import { createApiServer } from "../requests/inMemoryServer.ts";
import { StatusError } from "../../model/statusError.ts";

const thingSchema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        n: { type: "integer", minimum: 1, default: 3 },
        replicas: { type: "integer" },
        parts: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
        },
      },
    },
    status: { type: "object", properties: { phase: { type: "string" } } },
  },
};

const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: thingSchema },
  subresources: { status: {} },
});

const definition = {
  metadata: { name: "things.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing", shortNames: ["th"] },
    versions: [version("v1", true), version("v1beta1", false)],
  },
};

const definitions = "customresourcedefinitions.apiextensions.k8s.io";
const things = "things.example.com";
const thing = (name: string, more: Draft = {}): Draft => ({
  metadata: { name, namespace: "default" },
  spec: {},
  ...more,
});

const bed = () => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const core = createCore({ clock });
  core.create(definitions, definition);
  return { core, clock };
};

const message = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
  throw new Error("Nothing was refused");
};

describe("a definition", () => {
  test("serves its kind at once, in all versions, and says so", () => {
    const { core } = bed();
    const served = core.resources().filter(({ group }) => group === "example.com");
    expect(served.map((each) => each.version)).toEqual(["v1", "v1beta1"]);
    expect(core.resource(things)).toMatchObject({
      version: "v1",
      kind: "Thing",
      singular: "thing",
      shortNames: ["th"],
    });
    expect(core.get({ resource: definitions, name: things })?.["status"]).toMatchObject({
      conditions: [
        { type: "NamesAccepted", status: "True" },
        { type: "Established", status: "True" },
      ],
      acceptedNames: { listKind: "ThingList" },
      storedVersions: ["v1"],
    });
  });

  test("whose name is not that of its resource is refused", () => {
    const { core } = bed();
    expect(message(() => core.create(definitions, { ...definition, metadata: { name: "x" } }))).toBe(
      'CustomResourceDefinition.apiextensions.k8s.io "x" is invalid: metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group',
    );
  });

  test("that changes is followed", () => {
    const { core } = bed();
    core.modify({ resource: definitions, name: things }, (object) => ({
      ...object,
      spec: { ...(object["spec"] as object), versions: [version("v1", true)] },
    }));
    expect(core.resources().filter(({ group }) => group === "example.com").length).toBe(1);
  });

  test("takes its objects along, and waits for those that wait", async () => {
    const { core, clock } = bed();
    core.create(things, thing("a"));
    core.create(things, thing("b", { metadata: { name: "b", namespace: "default", finalizers: ["example.com/x"] } }));
    const going = core.delete({ resource: definitions, name: things });
    expect(going.metadata.finalizers).toEqual(["customresourcecleanup.apiextensions.k8s.io"]);
    expect(message(() => core.create(things, thing("c")))).toBe(
      'things.example.com "c" is forbidden: create not allowed while custom resource definition is terminating',
    );
    await clock.advance(0);
    expect(core.list(things).map(({ metadata }) => metadata.name)).toEqual(["b"]);
    core.modify({ resource: things, namespace: "default", name: "b" }, ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, finalizers: [] },
    }));
    await clock.advance(0);
    expect(core.resource(things)).toBeUndefined();
    expect(core.get({ resource: definitions, name: things })).toBeUndefined();
  });
});

describe("a custom object", () => {
  test("loses what the schema does not know, and gets its defaults", () => {
    const { core } = bed();
    const created = core.create(things, thing("a", { spec: { unknown: 1 }, other: 2, status: { phase: "x" } }));
    expect(created).toEqual({
      apiVersion: "example.com/v1",
      kind: "Thing",
      metadata: created.metadata,
      spec: { n: 3 },
    });
  });

  test("is refused with all that is wrong with it", () => {
    const { core } = bed();
    const spec = { n: 0, parts: [{ name: "a" }, { name: "a" }] };
    expect(message(() => core.create(things, thing("a", { spec })))).toBe(
      'Thing.example.com "a" is invalid: [spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1, spec.parts[1]: Duplicate value: {"name":"a"}]',
    );
  });

  test("is refused for unknown fields only where that is asked for", () => {
    const { core } = bed();
    const draft = thing("a", { spec: { unknown: 1 } });
    expect(message(() => core.create(things, draft, { fieldValidation: "Strict" }))).toBe(
      'Thing in version "v1" cannot be handled as a Thing: strict decoding error: unknown field "spec.unknown"',
    );
  });

  test("counts generations with all but metadata and status", () => {
    const { core } = bed();
    core.create(things, thing("a"));
    const ref = { resource: things, namespace: "default", name: "a" };
    core.modify(ref, (object) => ({ ...object, status: { phase: "x" } }), { subresource: "status" });
    core.modify(ref, (object) => ({ ...object, metadata: { ...object.metadata, labels: { a: "b" } } }));
    expect(core.get(ref)).toMatchObject({ metadata: { generation: 1 }, status: { phase: "x" } });
    expect(core.modify(ref, (object) => ({ ...object, spec: { n: 4 } })).metadata.generation).toBe(2);
  });

  test("has a status that its schema judges", () => {
    const { core } = bed();
    core.create(things, thing("a"));
    const ref = { resource: things, namespace: "default", name: "a" };
    const write = (status: object) => core.modify(ref, (object) => ({ ...object, status }), { subresource: "status" });
    expect(write({ phase: "x", unknown: 1 })["status"]).toEqual({ phase: "x" });
    expect(message(() => write({ phase: 1 }))).toContain("status.phase: Invalid value");
  });

  test("is not updated by who did not read it", () => {
    const { core } = bed();
    core.create(things, thing("a"));
    expect(message(() => core.update(things, thing("a", { spec: { n: 5 } })))).toBe(
      'things.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
  });
});

describe("an object of another version", () => {
  test("is stored in one version and shown in the one that is asked for", async () => {
    const server = createApiServer({ clock: manualClock(0) });
    server.core.create(definitions, definition);
    const body = { apiVersion: "example.com/v1beta1", kind: "Thing", metadata: { name: "a" }, spec: {} };
    const path = "/apis/example.com/v1beta1/namespaces/default/things";
    const created = await server.handle({ method: "POST", path, query: {}, body });
    expect(created).toMatchObject({ status: 201, body: { apiVersion: "example.com/v1beta1", spec: { n: 3 } } });
    const stored = server.core.get({ resource: things, namespace: "default", name: "a" });
    expect(stored?.apiVersion).toBe("example.com/v1");
  });
});

describe("a built-in object", () => {
  test("gets its defaults, and is refused for what is wrong", () => {
    const { core } = bed();
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const spec = { selector: { matchLabels: { a: "b" } }, template };
    const created = core.create("replicasets.apps", thing("web", { spec }));
    expect(created["spec"]).toMatchObject({ replicas: 1, template: { spec: { restartPolicy: "Always" } } });
    const wrong = { selector: { matchLabels: { a: "c" } }, template };
    expect(message(() => core.create("replicasets.apps", thing("bad", { spec: wrong })))).toContain(
      'ReplicaSet.apps "bad" is invalid: spec.template.metadata.labels: Invalid value',
    );
    expect(message(() => core.create("replicasets.apps", thing("bad", { spec: { ...spec, replicas: "x" } })))).toBe(
      'ReplicaSet in version "v1" cannot be handled as a ReplicaSet: json: cannot unmarshal string into Go struct field ReplicaSet.spec.replicas of type integer',
    );
  });

  test("says by what it asks for how soon it is given up", () => {
    const { core } = bed();
    const qos = (name: string, resources: object) =>
      core.create("pods", thing(name, { spec: { containers: [{ name: "c", image: "i", resources }] } }))["status"];
    expect(qos("a", {})).toMatchObject({ qosClass: "BestEffort" });
    expect(qos("b", { requests: { cpu: "1" } })).toMatchObject({ qosClass: "Burstable" });
    expect(qos("c", { limits: { cpu: "1", memory: "1Gi" } })).toMatchObject({ qosClass: "Guaranteed" });
  });
});
