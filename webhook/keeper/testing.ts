/** For the tests here: an API server in memory that lists, watches and calls the webhook. */
import { manualClock } from "../../kube/clock/clock.ts";
import { type ApiError, refused } from "../../kube/client/apiError.ts";
import { collectionPath, nameSelector, objectPath } from "../../kube/client/path.ts";
import { ENDPOINT_SLICES, NAMESPACES, VALIDATING_WEBHOOK_CONFIGURATIONS } from "../../kube/client/resources.ts";
import { targetOf } from "../../kube/client/target.ts";
import { status } from "../../kube/client/testing.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import { type Configuration, PROBE_LABEL, unconditional } from "../configuration/configuration.ts";

export interface StoredObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly [field: string]: unknown;
}

type Listener = (path: string, type: "ADDED" | "MODIFIED" | "DELETED", object: StoredObject) => void;

const collectionOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export const configurationsPath = collectionPath(VALIDATING_WEBHOOK_CONFIGURATIONS);
export const slicesPath = collectionPath(ENDPOINT_SLICES, "ns");

/** Objects by path; every watch gets each change at once. */
const createObjects = () => {
  const objects = new Map<string, StoredObject>();
  const listeners = new Set<Listener>();
  let version = 0;
  const tell: Listener = (...event) => listeners.forEach((listener) => listener(...event));
  return {
    objects,
    listeners,
    put(path: string, body: object): StoredObject {
      version += 1;
      const old = objects.get(path);
      const { metadata, ...rest } = structuredClone(body) as StoredObject;
      const identity = {
        name: nameOf(path),
        uid: old?.metadata.uid ?? `uid-${version}`,
        resourceVersion: `${version}`,
      };
      const object = { ...rest, metadata: { ...metadata, ...identity } };
      objects.set(path, object);
      tell(path, old === undefined ? "ADDED" : "MODIFIED", object);
      return structuredClone(object);
    },
    remove(path: string): void {
      const object = objects.get(path);
      if (object === undefined) return;
      version += 1;
      objects.delete(path);
      tell(path, "DELETED", { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } });
    },
    version: () => `${version}`,
  };
};

const watchStream = (listeners: Set<Listener>, path: string, name: string | undefined, signal?: AbortSignal) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      const listener: Listener = (at, type, object) => {
        if (collectionOf(at) !== path || (name !== undefined && nameOf(at) !== name)) return;
        controller.enqueue(new TextEncoder().encode(`${JSON.stringify({ type, object })}\n`));
      };
      listeners.add(listener);
      signal?.addEventListener("abort", () => listeners.delete(listener));
    },
  });

/** `callWebhook` decides how a call of the webhook with this caBundle ends: with our answer, or with an error. */
export const memoryCluster = () => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const world = createObjects();
  const writes: string[] = [];
  const blocked: { why: string | undefined } = { why: undefined };
  /** An API server older than Kubernetes 1.28 drops members that it does not know. */
  const old = { dropsConditions: false };
  const kept = (object: StoredObject): StoredObject => {
    const { webhooks } = object as unknown as Configuration;
    if (!old.dropsConditions || webhooks === undefined) return object;
    return { ...object, webhooks: webhooks.map(unconditional) };
  };
  world.put(objectPath(NAMESPACES, { name: "ns" }), {});
  const fail = ({ method, path }: KubeRequest, code: number, reason: string, message = "refused"): ApiError =>
    refused(targetOf(method, path), code, status(code, reason, message), null);

  const probe = (request: KubeRequest): never => {
    const config = world.objects.get(`${configurationsPath}/sluice`) as unknown as Configuration | undefined;
    if (config?.webhooks === undefined) throw new Error("The configuration was not there when it was tried");
    const body = request.body as { metadata: { labels: Record<string, string> } };
    const nonce = body.metadata.labels[PROBE_LABEL] ?? "";
    if (blocked.why !== undefined) {
      throw fail(request, 500, "InternalError", `failed calling webhook "probe.sluice.dev": ${blocked.why}`);
    }
    throw fail(request, 403, "Forbidden", `admission webhook denied the request: sluice webhook reached ${nonce}`);
  };
  const answer = (request: KubeRequest): unknown => {
    const { method, path, query = {} } = request;
    const held = world.objects.get(path);
    if (method === "GET") {
      if (held !== undefined) return structuredClone(held);
      if (/(sluice[\w-]*|\/namespaces\/\w+)$/.test(path)) throw fail(request, 404, "NotFound");
      const name = String(query["fieldSelector"] ?? "").replace(nameSelector("x").slice(0, -1), "");
      const items = [...world.objects].filter(
        ([at]) => collectionOf(at) === path && (name === "" || nameOf(at) === name),
      );
      return {
        metadata: { resourceVersion: world.version() },
        items: structuredClone(items.map(([, object]) => object)),
      };
    }
    if (query["dryRun"] !== undefined) return probe(request);
    if (method === "DELETE") {
      writes.push(`delete ${nameOf(path)}`);
      const { preconditions } = request.body as { preconditions?: { uid?: string; resourceVersion?: string } };
      if (held === undefined) throw fail(request, 404, "NotFound");
      const { uid, resourceVersion } = held.metadata;
      if (!Bun.deepEquals(preconditions, { uid, resourceVersion })) throw fail(request, 409, "Conflict");
      world.remove(path);
      return {};
    }
    const body = request.body as StoredObject;
    writes.push(`${method === "PATCH" ? "create" : "update"} ${nameOf(path)}`);
    if (method === "PATCH" && held !== undefined && query["force"] !== true) throw fail(request, 409, "Conflict");
    if (method === "PUT" && held === undefined) throw fail(request, 404, "NotFound");
    if (method === "PUT" && body.metadata.resourceVersion !== held?.metadata.resourceVersion) {
      throw fail(request, 409, "Conflict");
    }
    return world.put(path, kept(body));
  };
  const client: KubeClient = {
    server: "memory",
    namespace: "ns",
    request: async <T>(request: KubeRequest) => answer(request) as T,
    open: async ({ path, query, signal }) => {
      const name = query?.["fieldSelector"];
      return watchStream(
        world.listeners,
        path,
        name === undefined ? undefined : String(name).replace(nameSelector("x").slice(0, -1), ""),
        signal,
      );
    },
  };
  return { client, clock, writes, blocked, old, objects: world.objects, put: world.put, remove: world.remove };
};
