import { at, listAt, textAt } from "../../simulator/server/table/readFields.ts";
import type { Answered, Body, Scene, Topic } from "./scene.ts";

const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const group = "NS.example.com";
const widgets = `/apis/${group}/v1/namespaces/NS/widgets`;

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer", minimum: 0, maximum: 10 },
        replicas: { type: "integer" },
        colour: { type: "string", enum: ["red", "blue"], default: "red" },
        name: { type: "string", pattern: "^[a-z]+$", maxLength: 5 },
        selector: {
          type: "object",
          properties: { matchLabels: { type: "object", additionalProperties: { type: "string" } } },
        },
        parts: {
          type: "array",
          maxItems: 3,
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, count: { type: "integer", default: 1 } },
          },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
        },
        tags: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
        open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        port: { "x-kubernetes-int-or-string": true },
      },
    },
    status: {
      type: "object",
      properties: { ready: { type: "integer" }, selector: { type: "string" }, phase: { type: "string" } },
    },
  },
};

const definition = (more: object = {}) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget", shortNames: ["wd"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.replicas",
            statusReplicasPath: ".status.ready",
            labelSelectorPath: ".status.selector",
          },
        },
        additionalPrinterColumns: [
          { name: "Size", type: "integer", jsonPath: ".spec.size" },
          { name: "Colour", type: "string", jsonPath: ".spec.colour", priority: 1, description: "of it" },
          { name: "First", type: "string", jsonPath: ".spec.parts[0].name" },
          { name: "Bee", type: "integer", jsonPath: '.spec.parts[?(@.name=="b")].count' },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        ...more,
      },
    ],
  },
});

const served = ({ status }: Answered): boolean => status === 200;

const resource = (one: unknown) => ({
  ...(one as object),
  name: textAt(one, "name"),
  verbs: listAt(one, "verbs").map(String).toSorted(),
  storageVersionHash: undefined,
});

/** Creates the definition and waits until its path answers. */
async function define(scene: Scene, more: object = {}): Promise<void> {
  await scene.quietly("POST", definitionsPath, definition(more));
  // Its path is served a moment after the condition Established, and on the real server not for all versions at once.
  await scene.until(widgets, served, { show: "nothing" });
}

const undefine = ({ quietly }: Scene): Promise<unknown> => quietly("DELETE", `${definitionsPath}/widgets.${group}`);

const widget = (spec: object, name = "w") => ({ apiVersion: `${group}/v1`, kind: "Widget", metadata: { name }, spec });

const spec = {
  show: (body: Body) => ({
    spec: at(body, "spec"),
    status: at(body, "status"),
    generation: at(body, "metadata", "generation"),
  }),
};

export const definitions: Topic = {
  name: "definitions",
  cases: [
    {
      name: "takes new kinds while it runs, and lets them go",
      play: async (scene) => {
        const { ask, until } = scene;
        await ask("GET", widgets, undefined, { show: "nothing" });
        await ask("POST", definitionsPath, definition(), {
          show: (body) => ({
            names: at(body, "spec", "names"),
            conversion: at(body, "spec", "conversion"),
            generation: at(body, "metadata", "generation"),
          }),
        });
        const isEstablished = ({ body }: Answered): boolean =>
          listAt(body, "status", "conditions").some(
            (one) => textAt(one, "type") === "Established" && textAt(one, "status") === "True",
          );
        await until(`${definitionsPath}/widgets.${group}`, isEstablished, { show: (body) => at(body, "status") });
        await until(widgets, served);
        await until(`/apis/${group}/v1`, served, {
          show: (body) => ({
            ...body,
            resources: listAt(body, "resources")
              .map(resource)
              .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
          }),
        });
        await ask("POST", widgets, widget({ size: 1 }), { show: "nothing" });
        await ask("DELETE", `${definitionsPath}/widgets.${group}`, undefined, { show: "nothing" });
        await until(widgets, ({ status }) => status === 404, { show: "nothing" });
      },
    },
    {
      name: "prunes and fills in",
      play: async (scene) => {
        await define(scene);
        await scene.ask("POST", widgets, {
          ...widget({
            size: 1,
            nope: 1,
            parts: [
              { name: "a", nope: 2 },
              { name: "b", count: 5 },
            ],
            open: { any: { thing: [1] } },
            port: "http",
          }),
          nope: 3,
          status: { ready: 3 },
        });
        await scene.patch(`${widgets}/w`, "merge", { spec: { colour: null, nope: 1, port: 8080 } }, spec);
        await scene.ask("POST", `${widgets}?fieldValidation=Strict`, {
          ...widget({ size: 1, nope: 1, parts: [{ name: "a", nope: 2 }] }, "x"),
          other: 1,
        });
        await scene.ask("POST", `${widgets}?fieldValidation=Warn`, widget({ size: 1, nope: 1 }, "x"), {
          show: "nothing",
        });
        await undefine(scene);
      },
    },
    {
      name: "checks against the schema",
      play: async (scene) => {
        await define(scene);
        const wrong: readonly object[] = [
          {},
          { size: "big" },
          { size: 11 },
          { size: -1 },
          { size: 1.5 },
          { size: 1, colour: "green" },
          { size: 1, name: "ABC" },
          { size: 1, name: "abcdefgh" },
          { size: 1, parts: [{ name: "a" }, { name: "a" }] },
          { size: 1, parts: [{ count: 1 }] },
          { size: 1, parts: [1, 2, 3, 4].map((n) => ({ name: `p${n}` })) },
          { size: 1, parts: "none" },
          { size: 1, tags: ["a", "a"] },
          { size: 1, selector: { matchLabels: { a: 1 } } },
          { size: 1, port: true },
          { size: null },
        ];
        for (const one of wrong) await scene.ask("POST", widgets, widget(one));
        await scene.ask("POST", widgets, { ...widget({ size: 1 }), kind: "Other" });
        await scene.ask("POST", widgets, { ...widget({ size: 1 }), apiVersion: `${group}/v2`, spec: undefined });
        await scene.ask("POST", widgets, { metadata: { name: "w" }, spec: { size: 1 } }, { reasonOnly: true });
        await scene.ask("POST", widgets, widget({ size: 1 }, "Bad_Name"));
        await scene.ask("POST", widgets, { ...widget({ size: 1 }), spec: undefined }, spec);
        await undefine(scene);
      },
    },
    {
      name: "updates, patches and counts generations",
      play: async (scene) => {
        await define(scene);
        const { ask, patch } = scene;
        const { body } = await ask("POST", widgets, widget({ size: 1, parts: [{ name: "a" }] }), spec);
        await patch(`${widgets}/w`, "merge", { metadata: { labels: { a: "b" } } }, spec);
        await patch(`${widgets}/w`, "merge", { spec: { size: 2 }, status: { ready: 9 } }, spec);
        await patch(
          `${widgets}/w/status`,
          "merge",
          { spec: { size: 3 }, status: { ready: 2, selector: "app=w" } },
          spec,
        );
        await ask("PUT", `${widgets}/w`, { ...body, spec: { size: 4 } });
        await ask("PUT", `${widgets}/w`, widget({ size: 4 }));
        await patch(`${widgets}/w`, "strategic", { spec: { size: 5 } });
        await patch(`${widgets}/w`, "json", [{ op: "add", path: "/spec/parts/-", value: { name: "b" } }], spec);
        await patch(`${widgets}/w`, "merge", { spec: { size: 12 } });
        await ask("GET", `${widgets}/w/scale`);
        await patch(`${widgets}/w/scale`, "merge", { spec: { replicas: 7 } });
        await ask("GET", `${widgets}/w`, undefined, spec);
        await ask("DELETE", `${widgets}/w`);
        await undefine(scene);
      },
    },
    {
      name: "applies to custom resources",
      play: async (scene) => {
        await define(scene);
        const { patch } = scene;
        const path = `${widgets}/w`;
        await patch(`${path}?fieldManager=one`, "apply", widget({ size: 1, parts: [{ name: "a", count: 1 }] }), spec);
        await patch(
          `${path}?fieldManager=two`,
          "apply",
          widget({ size: 1, parts: [{ name: "b", count: 2 }], tags: ["x"] }),
          spec,
        );
        await patch(`${path}?fieldManager=two`, "apply", widget({ size: 2, parts: [{ name: "b", count: 2 }] }));
        await patch(`${path}?fieldManager=one`, "apply", widget({ size: 1 }), spec);
        await undefine(scene);
      },
    },
    {
      name: "has forgotten what was before the kind",
      play: async (scene) => {
        await define(scene);
        await scene.watch(`${widgets}?watch=1&resourceVersion=1`).ended();
        await undefine(scene);
      },
    },
    {
      name: "prints columns of its own",
      play: async (scene) => {
        await define(scene);
        await scene.quietly("POST", widgets, widget({ size: 1, parts: [{ name: "a" }, { name: "b", count: 4 }] }));
        await scene.quietly("POST", widgets, widget({ size: 2 }, "x"));
        await scene.ask("GET", widgets, undefined, {
          accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
          show: (body) => ({
            columns: at(body, "columnDefinitions", 0) === undefined ? [] : listAt(body, "columnDefinitions").slice(1),
            cells: listAt(body, "rows").map((row) => ({ cells: at(row, "cells") })),
          }),
        });
        await undefine(scene);
      },
    },
    {
      name: "keeps everything of a kind that says so, without a status of its own",
      play: async (scene) => {
        await define(scene, {
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          subresources: undefined,
          additionalPrinterColumns: undefined,
        });
        await scene.ask("POST", widgets, { ...widget({ any: { thing: 1 } }), status: { ready: 3 }, more: [1] });
        await scene.patch(`${widgets}/w`, "merge", { status: { ready: 4 } }, spec);
        await scene.patch(`${widgets}/w/status`, "merge", { status: { ready: 5 } }, { reasonOnly: true });
        await scene.ask("GET", widgets, undefined, {
          accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
          show: (body) => ({
            columns: listAt(body, "columnDefinitions").map((one) => [at(one, "name"), at(one, "type")]),
          }),
        });
        await undefine(scene);
      },
    },
  ],
};
