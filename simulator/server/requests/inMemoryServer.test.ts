import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { Admission, AdmissionRequest, AdmissionResponse } from "../objects/admissionPort.ts";
import type { ApiObject, ApiRequest, WatchEvent } from "../../model/model.ts";
import { createApiServer, type ServerOptions } from "./inMemoryServer.ts";

const bed = (more: Partial<ServerOptions> = {}) => {
  const clock = manualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const server = createApiServer({ clock, ...more });
  const ask = async (method: string, url: string, body?: unknown, rest: Partial<ApiRequest> = {}) => {
    const [path = "", search = ""] = url.split("?");
    const query = Object.fromEntries(new URLSearchParams(search));
    const response = await server.handle({ method, path, query, ...(body === undefined ? {} : { body }), ...rest });
    if (response.kind === "watch") throw new Error("A watch was opened");
    return { ...response, body: response.body as Record<string, unknown> & ApiObject };
  };
  const watch = async (url: string, rest: Partial<ApiRequest> = {}) => {
    const [path = "", search = ""] = url.split("?");
    const query = { watch: "true", ...Object.fromEntries(new URLSearchParams(search)) };
    const response = await server.handle({ method: "GET", path, query, ...rest });
    if (response.kind === "answer") throw new Error(`No watch was opened: ${JSON.stringify(response.body)}`);
    const events: WatchEvent[] = [];
    const state = { ended: false };
    const stop = response.start(
      (event) => events.push(event),
      () => (state.ended = true),
    );
    const received = () =>
      events.map(({ type, object }) => {
        const { metadata } = object as ApiObject;
        return `${type} ${metadata?.name ?? ""}`.trim();
      });
    return { events, state, stop, received };
  };
  return { clock, server, core: server.core, ask, watch };
};

const configMaps = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string, more: object = {}) => ({ metadata: { name, ...more }, data: { a: "1" } });
const merge = { contentType: "application/merge-patch+json" };

describe("requests", () => {
  test("create, read, update, patch and delete an object", async () => {
    const { ask } = bed();
    const created = await ask("POST", configMaps, configMap("a"));
    expect(created).toMatchObject({ status: 201, body: { apiVersion: "v1", kind: "ConfigMap" } });
    expect((await ask("GET", `${configMaps}/a`)).body).toBe(created.body);
    const updated = await ask("PUT", `${configMaps}/a`, { ...created.body, data: { a: "2" } });
    expect(updated).toMatchObject({ status: 200, body: { data: { a: "2" } } });
    const patched = await ask("PATCH", `${configMaps}/a`, { data: { b: "3" } }, merge);
    expect(patched.body["data"]).toEqual({ a: "2", b: "3" });
    expect(await ask("DELETE", `${configMaps}/a`)).toMatchObject({
      status: 200,
      body: { kind: "Status", status: "Success", details: { name: "a", kind: "configmaps" } },
    });
    expect(await ask("GET", `${configMaps}/a`)).toMatchObject({ status: 404, body: { reason: "NotFound" } });
  });

  test("to where nothing is are answered as the API does", async () => {
    const { ask } = bed();
    const nowhere = { status: 404, body: { message: "the server could not find the requested resource" } };
    expect(await ask("GET", "/apis/example.com/v1/things")).toMatchObject(nowhere);
    expect(await ask("GET", "/api/v1/namespaces/default/nodes")).toMatchObject(nowhere);
    expect(await ask("GET", `${configMaps}/a/status`)).toMatchObject(nowhere);
    expect(await ask("PUT", configMaps, {})).toMatchObject({ status: 405 });
  });

  test("with another object's name or namespace are refused", async () => {
    const { ask } = bed();
    await ask("POST", configMaps, configMap("a"));
    expect((await ask("PUT", `${configMaps}/a`, configMap("b"))).body["message"]).toBe(
      "the name of the object (b) does not match the name on the URL (a)",
    );
    expect((await ask("POST", configMaps, configMap("b", { namespace: "other" }))).body["message"]).toBe(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  });

  test("with a patch of a type that the kind does not take are answered with 415", async () => {
    const { ask } = bed();
    await ask("POST", configMaps, configMap("a"));
    const refused = await ask("PATCH", `${configMaps}/a`, {}, { contentType: "text/plain" });
    expect(refused).toMatchObject({ status: 415, body: { reason: "UnsupportedMediaType" } });
  });

  test("for metadata alone get it alone", async () => {
    const { ask } = bed();
    await ask("POST", configMaps, configMap("a"));
    const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    const { body } = await ask("GET", `${configMaps}/a`, undefined, { accept });
    expect(Object.keys(body)).toEqual(["kind", "apiVersion", "metadata"]);
    const list = await ask("GET", configMaps, undefined, { accept: accept.replace("Metadata;", "MetadataList;") });
    expect(list.body).toMatchObject({ kind: "PartialObjectMetadataList", items: [{ kind: "PartialObjectMetadata" }] });
  });
});

describe("lists", () => {
  test("come in pages that show one moment", async () => {
    const { ask } = bed();
    for (const name of ["a", "b", "c", "d"]) await ask("POST", configMaps, configMap(name));
    const first = await ask("GET", `${configMaps}?limit=2`);
    const { continue: token, remainingItemCount } = first.body.metadata as unknown as Record<string, string>;
    expect(remainingItemCount as unknown).toBe(2);
    await ask("DELETE", `${configMaps}/c`);
    await ask("POST", configMaps, configMap("bb"));
    const second = await ask("GET", `${configMaps}?limit=2&continue=${token}`);
    const items = second.body["items"] as ApiObject[];
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["c", "d"]);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
  });

  test("cannot go on from a page that is too old, nor show the future", async () => {
    const { ask } = bed({ historySize: 2 });
    for (const name of ["a", "b"]) await ask("POST", configMaps, configMap(name));
    const { continue: token } = (await ask("GET", `${configMaps}?limit=1`)).body.metadata as unknown as {
      continue: string;
    };
    for (const name of ["c", "d", "e", "f"]) await ask("POST", configMaps, configMap(name));
    expect(await ask("GET", `${configMaps}?continue=${token}`)).toMatchObject({
      status: 410,
      body: { reason: "Expired" },
    });
    expect(await ask("GET", `${configMaps}?resourceVersion=999`)).toMatchObject({
      status: 504,
      body: { reason: "Timeout" },
    });
  });
});

describe("watches", () => {
  test("tell what happened since, then what happens", async () => {
    const { ask, watch } = bed();
    const { body } = await ask("POST", configMaps, configMap("a"));
    await ask("POST", configMaps, configMap("b"));
    const { received, events } = await watch(`${configMaps}?resourceVersion=${body.metadata.resourceVersion}`);
    expect(received()).toEqual(["ADDED b"]);
    await ask("PATCH", `${configMaps}/a`, { data: { a: "2" } }, merge);
    await ask("DELETE", `${configMaps}/a`);
    expect(received()).toEqual(["ADDED b", "MODIFIED a", "DELETED a"]);
    const versions = events.map(({ object }) => Number((object as ApiObject).metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  test("without a version begin with what is there", async () => {
    const { ask, watch } = bed();
    await ask("POST", configMaps, configMap("a"));
    expect((await watch(configMaps)).received()).toEqual(["ADDED a"]);
    const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    expect((await watch(`${configMaps}?${query}`)).received()).toEqual(["ADDED a", "BOOKMARK"]);
  });

  test("see an object come and go when its labels do", async () => {
    const { ask, watch } = bed();
    const { received } = await watch("/api/v1/configmaps?labelSelector=app%3Dweb");
    await ask("POST", configMaps, configMap("a"));
    await ask("PATCH", `${configMaps}/a`, { metadata: { labels: { app: "web" } } }, merge);
    await ask("PATCH", `${configMaps}/a`, { data: { a: "2" } }, merge);
    await ask("PATCH", `${configMaps}/a`, { metadata: { labels: null } }, merge);
    await ask("DELETE", `${configMaps}/a`);
    expect(received()).toEqual(["ADDED a", "MODIFIED a", "DELETED a"]);
  });

  test("from beyond the history end with 410", async () => {
    const { ask, watch } = bed({ historySize: 2 });
    const { body } = await ask("POST", configMaps, configMap("a"));
    for (const name of ["b", "c", "d", "e"]) await ask("POST", configMaps, configMap(name));
    const { events, state } = await watch(`${configMaps}?resourceVersion=${body.metadata.resourceVersion}`);
    expect(events).toMatchObject([{ type: "ERROR", object: { code: 410, reason: "Expired" } }]);
    expect(state.ended).toBe(true);
  });

  test("end when their kind is served no more", async () => {
    const { ask, watch, clock } = bed();
    const schema = { openAPIV3Schema: { type: "object" } };
    await ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      metadata: { name: "things.example.com" },
      spec: {
        group: "example.com",
        scope: "Cluster",
        names: { plural: "things", kind: "Thing" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    });
    const { state } = await watch("/apis/example.com/v1/things");
    await ask("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com");
    await clock.advance(0);
    expect(state.ended).toBe(true);
  });

  test("say every minute how far they are, and end in time", async () => {
    const { clock, core, watch } = bed();
    const { received, events, state } = await watch(`${configMaps}?allowWatchBookmarks=true&timeoutSeconds=150`);
    await clock.advance(120_000);
    expect(received()).toEqual(["BOOKMARK", "BOOKMARK"]);
    expect(events[0]?.object).toMatchObject({ metadata: { resourceVersion: core.resourceVersion } });
    await clock.advance(60_000);
    expect(state.ended).toBe(true);
    expect(clock.waiting).toBe(0);
  });
});

describe("admission", () => {
  const judging = (judge: (request: AdmissionRequest) => Partial<AdmissionResponse> | undefined) => {
    const requests: AdmissionRequest[] = [];
    const admit: Admission = {
      webhook: "test.sluice.dev",
      applies: ({ name }) => name === "configmaps",
      review: (request) => {
        requests.push(request);
        const response = judge(request);
        return response && Promise.resolve({ uid: request.uid, allowed: true, ...response });
      },
    };
    return { requests, ...bed({ admit }) };
  };

  test("sees what is to be stored and what is stored, and may warn", async () => {
    const { ask, requests } = judging(() => ({ warnings: ["mind the gap"] }));
    const created = await ask("POST", configMaps, configMap("a"), { user: "jane" });
    expect(created.warnings).toEqual(["mind the gap"]);
    await ask("PATCH", `${configMaps}/a?dryRun=All`, { data: { a: "2" } }, merge);
    await ask("DELETE", `${configMaps}/a`);
    expect(requests).toMatchObject([
      {
        operation: "CREATE",
        name: "a",
        namespace: "default",
        kind: { group: "", version: "v1", kind: "ConfigMap" },
        object: { data: { a: "1" } },
        oldObject: null,
        userInfo: { username: "jane" },
        dryRun: false,
      },
      { operation: "UPDATE", object: { data: { a: "2" } }, oldObject: { data: { a: "1" } }, dryRun: true },
      { operation: "DELETE", object: null, oldObject: { data: { a: "1" } } },
    ]);
  });

  test("that refuses is quoted as the API does", async () => {
    const causes = [{ reason: "FieldValueInvalid", message: "Invalid value: 1: too low", field: "data.a" }];
    const { ask } = judging(() => ({
      allowed: false,
      status: { code: 422, reason: "Invalid", message: "too low", details: { causes } },
    }));
    expect(await ask("POST", configMaps, configMap("a"))).toMatchObject({
      status: 422,
      body: {
        message: 'admission webhook "test.sluice.dev" denied the request: too low',
        reason: "Invalid",
        details: { causes },
      },
    });
    expect((await ask("GET", configMaps)).body["items"]).toEqual([]);
  });

  test("that refuses may warn as well", async () => {
    const { ask } = judging(() => ({ allowed: false, warnings: ["mind the gap"] }));
    expect(await ask("POST", configMaps, configMap("a"))).toMatchObject({ status: 403, warnings: ["mind the gap"] });
  });

  test("judges again when the object moved while it was judging", async () => {
    let isFirst = true;
    const { ask, core, requests } = judging(({ operation }) => {
      if (operation === "UPDATE" && isFirst) {
        isFirst = false;
        const ref = { resource: "configmaps", namespace: "default", name: "a" };
        core.modify(ref, (object) => ({ ...object, data: { a: "1", other: "x" } }));
      }
      return {};
    });
    await ask("POST", configMaps, configMap("a"));
    const patched = await ask("PATCH", `${configMaps}/a`, { data: { a: "2" } }, merge);
    expect(patched.body["data"]).toEqual({ a: "2", other: "x" });
    expect(requests.length).toBe(3);
  });

  test("that fails is told as a failed webhook", async () => {
    const { ask } = judging(() => {
      throw new Error("no answer");
    });
    const { status, body } = await ask("POST", configMaps, configMap("a"));
    expect(status).toBe(500);
    expect(body["message"]).toContain("no answer");
  });

  test("is not waited for by what it does not judge", () => {
    const { server, core } = judging(() => undefined);
    void server.handle({ method: "POST", path: configMaps, query: {}, body: configMap("a") });
    expect(core.list("configmaps").length).toBe(1);
  });
});
