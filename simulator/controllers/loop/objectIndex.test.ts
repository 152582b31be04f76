import { expect, test } from "bun:test";
import { podTemplate, stage, workload } from "../../../test/contract/stage.ts";
import { startControllers } from "../controllers.ts";
import { keyOf, type Kind } from "./objects.ts";
import { createWorld, type World } from "./objectIndex.ts";

const kinds: readonly Kind[] = ["pods", "replicasets.apps", "endpointslices.discovery.k8s.io", "services"];

/** All that a world returns, as text. */
function answers(world: World, uids: readonly string[]): string[] {
  const names = (objects: Iterable<Parameters<typeof keyOf>[0]>): string =>
    Array.from(objects, (object) => `${keyOf(object)}@${object.metadata.resourceVersion}`)
      .toSorted()
      .join(" ");
  return [
    ...kinds.flatMap((kind) => [
      `${kind}: ${names(world.all(kind))}`,
      `orphans: ${names(world.orphans(kind, "default"))}`,
      ...uids.map((uid) => `of ${uid}: ${names(world.owned(kind, uid))}`),
    ]),
    `default: ${names(world.podsIn("default"))}`,
    `web: ${names(world.podsWith("default", { app: "web" }))}`,
    `web in zone-a: ${names(world.podsWith("default", { app: "web", "topology.kubernetes.io/zone": "zone-a" }))}`,
    `none: ${names(world.podsWith("default", {}))}`,
    `services: ${names(world.servicesFor("default", { app: "web", more: "x" }))}`,
  ];
}

test("a world that was told of every change knows the same as one that looks afresh", () => {
  const { core, create, patch, remove, pass } = stage();
  const followed = createWorld(core);
  core.onChange((change) => followed.take(change));
  create("services", { metadata: { name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } });
  create("deployments.apps", workload("web", 4));
  pass(5);
  patch("deployments.apps", "web", { spec: { template: podTemplate("nginx:2") } });
  for (let n = 0; n < 20; n++) {
    pass(1);
    const pod = core.list("pods")[n % 3]?.metadata.name ?? "";
    if (n % 4 === 0) patch("pods", pod, { metadata: { labels: { app: n % 8 === 0 ? "lost" : "web" } } });
    if (n % 5 === 0) remove("pods", pod);
    if (n % 6 === 0) patch("services", "web", { spec: { selector: { app: "web", more: n % 12 === 0 ? null : "x" } } });
    const uids = kinds.flatMap((kind) => core.list(kind)).map(({ metadata }) => metadata.uid);
    expect(answers(followed, uids)).toEqual(answers(createWorld(core), uids));
  }
});

test("controllers that are stopped and started again go on where they were", () => {
  const { core, create, pass, stop, get } = stage();
  create("deployments.apps", workload("web", 2));
  pass(0.5);
  stop();
  create("deployments.apps", { ...workload("other", 1), metadata: { name: "other" } });
  pass(60);
  expect(get("deployments.apps", "other")?.["status"]).toEqual({});
  startControllers(core);
  pass(60);
  expect(get("deployments.apps", "web")?.["status"]).toMatchObject({ availableReplicas: 2 });
  expect(get("deployments.apps", "other")?.["status"]).toMatchObject({ availableReplicas: 1 });
  expect(core.list("nodes")).toHaveLength(3);
});

test("each namespace has its default ServiceAccount, again when it was deleted", () => {
  const { core, pass } = stage();
  core.create("namespaces", { metadata: { name: "team" } });
  pass(1);
  const names = () => core.list("serviceaccounts").map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  expect(names()).toContain("team/default");
  core.delete({ resource: "serviceaccounts", namespace: "team", name: "default" });
  pass(1);
  expect(names()).toContain("team/default");
  core.delete({ resource: "namespaces", name: "team" });
  pass(60);
  expect(names()).not.toContain("team/default");
});
