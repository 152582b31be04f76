import { at } from "../../simulator/server/table/readFields.ts";
import type { Topic } from "./scene.ts";

const deployments = "/apis/apps/v1/namespaces/NS/deployments";

const paused = {
  metadata: { name: "web", labels: { a: "1" } },
  spec: {
    replicas: 0,
    paused: true,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
};

const brief = {
  show: (body: unknown) => ({
    generation: at(body, "metadata", "generation"),
    labels: at(body, "metadata", "labels"),
    replicas: at(body, "spec", "replicas"),
    collisions: at(body, "status", "collisionCount"),
  }),
};

export const subresources: Topic = {
  name: "subresources",
  cases: [
    {
      name: "writes the status apart from the rest",
      play: async ({ ask, patch }) => {
        await ask("POST", deployments, { ...paused, status: { collisionCount: 7 } }, brief);
        const { body } = await patch(
          `${deployments}/web/status`,
          "merge",
          { spec: { replicas: 9 }, status: { collisionCount: 3 } },
          brief,
        );
        await patch(`${deployments}/web`, "merge", { status: { collisionCount: 8 } }, brief);
        await ask("GET", `${deployments}/web/status`, undefined, brief);
        const metadata = { name: "web", labels: { b: "2" } };
        await ask("PUT", `${deployments}/web/status`, { ...body, metadata, status: { collisionCount: 4 } }, brief);
        await patch(
          `${deployments}/web/status`,
          "json",
          [{ op: "replace", path: "/status/collisionCount", value: 5 }],
          brief,
        );
        await patch(`${deployments}/none/status`, "merge", { status: {} });
      },
    },
    {
      name: "scales by the scale subresource",
      play: async ({ ask, patch }) => {
        await ask("POST", deployments, paused, brief);
        const { body } = await ask("GET", `${deployments}/web/scale`);
        await patch(`${deployments}/web/scale`, "merge", { spec: { replicas: 2 } });
        await ask("PUT", `${deployments}/web/scale`, { ...body, spec: { replicas: 3 } });
        await ask(
          "PUT",
          `${deployments}/web/scale`,
          { metadata: { name: "web", namespace: "NS" }, spec: { replicas: 1 } },
          { show: "nothing" },
        );
        await patch(`${deployments}/web/scale`, "json", [{ op: "replace", path: "/spec/replicas", value: 0 }], {
          show: "nothing",
        });
        await patch(`${deployments}/web/scale`, "merge", { spec: { replicas: -1 } });
        await ask("PUT", `${deployments}/web/scale`, { metadata: { name: "other" }, spec: { replicas: 3 } });
        await ask("GET", `${deployments}/none/scale`);
        await patch(`${deployments}/none/scale`, "merge", { spec: { replicas: 1 } });
        await ask("GET", `${deployments}/web`, undefined, brief);
      },
    },
    {
      name: "binds pods to nodes",
      play: async ({ ask }) => {
        const pods = "/api/v1/namespaces/NS/pods";
        const pod = {
          metadata: { name: "p" },
          spec: { schedulerName: "nobody", containers: [{ name: "a", image: "a" }] },
        };
        await ask("POST", pods, pod, { show: "nothing" });
        const binding = {
          apiVersion: "v1",
          kind: "Binding",
          metadata: { name: "p" },
          target: { kind: "Node", name: "nowhere" },
        };
        await ask("POST", `${pods}/p/binding`, binding);
        await ask("GET", `${pods}/p`, undefined, { show: (body) => at(body, "spec", "nodeName") });
        await ask("POST", `${pods}/p/binding`, binding);
        await ask("DELETE", `${pods}/p?gracePeriodSeconds=0`, undefined, { show: "nothing" });
      },
    },
  ],
};
