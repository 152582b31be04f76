import { describe, expect, test } from "bun:test";
import { canBeName, collectionPath, nameSelector, objectPath, rebuiltPath } from "./path.ts";
import { NAMESPACES, PODS, ROLLOUTS, SERVICES } from "./resources.ts";

describe("a path", () => {
  test("is of a kind, in one namespace or in all", () => {
    expect(collectionPath(ROLLOUTS)).toBe("/apis/argoproj.io/v1alpha1/rollouts" as never);
    expect(collectionPath(ROLLOUTS, "ns")).toBe("/apis/argoproj.io/v1alpha1/namespaces/ns/rollouts" as never);
    expect(collectionPath(SERVICES, "ns")).toBe("/api/v1/namespaces/ns/services" as never);
  });

  test("is of an object, or of a part of one", () => {
    expect(objectPath(NAMESPACES, { name: "ns" })).toBe("/api/v1/namespaces/ns" as never);
    expect(objectPath(SERVICES, { namespace: "ns", name: "web" })).toBe("/api/v1/namespaces/ns/services/web" as never);
    expect(objectPath(PODS, { namespace: "ns", name: "web-1", subresource: "eviction" })).toBe(
      "/api/v1/namespaces/ns/pods/web-1/eviction" as never,
    );
  });

  test("has each part escaped: what is unusual stays where it was put", () => {
    const path = objectPath(SERVICES, { namespace: "a b", name: "system:web,ü;=&+" });
    expect(path).toBe("/api/v1/namespaces/a%20b/services/system%3Aweb%2C%C3%BC%3B%3D%26%2B" as never);
    const { pathname, search, hash } = new URL(path, "https://cluster");
    expect([pathname, search, hash]).toEqual([path, "", ""]);
  });
});

describe("what can be no part of a path", () => {
  const hostile = [
    "kube-system/replicasets#",
    "kube-system/replicasets?",
    "..",
    ".",
    "",
    "%2e%2e",
    "a/b",
    "a\\b",
    "a\r\nHost: x",
    "a\u0000",
    "a\u0085",
    "x".repeat(254),
    "\ud800",
  ];

  test.each(hostile)("is refused as a namespace, a name, a subresource and a resource: %j", (text) => {
    expect(canBeName(text)).toBe(false);
    expect(() => collectionPath(ROLLOUTS, text)).toThrow("the namespace ");
    expect(() => objectPath(ROLLOUTS, { namespace: text, name: "web" })).toThrow("the namespace ");
    expect(() => objectPath(ROLLOUTS, { namespace: "ns", name: text })).toThrow("the name ");
    expect(() => objectPath(ROLLOUTS, { namespace: "ns", name: "web", subresource: text })).toThrow("the subresource ");
    expect(() => collectionPath({ ...ROLLOUTS, plural: text })).toThrow("the resource ");
    expect(() => collectionPath({ ...ROLLOUTS, version: text })).toThrow("the version ");
    expect(() => nameSelector(text)).toThrow("the name ");
  });

  test("is shown with its reason, cut and escaped", () => {
    expect(() => collectionPath(ROLLOUTS, `a\n${"b".repeat(300)}`)).toThrow(
      `Not sent to the API server: the namespace "a\\n${"b".repeat(58)}…" cannot be part of a path: it is longer than 253 characters`,
    );
    expect(() => collectionPath(ROLLOUTS, "..")).toThrow('the namespace ".." cannot be part of a path: it would name');
  });

  test.each(["web", "web.v1", "a".repeat(253)])("is not %j, which is a name", (text) => {
    expect(canBeName(text)).toBe(true);
    expect(() => objectPath(ROLLOUTS, { namespace: "ns", name: text })).not.toThrow();
  });

  test.each(["...", "a..b", "system:node", "a b", "A", "a,b=c"])("is not %j, although nothing is called so", (text) => {
    expect(canBeName(text)).toBe(false);
    expect(() => objectPath(ROLLOUTS, { namespace: "ns", name: text })).not.toThrow();
  });
});

test("a selector by name has one condition, whatever the name", () => {
  expect(nameSelector("web")).toBe("metadata.name=web");
  expect(nameSelector("web,metadata.namespace!=ns")).toBe("metadata.name=web\\,metadata.namespace!\\=ns");
});

describe("a path that was built elsewhere", () => {
  test("is built again of its parts", () => {
    expect(rebuiltPath("/apis/batch/v1/namespaces/shop/jobs/a%20b")).toBe(
      "/apis/batch/v1/namespaces/shop/jobs/a%20b" as never,
    );
  });

  test.each([
    "/api/v1/namespaces/../secrets",
    "/api/v1/namespaces/%2e%2e/secrets",
    "/api/v1/namespaces/a%2Fb/pods",
    "/api/v1/namespaces//pods",
    "/metrics",
    "/api",
    "api/v1/pods",
    "/api/v1/%zz",
    "/api/v1/pods#x",
  ])("%s is none", (path) => {
    expect(rebuiltPath(path)).toBeUndefined();
  });
});
