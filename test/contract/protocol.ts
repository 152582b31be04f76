import { at, listAt, textAt } from "../../simulator/server/table/readFields.ts";
import type { Body, Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";

const named =
  (...names: readonly string[]) =>
  (body: Body) =>
    listAt(body, "resources")
      .filter((resource) => names.includes(textAt(resource, "name")))
      .map((resource) => ({ ...(resource as object), storageVersionHash: undefined }));

export const protocol: Topic = {
  name: "protocol",
  cases: [
    {
      name: "is healthy",
      play: async ({ ask }) => {
        for (const path of ["/healthz", "/livez", "/readyz"]) await ask("GET", path);
      },
    },
    {
      name: "names its version",
      play: async ({ ask }) => {
        await ask("GET", "/version", undefined, { show: ({ major, minor }) => ({ major, minor }) });
      },
    },
    {
      name: "lists groups, versions and resources",
      play: async ({ ask }) => {
        await ask("GET", "/api", undefined, { show: ({ kind, versions }) => ({ kind, versions }) });
        await ask("GET", "/apis", undefined, {
          show: (body) => listAt(body, "groups").filter((group) => ["apps", "batch"].includes(textAt(group, "name"))),
        });
        await ask("GET", "/apis/apps");
        await ask("GET", "/apis/apps/v1", undefined, {
          show: named("deployments", "deployments/scale", "deployments/status", "replicasets"),
        });
        await ask("GET", "/api/v1", undefined, {
          show: named(
            "pods",
            "pods/binding",
            "pods/eviction",
            "pods/status",
            "namespaces",
            "endpoints",
            "namespaces/finalize",
          ),
        });
      },
    },
    {
      name: "lists everything at once to those who ask for it",
      play: async ({ ask }) => {
        const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        await ask("GET", "/apis", undefined, {
          accept,
          show: (body) => ({
            ...body,
            items: listAt(body, "items")
              .filter((item) => textAt(item, "metadata", "name") === "policy")
              .map((item) =>
                listAt(item, "versions", 0, "resources").map((one) => [at(one, "resource"), at(one, "scope")]),
              ),
          }),
        });
        await ask("GET", "/api", undefined, { accept, show: (body) => [at(body, "kind"), at(body, "apiVersion")] });
      },
    },
    {
      name: "does not find paths that lead nowhere",
      play: async ({ ask }) => {
        await ask("GET", "/apis/nope.example.com/v1", undefined, { show: "nothing" });
        await ask("GET", "/apis/apps/v2", undefined, { show: "nothing" });
        await ask("GET", "/api/v1/namespaces/NS/nopes");
        await ask("GET", "/apis/apps/v1/nopes");
        await ask("GET", `${configMaps}/a/status`);
        await ask("POST", "/api/v1/namespaces/NS/pods/a/nope", {});
        await ask("GET", "/nope", undefined, { show: "nothing" });
      },
    },
    {
      name: "refuses methods that a path has not",
      play: async ({ ask }) => {
        await ask("PUT", configMaps, {});
        await ask("POST", `${configMaps}/a`, {});
        await ask("POST", "/apis/apps/v1/namespaces/NS/deployments/a/scale", {});
        await ask("DELETE", "/apis/apps/v1/namespaces/NS/deployments/a/scale");
        await ask("DELETE", "/api/v1/namespaces");
      },
    },
    {
      name: "answers as the client can read it",
      play: async ({ ask }) => {
        await ask("POST", configMaps, { metadata: { name: "a" }, data: { a: "1" } }, { show: "nothing" });
        await ask("GET", `${configMaps}/a`, undefined, { accept: "application/json" });
        await ask("GET", `${configMaps}/a`, undefined, { accept: "*/*", show: "nothing" });
        await ask("GET", `${configMaps}/a`, undefined, {
          accept: "application/vnd.example,application/json;q=0.5",
          show: "nothing",
        });
        await ask("GET", `${configMaps}/a`, undefined, {
          accept: "application/yaml",
          show: (body) => textAt(body, "text").split("\n").slice(0, 4),
        });
        await ask("GET", `${configMaps}/a`, undefined, { accept: "application/xml", show: "nothing" });
        await ask("GET", `${configMaps}/a`, undefined, {
          accept: "application/json;as=Nope;v=v1;g=meta.k8s.io",
          show: "nothing",
        });
      },
    },
    {
      name: "reads bodies by their type",
      play: async ({ ask }) => {
        const yaml = "metadata:\n  name: from-yaml\ndata:\n  a: 'yes'\n  b: \"2\"\n";
        await ask("POST", configMaps, yaml, { contentType: "application/yaml" });
        await ask("POST", configMaps, "hello", { contentType: "text/plain", show: "nothing" });
        await ask("POST", configMaps, "{", { reasonOnly: true });
        await ask("POST", configMaps, undefined);
        await ask("PATCH", `${configMaps}/from-yaml`, {}, { contentType: "application/json", show: "nothing" });
      },
    },
  ],
};
