import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { systemClock } from "../../../kube/clock/clock.ts";
import { serveHttp } from "./http.ts";
import type { ApiServer } from "../../model/model.ts";
import { readerOf } from "../../protobuf/wire.ts";
import { createApiServer } from "../requests/inMemoryServer.ts";
import { at } from "../table/readFields.ts";

const running = new Set<{ stop(): Promise<void> }>();

afterAll(async () => {
  for (const one of running) await one.stop();
});

function bed(wrap: (server: ApiServer) => ApiServer = (server) => server) {
  const server = createApiServer({ clock: systemClock });
  const http = serveHttp({ server: wrap(server), port: 0 });
  running.add(http);
  const ask = async (
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(http.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? (JSON.parse(text) as unknown) : undefined,
    };
  };
  return { server, url: http.url, ask };
}

const configMaps = "/api/v1/namespaces/default/configmaps";

describe("the API over HTTP", () => {
  test("a watch answers before anything happens, tells each event when it happens, and ends with its client", async () => {
    let open = 0;
    const { server, url } = bed((inner) => ({
      ...inner,
      async handle(request) {
        const response = await inner.handle(request);
        if (response.kind === "answer") return response;
        return {
          kind: "watch",
          start(send, end) {
            open += 1;
            const stop = response.start(send, end);
            return () => {
              open -= 1;
              stop();
            };
          },
        };
      },
    }));
    const abort = new AbortController();
    const response = await fetch(`${url}${configMaps}?watch=1&resourceVersion=${server.core.resourceVersion}`, {
      signal: abort.signal,
    });
    expect([response.status, open]).toEqual([200, 1]);
    server.core.create("configmaps", { metadata: { name: "a", namespace: "default" } });
    let text = "";
    const body: AsyncIterable<Uint8Array> = response.body ?? new Blob([]).stream();
    for await (const chunk of body) {
      text += new TextDecoder().decode(chunk);
      if (text.includes("\n")) break;
    }
    expect(JSON.parse(text)).toMatchObject({ type: "ADDED", object: { metadata: { name: "a" } } });
    abort.abort();
    while (open > 0) await Bun.sleep(5);
    expect(open).toBe(0);
  });

  test("a path whose escapes are none is the caller's mistake", async () => {
    const { url } = bed();
    // In bytes: a client library would correct it.
    const textAt = async (path: string): Promise<string> => {
      const answer = Promise.withResolvers<string>();
      let text = "";
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.on("data", (data: Buffer) => (text += data.toString()));
      socket.on("close", () => answer.resolve(text)).on("error", answer.reject);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: close\r\n\r\n`);
      return answer.promise;
    };
    for (const path of ["%", "%zz", "a%2", "%ff", "%c3%28", "%ed%a0%80", "%E0%A4%A"]) {
      const answer = await textAt(`${configMaps}/${path}`);
      expect(answer).toStartWith("HTTP/1.1 400 ");
      expect(answer).toContain('"reason":"BadRequest"');
      expect(await textAt(`/${path}`)).toStartWith("HTTP/1.1 400 ");
    }
    expect(await textAt(`${configMaps}/%61?labelSelector=%zz`)).toStartWith("HTTP/1.1 404 ");
  });

  test("warnings are headers, whatever they say", async () => {
    const { ask } = bed((inner) => ({
      ...inner,
      handle: () => Promise.resolve({ kind: "answer", status: 200, body: {}, warnings: ['a "b" \\c', "mit Ümlaut\n"] }),
    }));
    const { headers } = await ask("GET", `${configMaps}/a`);
    const utf8 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));
    expect(headers.get("warning")).toBe(`299 - "a \\"b\\" \\\\c", 299 - "${utf8("mit Ümlaut")} "`);
  });

  test("Retry-After goes with an answer that names a time", async () => {
    const { ask } = bed((inner) => ({
      ...inner,
      handle: () => Promise.resolve({ kind: "answer", status: 429, body: {}, retryAfterSeconds: 7 }),
    }));
    expect((await ask("GET", `${configMaps}/a`)).headers.get("retry-after")).toBe("7");
  });

  test("bodies may be YAML or protobuf", async () => {
    const { ask } = bed();
    const yaml = await ask("POST", configMaps, "metadata: {name: a}\ndata: {a: 'yes'}\n", {
      "content-type": "application/yaml",
    });
    expect([yaml.status, at(yaml.body, "data")]).toEqual([201, { a: "yes" }]);
    const secret = "azhzAAoMCgJ2MRIGU2VjcmV0EiEKFQoBcxIAGgRkZW1vIgAqADIAOABCABIGCgFhEgFiGgAaACIA";
    await ask("POST", "/api/v1/namespaces", '{"metadata":{"name":"demo"}}');
    const type = { "content-type": "application/vnd.kubernetes.protobuf" };
    const made = await ask("POST", "/api/v1/namespaces/demo/secrets", Uint8Array.fromBase64(secret), type);
    expect([made.status, at(made.body, "data"), at(made.body, "type")]).toEqual([201, { a: "Yg==" }, "Opaque"]);
    const broken = await ask("POST", "/api/v1/namespaces/demo/secrets", new Uint8Array([1, 2, 3]), type);
    expect([broken.status, at(broken.body, "reason")]).toEqual([400, "BadRequest"]);
  });

  test("a body is not larger than 3 MiB", async () => {
    const { ask } = bed();
    const large = JSON.stringify({ metadata: { name: "a" }, data: { a: "x".repeat(3 * 2 ** 20) } });
    const refused = await ask("POST", configMaps, large);
    expect([refused.status, at(refused.body, "reason")]).toEqual([413, "RequestEntityTooLarge"]);
  });

  test("what Kubernetes has and this server has not is said to be left out", async () => {
    const { ask, server } = bed();
    const sets = await ask("GET", "/apis/apps/v1/namespaces/default/daemonsets");
    expect([sets.status, at(sets.body, "message")]).toEqual([
      501,
      "daemonsets.apps are left out of the in-memory API server",
    ]);
    server.core.create("pods", {
      metadata: { name: "p", namespace: "default" },
      spec: { containers: [{ name: "a", image: "a" }] },
    });
    expect((await ask("GET", "/api/v1/namespaces/default/pods/p/log")).status).toBe(501);
    expect((await ask("GET", "/api/v1/namespaces/default/pods/none/log")).status).toBe(404);
    expect((await ask("POST", "/apis/batch/v1/namespaces/default/cronjobs", new Uint8Array([0]))).status).toBe(501);
  });

  test("a path that does not exist is not found, whatever is asked of it", async () => {
    const { ask } = bed();
    const textAt = async (method: string, path: string, body?: string) => {
      const { status, body: answer } = await ask(method, path, body);
      return [status, at(answer, "kind"), at(answer, "reason"), at(answer, "message")];
    };
    const nothing = [404, "Status", "NotFound", "the server could not find the requested resource"];
    const paths = [
      "/apis/example.com",
      "/apis/example.com/v1",
      "/apis/example.com/v1/namespaces/default/foos",
      "/api/v2",
    ];
    for (const path of [...paths, "/api/v1/foos", "/apis/argoproj.io/v2/rollouts"]) {
      expect(await textAt("GET", path)).toEqual(nothing);
      expect(await textAt("POST", path, "{}")).toEqual(nothing);
      expect(await textAt("DELETE", `${path}/a`)).toEqual(nothing);
    }
  });

  test("OpenAPI v2 describes nothing, in JSON and in the protobuf in which kubectl asks for it", async () => {
    const { ask, url } = bed();
    expect((await ask("GET", "/openapi/v2")).body).toMatchObject({ swagger: "2.0", paths: {} });
    const type = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    const response = await fetch(`${url}/openapi/v2`, { headers: { accept: type } });
    expect(response.headers.get("content-type")).toContain("protobuf");
    const members = [...readerOf(new Uint8Array(await response.arrayBuffer()))];
    const [swagger, info] = members.map(([number, value]) => [number, new TextDecoder().decode(value as Uint8Array)]);
    expect(swagger).toEqual([1, "2.0"]);
    expect(info?.[1]).toContain("its kinds are at /openapi/v3");
    expect(members).toHaveLength(2);
  });

  test("OpenAPI lists each group's document, with the kinds that are defined meanwhile", async () => {
    const { ask, server } = bed();
    const index = await ask("GET", "/openapi/v3");
    const url = at(index.body, "paths", "apis/apps/v1", "serverRelativeURL");
    const apps = await ask("GET", String(url));
    const patch = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
    expect(at(apps.body, "paths", patch, "patch", "x-kubernetes-group-version-kind")).toEqual({
      group: "apps",
      version: "v1",
      kind: "Deployment",
    });
    expect(at(apps.body, "components", "schemas", "io.k8s.api.core.v1.Container", "type")).toBe("object");
    const schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object" } } } };
    server.core.create("customresourcedefinitions.apiextensions.k8s.io", {
      metadata: { name: "ws.x.example.com" },
      spec: {
        group: "x.example.com",
        scope: "Namespaced",
        names: { plural: "ws", kind: "W" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    });
    const custom = await ask("GET", "/openapi/v3/apis/x.example.com/v1");
    expect(at(custom.body, "components", "schemas", "com.example.x.v1.W", "properties", "spec", "type")).toBe("object");
    expect((await ask("GET", "/openapi/v3/apis/none/v1")).status).toBe(404);
  });
});
