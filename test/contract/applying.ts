import { at, listAt, pairsAt, textAt } from "../../simulator/server/table/readFields.ts";
import type { Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";
const deployments = "/apis/apps/v1/namespaces/NS/deployments";

const names = (fields: unknown): unknown => {
  const pairs = pairsAt(fields);
  return pairs.length === 0 ? {} : Object.fromEntries(pairs.map(([name, value]) => [name, names(value)]));
};

/** Which manager owns which fields. */
const owners = {
  show: (body: unknown) => ({
    data: at(body, "data"),
    managers: listAt(body, "metadata", "managedFields").map((entry) => ({
      manager: textAt(entry, "manager"),
      operation: textAt(entry, "operation"),
      ...(textAt(entry, "subresource") === "" ? {} : { subresource: textAt(entry, "subresource") }),
      fields: names(at(entry, "fieldsV1")),
    })),
  }),
};

const map = (data: Record<string, string>, labels?: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...(labels === undefined ? {} : { labels }) },
  data,
});

export const applying: Topic = {
  name: "applying",
  cases: [
    {
      name: "creates, changes and lets go of fields that are applied",
      play: async ({ patch }) => {
        const path = `${configMaps}/a?fieldManager=one`;
        await patch(path, "apply", map({ a: "1", b: "2" }, { x: "1" }), owners);
        await patch(path, "apply", map({ a: "1", b: "3" }, { x: "1" }), owners);
        await patch(path, "apply", map({ a: "1" }), owners);
        await patch(path, "apply", map({ a: "1" }), owners);
      },
    },
    {
      name: "tells who else owns a field, unless forced",
      play: async ({ patch }) => {
        await patch(`${configMaps}/a?fieldManager=one`, "apply", map({ a: "1", b: "2" }), { show: "nothing" });
        await patch(`${configMaps}/a?fieldManager=two`, "apply", map({ a: "1" }), owners);
        await patch(`${configMaps}/a?fieldManager=two`, "apply", map({ a: "2", b: "3" }));
        await patch(`${configMaps}/a?fieldManager=three`, "apply", map({ b: "9" }));
        await patch(`${configMaps}/a?fieldManager=two&force=true`, "apply", map({ a: "2", b: "3" }), owners);
        await patch(`${configMaps}/a?fieldManager=one`, "apply", map({ c: "1" }), owners);
      },
    },
    {
      name: "shares with those who update",
      play: async ({ ask, patch }) => {
        await ask("POST", `${configMaps}?fieldManager=creator`, map({ a: "1" }), owners);
        await patch(`${configMaps}/a?fieldManager=one`, "apply", map({ a: "2" }));
        await patch(`${configMaps}/a?fieldManager=one`, "apply", map({ a: "1", b: "1" }), owners);
        await patch(`${configMaps}/a?fieldManager=other`, "merge", { data: { b: "2" } }, owners);
        await patch(`${configMaps}/a?fieldManager=one`, "apply", map({}), owners);
      },
    },
    {
      name: "refuses what cannot be applied",
      play: async ({ patch }) => {
        await patch(`${configMaps}/a`, "apply", map({ a: "1" }));
        await patch(`${configMaps}/a?fieldManager=one`, "apply", { ...map({}), metadata: { name: "b" } });
        await patch(`${configMaps}/a?fieldManager=one`, "apply", { ...map({}), metadata: {} }, { show: "nothing" });
        await patch(`${configMaps}/a?fieldManager=one`, "apply", { metadata: { name: "a" } });
        await patch(`${configMaps}/a?fieldManager=one`, "apply", { ...map({}), kind: "Secret" });
        await patch(
          `${configMaps}/a?fieldManager=one`,
          "apply",
          { ...map({}), metadata: { name: "a", managedFields: [] } },
          { show: "nothing" },
        );
        await patch(`${configMaps}/a?fieldManager=one`, "apply", { ...map({}), nope: 1 });
        await patch(`${configMaps}/a?fieldManager=one&force=true`, "merge", { data: {} });
      },
    },
    {
      name: "merges lists by their keys",
      play: async ({ patch }) => {
        const path = `${deployments}/web`;
        const deployment = (...containers: readonly object[]) => ({
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "web" },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: "web" } },
            template: { metadata: { labels: { app: "web" } }, spec: { containers } },
          },
        });
        const containers = { show: (body: unknown) => at(body, "spec", "template", "spec", "containers") };
        await patch(
          `${path}?fieldManager=one`,
          "apply",
          deployment({ name: "a", image: "a:1" }, { name: "b", image: "b:1" }),
          containers,
        );
        await patch(
          `${path}?fieldManager=two`,
          "strategic",
          { spec: { template: { spec: { containers: [{ name: "c", image: "c:1" }] } } } },
          containers,
        );
        await patch(`${path}?fieldManager=one`, "apply", deployment({ name: "b", image: "b:2" }), containers);
        await patch(`${path}?fieldManager=two`, "apply", deployment({ name: "b", image: "b:3" }));
        await patch(
          `${path}?fieldManager=one`,
          "apply",
          deployment({ name: "b", image: "b:2" }, { name: "b", image: "b:3" }),
          { show: "nothing" },
        );
      },
    },
  ],
};
