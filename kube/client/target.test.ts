import { expect, test } from "bun:test";
import { describe as text, type Method, targetOf } from "./target.ts";

const cases: readonly [Method, string, string][] = [
  ["PATCH", "/apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/web/status", 'patch rollouts/status "ns/web"'],
  ["PUT", "/apis/apps/v1/namespaces/ns/replicasets/web-5d", 'update replicasets "ns/web-5d"'],
  ["GET", "/apis/apps/v1/replicasets", "list replicasets"],
  ["GET", "/api/v1/namespaces/ns/services", 'list services in "ns"'],
  ["GET", "/api/v1/namespaces/ns/services/web", 'get services "ns/web"'],
  ["POST", "/api/v1/namespaces/ns/events", 'create events in "ns"'],
  ["DELETE", "/api/v1/namespaces/ns", 'delete namespaces "ns"'],
  ["PATCH", "/api/v1/namespaces/ns/status", 'patch namespaces/status "ns"'],
  ["GET", "/api/v1/nodes/n1", 'get nodes "n1"'],
  ["GET", "/version", "get /version"],
  ["GET", "/apis/external.metrics.k8s.io/v1beta1/namespaces/ns/queue-length", 'list external.metrics.k8s.io in "ns"'],
];
for (const [method, path, description] of cases) {
  test(`${method} ${path} is to ${description}`, () => {
    expect(text(targetOf(method, path))).toBe(description);
  });
}

test("a list with ?watch is a watch", () => {
  expect(text(targetOf("GET", "/apis/apps/v1/replicasets", true))).toBe("watch replicasets");
});
