import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import { createCore } from "../objects/core.ts";
import type { ApiObject } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";

const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "c", image }] },
});

const ref = { resource: "replicasets.apps", namespace: "default", name: "web" };

const bed = () => {
  const core = createCore({ clock: manualClock(0), frozen: true });
  const spec = { replicas: 3, selector: { matchLabels: { app: "web" } }, template: template("web:1") };
  core.create("replicasets.apps", { metadata: { name: "web", namespace: "default" }, spec });
  const write = (change: (spec: Record<string, unknown>) => Record<string, unknown>): ApiObject =>
    core.modify(ref, (object) => ({ ...object, spec: change({ ...(object["spec"] as object) }) }));
  return { core, write };
};

describe("an update of a part of a spec", () => {
  test("keeps the other parts as they are", () => {
    const { core, write } = bed();
    const before = core.get(ref)?.["spec"] as Record<string, unknown>;
    const { spec, metadata } = write((old) => ({ ...old, replicas: 5 })) as ApiObject & { spec: typeof before };
    expect(spec["replicas"]).toBe(5);
    expect(spec["template"]).toBe(before["template"]);
    expect(metadata.generation).toBe(2);
  });

  test("fills the new part in, and drops what is not known", () => {
    const { write } = bed();
    const { spec, metadata } = write((old) => ({ ...old, unknown: 1, template: template("web:2") })) as ApiObject & {
      spec: object;
    };
    expect(Object.keys(spec).toSorted()).toEqual(["replicas", "selector", "template"]);
    expect(spec).toMatchObject({
      template: { spec: { restartPolicy: "Always", containers: [{ imagePullPolicy: "IfNotPresent" }] } },
    });
    expect(metadata.generation).toBe(2);
    expect(write((old) => ({ ...old, unknown: 1 })).metadata.generation).toBe(2);
  });

  test("fills in again what is taken away", () => {
    const { write } = bed();
    const spec = { replicas: 1 };
    expect(write((old) => ({ ...old, replicas: undefined }))["spec"]).toMatchObject(spec);
    write((old) => ({ ...old, replicas: 4 }));
    expect(write((old) => ({ ...old, replicas: null }))["spec"]).toMatchObject(spec);
  });

  test("is judged with the rest", () => {
    const { write } = bed();
    const selector = { matchLabels: { app: "other" } };
    expect(() => write((old) => ({ ...old, selector }))).toThrow(StatusError);
    expect(() => write((old) => ({ ...old, replicas: "x" }))).toThrow("cannot unmarshal string");
  });
});
