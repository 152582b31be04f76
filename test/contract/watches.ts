import { at, textAt } from "../../simulator/server/table/readFields.ts";
import type { Body, Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";

const named =
  (name: string, type = "") =>
  (event: Body): boolean =>
    textAt(event, "object", "metadata", "name") === name && (type === "" || event["type"] === type);

const bookmark = (event: Body): boolean => event["type"] === "BOOKMARK";

/** Leaves out what Kubernetes creates in every namespace. */
const mine = "labelSelector=mine";
const map = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  metadata: { name, labels: { mine: "1", ...labels } },
  data,
});

const version = (body: unknown): string => textAt(body, "metadata", "resourceVersion");

export const watches: Topic = {
  name: "watches",
  cases: [
    {
      name: "tells what has happened since a version, and what happens",
      play: async ({ ask, patch, watch }) => {
        const list = await ask("GET", `${configMaps}?${mine}`, undefined, { show: "nothing" });
        await ask("POST", configMaps, map("a", { a: "1" }), { show: "nothing" });
        const watching = watch(`${configMaps}?watch=1&${mine}&resourceVersion=${version(list.body)}`);
        await watching.until(named("a"));
        await patch(`${configMaps}/a`, "merge", { data: { a: "2" } }, { show: "nothing" });
        await watching.until(named("a", "MODIFIED"));
        await ask("POST", configMaps, map("b"), { show: "nothing" });
        await ask("DELETE", `${configMaps}/a`, undefined, { show: "nothing" });
        await watching.until(named("a", "DELETED"));
      },
    },
    {
      name: "begins with what is there",
      play: async ({ ask, watch }) => {
        await ask("POST", configMaps, map("a"), { show: "nothing" });
        const watching = watch(`${configMaps}?watch=1&${mine}`);
        await watching.until(named("a", "ADDED"));
        const old = watch(`${configMaps}?watch=1&${mine}&resourceVersion=0`);
        await old.until(named("a", "ADDED"));
      },
    },
    {
      name: "sends what is there with a bookmark after it",
      play: async ({ ask, watch }) => {
        await ask("POST", configMaps, map("a"), { show: "nothing" });
        await ask("POST", configMaps, map("b"), { show: "nothing" });
        const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
        const watching = watch(`${configMaps}?watch=1&${mine}&${query}`, {
          show: (object) => ({
            name: at(object, "metadata", "name"),
            annotations: at(object, "metadata", "annotations"),
            kind: at(object, "kind"),
          }),
        });
        await watching.until(bookmark);
        await ask("DELETE", `${configMaps}/b`, undefined, { show: "nothing" });
        await watching.until(named("b", "DELETED"));
        await ask("GET", `${configMaps}?watch=1&sendInitialEvents=true`);
        await ask("GET", `${configMaps}?watch=1&resourceVersionMatch=NotOlderThan`);
        await ask("GET", `${configMaps}?sendInitialEvents=true`);
      },
    },
    {
      name: "sees objects come and go by their labels",
      play: async ({ ask, patch, watch }) => {
        const list = await ask("GET", configMaps, undefined, { show: "nothing" });
        const watching = watch(`${configMaps}?watch=1&labelSelector=mine,tier=x&resourceVersion=${version(list.body)}`);
        await ask("POST", configMaps, map("a", { a: "1" }, { tier: "y" }), { show: "nothing" });
        await patch(`${configMaps}/a`, "merge", { metadata: { labels: { tier: "x" } } }, { show: "nothing" });
        await watching.until(named("a", "ADDED"));
        await patch(`${configMaps}/a`, "merge", { data: { a: "2" } }, { show: "nothing" });
        await watching.until(named("a", "MODIFIED"));
        await patch(
          `${configMaps}/a`,
          "merge",
          { data: { a: "3" }, metadata: { labels: { tier: "y" } } },
          { show: "nothing" },
        );
        await watching.until(named("a", "DELETED"));
        await patch(`${configMaps}/a`, "merge", { metadata: { labels: { tier: "x" } } }, { show: "nothing" });
        await watching.until(named("a", "ADDED"));
        await ask("DELETE", `${configMaps}/a`, undefined, { show: "nothing" });
        await watching.until(named("a", "DELETED"));
      },
    },
    {
      name: "watches one object by its name",
      play: async ({ ask, patch, watch }) => {
        await ask("POST", configMaps, map("a"), { show: "nothing" });
        await ask("POST", configMaps, map("b"), { show: "nothing" });
        const watching = watch(`${configMaps}?watch=1&fieldSelector=metadata.name=b`);
        await watching.until(named("b", "ADDED"));
        await patch(`${configMaps}/a`, "merge", { data: { a: "2" } }, { show: "nothing" });
        await patch(`${configMaps}/b`, "merge", { data: { a: "2" } }, { show: "nothing" });
        await watching.until(named("b", "MODIFIED"));
      },
    },
    {
      name: "watches metadata alone",
      play: async ({ ask, watch }) => {
        await ask("POST", configMaps, map("a", { a: "1" }), { show: "nothing" });
        const watching = watch(`${configMaps}?watch=1&${mine}`, {
          accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
          show: (object) => object,
        });
        await watching.until((event) => event["type"] === "ADDED");
      },
    },
    {
      name: "ends in time",
      play: async ({ ask, watch }) => {
        await ask("POST", configMaps, map("a"), { show: "nothing" });
        const watching = watch(`${configMaps}?watch=1&${mine}&timeoutSeconds=1`);
        await watching.ended();
      },
    },
  ],
};
