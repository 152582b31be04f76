import { at, textAt } from "../../simulator/server/table/readFields.ts";
import type { Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";
const deployments = "/apis/apps/v1/namespaces/NS/deployments";

const deployment = {
  metadata: { name: "web" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
};

const generation = { show: (body: unknown) => ({ generation: at(body, "metadata", "generation") }) };

export const objects: Topic = {
  name: "objects",
  cases: [
    {
      name: "creates, reads, updates and deletes an object",
      play: async ({ ask }) => {
        const { body } = await ask("POST", configMaps, {
          metadata: { name: "a", labels: { x: "1" } },
          data: { a: "1" },
        });
        await ask("GET", `${configMaps}/a`);
        await ask("PUT", `${configMaps}/a`, { ...body, data: { a: "2" } });
        await ask("DELETE", `${configMaps}/a`);
        await ask("GET", `${configMaps}/a`);
        await ask("DELETE", `${configMaps}/a`);
        await ask("PUT", `${configMaps}/a`, { metadata: { name: "a" } });
      },
    },
    {
      name: "makes up names",
      play: async ({ ask }) => {
        await ask("POST", configMaps, { metadata: { generateName: "made-" } });
        await ask("POST", configMaps, { metadata: { name: "given", generateName: "made-" } });
        await ask("POST", configMaps, { metadata: {} });
        await ask("POST", configMaps, {});
      },
    },
    {
      name: "refuses what cannot be an object of the path",
      play: async ({ ask }) => {
        await ask(
          "POST",
          configMaps,
          { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } },
          { reasonOnly: true },
        );
        await ask(
          "POST",
          configMaps,
          { apiVersion: "v2", kind: "ConfigMap", metadata: { name: "a" } },
          { reasonOnly: true },
        );
        await ask("POST", configMaps, { metadata: { name: "a", namespace: "elsewhere" } });
        await ask("POST", "/api/v1/namespaces/NS-none/configmaps", { metadata: { name: "a" } });
        await ask("POST", configMaps, { metadata: { name: "a" } }, { show: "nothing" });
        await ask("POST", configMaps, { metadata: { name: "a" } });
        await ask("PUT", `${configMaps}/a`, { metadata: { name: "b" } });
        await ask("PUT", `${configMaps}/a`, { metadata: { name: "a", namespace: "elsewhere" } });
        await ask("PUT", `${configMaps}/a`, { data: {} });
      },
    },
    {
      name: "judges metadata",
      play: async ({ ask }) => {
        await ask("POST", configMaps, { metadata: { name: "Not_Valid" } });
        await ask("POST", configMaps, { metadata: { name: "a", labels: { "no way": "x" } } });
        await ask("POST", configMaps, { metadata: { name: "a", labels: { x: "-" } } });
        await ask("POST", configMaps, { metadata: { name: "a", annotations: { "no way": "x" } } });
        await ask("POST", configMaps, { metadata: { name: "a", finalizers: ["nope"] } });
        await ask("POST", configMaps, { metadata: { name: "a", ownerReferences: [{ name: "x" }] } });
        await ask("POST", "/api/v1/namespaces", { metadata: { name: "NS.dot" } });
      },
    },
    {
      name: "keeps what an update may not change",
      play: async ({ ask, quietly }) => {
        const { body } = await quietly("POST", configMaps, { metadata: { name: "a" }, data: { a: "1" } });
        const metadata = at(body, "metadata") as object;
        await ask("PUT", `${configMaps}/a`, {
          metadata: { name: "a", creationTimestamp: "2001-01-01T00:00:00Z" },
          data: {},
        });
        await ask("PUT", `${configMaps}/a`, {
          metadata: { ...metadata, resourceVersion: "", uid: "00000000-0000-0000-0000-000000000000" },
        });
        await ask("POST", configMaps, {
          metadata: {
            name: "b",
            uid: "00000000-0000-0000-0000-000000000000",
            creationTimestamp: "2001-01-01T00:00:00Z",
            deletionTimestamp: "2001-01-01T00:00:00Z",
          },
        });
        await ask("POST", configMaps, { metadata: { name: "c", resourceVersion: "1" } });
      },
    },
    {
      name: "refuses an update of a version that is gone",
      play: async ({ ask, quietly }) => {
        const { body } = await quietly("POST", configMaps, { metadata: { name: "a" }, data: { a: "1" } });
        await ask("PUT", `${configMaps}/a`, { ...body, data: { a: "2" } });
        await ask("PUT", `${configMaps}/a`, { ...body, data: { a: "3" } });
        await ask("PUT", `${configMaps}/a`, { metadata: { name: "a" }, data: { a: "4" } });
        await ask("PUT", "/apis/coordination.k8s.io/v1/namespaces/NS/leases/none", {
          metadata: { name: "none" },
          spec: {},
        });
        await ask("PUT", "/apis/coordination.k8s.io/v1/namespaces/NS/leases/none", {
          metadata: { name: "none" },
          spec: {},
        });
      },
    },
    {
      name: "does not count a write that changes nothing",
      play: async ({ ask, note }) => {
        const { body } = await ask(
          "POST",
          configMaps,
          { metadata: { name: "a" }, data: { a: "1" } },
          { show: "nothing" },
        );
        const version = textAt(body, "metadata", "resourceVersion");
        const same = await ask("PUT", `${configMaps}/a`, body, { show: "nothing" });
        note(textAt(same.body, "metadata", "resourceVersion") === version ? "the same version" : "a new version");
        const other = await ask("PUT", `${configMaps}/a`, { ...body, data: { a: "2" } }, { show: "nothing" });
        note(textAt(other.body, "metadata", "resourceVersion") === version ? "the same version" : "a new version");
      },
    },
    {
      name: "counts generations by the spec",
      play: async ({ ask, patch }) => {
        await ask("POST", deployments, deployment, generation);
        await patch(`${deployments}/web`, "merge", { metadata: { labels: { a: "b" } } }, generation);
        await patch(`${deployments}/web`, "merge", { spec: { minReadySeconds: 1 } }, generation);
        await patch(`${deployments}/web/status`, "merge", { status: { observedGeneration: 1 } }, generation);
        await patch(`${deployments}/web/scale`, "merge", { spec: { replicas: 0 } }, { show: "nothing" });
        await ask("GET", `${deployments}/web`, undefined, generation);
        await ask("DELETE", `${deployments}/web?propagationPolicy=Foreground`, undefined, { show: "nothing" });
      },
    },
    {
      name: "does not store what is only tried",
      play: async ({ ask, patch }) => {
        await ask("POST", `${configMaps}?dryRun=All`, { metadata: { generateName: "a-" } });
        await ask("POST", `${configMaps}?dryRun=All`, { metadata: { name: "a" }, data: { a: "1" } });
        await ask("GET", `${configMaps}/a`, undefined, { show: "nothing" });
        await ask("POST", configMaps, { metadata: { name: "a" }, data: { a: "1" } }, { show: "nothing" });
        await ask("PUT", `${configMaps}/a?dryRun=All`, { metadata: { name: "a" }, data: { a: "2" } });
        await patch(`${configMaps}/a?dryRun=All`, "merge", { data: { b: "2" } });
        await ask("DELETE", `${configMaps}/a?dryRun=All`);
        await ask("DELETE", `${configMaps}/a`, { dryRun: ["All"] }, { show: "nothing" });
        await ask("GET", `${configMaps}/a`);
        await ask("POST", `${configMaps}?dryRun=Some`, { metadata: { name: "b" } });
      },
    },
    {
      name: "keeps immutable data",
      play: async ({ ask, patch }) => {
        await ask(
          "POST",
          configMaps,
          { metadata: { name: "a" }, data: { a: "1" }, immutable: true },
          { show: "nothing" },
        );
        await patch(`${configMaps}/a`, "merge", { data: { a: "2" } });
        await patch(`${configMaps}/a`, "merge", { metadata: { labels: { a: "2" } } }, { show: "nothing" });
      },
    },
    {
      name: "stores Leases and Events",
      play: async ({ ask, patch }) => {
        const leases = "/apis/coordination.k8s.io/v1/namespaces/NS/leases";
        await ask("POST", leases, {
          metadata: { name: "l" },
          spec: { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: "2026-01-02T03:04:05.678901Z" },
        });
        await patch(`${leases}/l`, "merge", { spec: { holderIdentity: "you" } });
        const event = {
          metadata: { name: "e.1" },
          involvedObject: { kind: "Pod", namespace: "NS", name: "p" },
          reason: "Tested",
          message: "as it is",
          type: "Normal",
          count: 1,
          firstTimestamp: "2026-01-02T03:04:05Z",
          lastTimestamp: "2026-01-02T03:04:05Z",
          source: { component: "contract" },
        };
        await ask("POST", "/api/v1/namespaces/NS/events", event);
        await patch("/api/v1/namespaces/NS/events/e.1", "strategic", { count: 2 });
        await ask("GET", "/api/v1/namespaces/NS/events?fieldSelector=involvedObject.name=p,reason=Tested", undefined, {
          show: (body) => at(body, "items", 0, "message"),
        });
      },
    },
  ],
};
