import { at } from "../../simulator/server/table/readFields.ts";
import type { Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";
const deployments = "/apis/apps/v1/namespaces/NS/deployments";

const data = { show: (body: unknown) => ({ data: at(body, "data"), labels: at(body, "metadata", "labels") }) };

const deployment = {
  metadata: { name: "web" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          { name: "web", image: "web:1", env: [{ name: "A", value: "1" }], ports: [{ containerPort: 80 }] },
          { name: "side", image: "side:1" },
        ],
        tolerations: [{ key: "a", operator: "Exists" }],
      },
    },
  },
};

const podSpec = {
  show: (body: unknown) => ({
    strategy: at(body, "spec", "strategy"),
    containers: at(body, "spec", "template", "spec", "containers"),
    tolerations: at(body, "spec", "template", "spec", "tolerations"),
  }),
};

export const patches: Topic = {
  name: "patches",
  cases: [
    {
      name: "merges JSON",
      play: async ({ ask, patch }) => {
        await ask("POST", configMaps, { metadata: { name: "a", labels: { x: "1" } }, data: { a: "1", b: "2" } }, data);
        await patch(`${configMaps}/a`, "merge", { data: { a: null, c: "3" } }, data);
        await patch(`${configMaps}/a`, "merge", { data: null, metadata: { labels: { y: "2" } } }, data);
        await patch(`${configMaps}/a`, "merge", {}, { show: "nothing" });
        await patch(`${configMaps}/none`, "merge", { data: {} });
        await patch(`${configMaps}/a`, "merge", { metadata: { name: "b" } });
        await patch(`${configMaps}/a`, "merge", [], { show: "nothing" });
      },
    },
    {
      name: "applies JSON patches",
      play: async ({ ask, patch }) => {
        await ask("POST", configMaps, { metadata: { name: "a" }, data: { a: "1", "x/y": "2" } }, data);
        const path = `${configMaps}/a`;
        await patch(
          path,
          "json",
          [
            { op: "add", path: "/data/b", value: "3" },
            { op: "remove", path: "/data/x~1y" },
          ],
          data,
        );
        await patch(
          path,
          "json",
          [
            { op: "test", path: "/data/a", value: "1" },
            { op: "replace", path: "/data/a", value: "9" },
          ],
          data,
        );
        await patch(
          path,
          "json",
          [
            { op: "copy", from: "/data/a", path: "/data/c" },
            { op: "move", from: "/data/b", path: "/data/d" },
          ],
          data,
        );
        await patch(path, "json", [{ op: "test", path: "/data/a", value: "1" }]);
        await patch(path, "json", [{ op: "remove", path: "/data/none" }]);
        await patch(path, "json", [{ op: "replace", path: "/data/none", value: "1" }]);
        await patch(path, "json", [{ op: "add", path: "/nope/b", value: "3" }]);
        await patch(path, "json", {}, { show: "nothing" });
      },
    },
    {
      name: "merges lists by their keys",
      play: async ({ ask, patch }) => {
        await ask("POST", deployments, deployment, podSpec);
        const containers = (...list: readonly unknown[]) => ({ spec: { template: { spec: { containers: list } } } });
        const path = `${deployments}/web`;
        await patch(path, "strategic", containers({ name: "web", image: "web:2" }), podSpec);
        await patch(path, "strategic", containers({ name: "new", image: "new:1" }), podSpec);
        await patch(
          path,
          "strategic",
          containers({
            name: "web",
            env: [
              { name: "B", value: "2" },
              { name: "A", value: null },
            ],
          }),
          podSpec,
        );
        await patch(path, "strategic", containers({ name: "side", $patch: "delete" }), podSpec);
        await patch(
          path,
          "strategic",
          {
            spec: {
              template: {
                spec: {
                  $setElementOrder_containers: [],
                  "$setElementOrder/containers": [{ name: "new" }, { name: "web" }],
                },
              },
            },
          },
          podSpec,
        );
        await patch(path, "strategic", { spec: { template: { spec: { tolerations: [{ key: "b" }] } } } }, podSpec);
        await patch(path, "strategic", { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } }, podSpec);
        await patch(
          path,
          "strategic",
          { spec: { template: { spec: { containers: [{ $patch: "replace" }, { name: "only", image: "o:1" }] } } } },
          podSpec,
        );
        await patch(path, "strategic", containers({ image: "nameless" }));
      },
    },
    {
      name: "replaces lists when it merges JSON",
      play: async ({ ask, patch }) => {
        await ask("POST", deployments, deployment, { show: "nothing" });
        await patch(
          `${deployments}/web`,
          "merge",
          { spec: { template: { spec: { containers: [{ name: "b", image: "b" }] } } } },
          podSpec,
        );
      },
    },
    {
      name: "refuses a patch of a version that is gone",
      play: async ({ ask, patch }) => {
        await ask("POST", configMaps, { metadata: { name: "a" } }, { show: "nothing" });
        await patch(`${configMaps}/a`, "merge", { metadata: { resourceVersion: "1" }, data: { a: "1" } });
        await patch(`${configMaps}/a`, "json", [{ op: "replace", path: "/metadata/resourceVersion", value: "1" }]);
        await patch(`${configMaps}/a`, "merge", { metadata: { uid: "00000000-0000-0000-0000-000000000000" } });
      },
    },
  ],
};
