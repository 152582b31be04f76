import { describe, expect, test } from "bun:test";
import type { Cause } from "../model/model.ts";
import { builtinSchema } from "./builtin.ts";
import { decodingProblem } from "./decodingProblem.ts";
import { recorded } from "./recorded/cases.ts";
import type { Schema } from "./schema.ts";
import { prune, validate, withDefaults } from "./structural.ts";

interface Case {
  readonly schema?: Schema;
  readonly name: string;
  readonly object: object;
  readonly unknown: readonly string[];
  /** The stored object, or what was wrong, or why it could not be decoded. */
  readonly answer?: object;
  readonly causes?: readonly Cause[];
  readonly unreadable?: string;
}

const [{ schema = {} } = {}, ...cases] = await recorded<Partial<Case>>("customResource.jsonl");
const judged = cases as readonly Case[];

const inOrder = (causes: readonly Cause[]): readonly string[] =>
  causes.map(({ reason, field, message }) => `${field}: ${message} (${reason})`).toSorted();

describe("a custom resource is treated as a real API server (1.36) did", () => {
  const readable = judged.filter(({ unreadable }) => unreadable === undefined);

  test.each([...readable])("when it is this: $name", ({ object, unknown, answer, causes = [] }) => {
    expect(decodingProblem(schema, object)).toBeUndefined();
    const pruned = prune(schema, object);
    expect(pruned.unknown).toEqual([...unknown]);
    const complete = withDefaults(schema, pruned.object);
    expect(inOrder(validate(schema, complete))).toEqual(inOrder(causes));
    if (answer !== undefined) expect(complete).toEqual(answer);
  });

  test.each(judged.filter(({ unreadable }) => unreadable !== undefined))(
    "when it cannot be read: $name",
    ({ object, unreadable }) => expect(decodingProblem(schema, object)).toBe(unreadable ?? ""),
  );

  test("and comes back as it was when nothing has to be done", () => {
    for (const { answer } of judged) {
      if (answer === undefined) continue;
      const copy = structuredClone(answer);
      expect(prune(schema, answer).object).toBe(answer);
      expect(withDefaults(schema, answer)).toBe(answer);
      expect(answer).toEqual(copy);
    }
  });

  test("and the object that was given stays as it was", () => {
    for (const { object } of judged) {
      const copy = structuredClone(object);
      withDefaults(schema, prune(schema, object).object);
      expect(object).toEqual(copy);
    }
  });
});

interface Unreadable {
  readonly object: { readonly apiVersion: string; readonly kind: string };
  readonly problem: string;
}

const unreadable = await recorded<Unreadable>("decoding.jsonl");

describe("one of the API server's own kinds", () => {
  const ownSchema = ({ apiVersion, kind }: Unreadable["object"]): Schema => {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    return builtinSchema(group, version, kind) ?? {};
  };
  test.each([...unreadable])("cannot be read as a real API server could not: $problem", ({ object, problem }) => {
    expect(decodingProblem(ownSchema(object), object)).toBe(problem);
  });

  test("has a schema, the same one each time, and other kinds have none", () => {
    const schema1 = builtinSchema("apps", "v1", "Deployment");
    expect(schema1).toBeDefined();
    expect(builtinSchema("apps", "v1", "Deployment")).toBe(schema1 ?? {});
    expect(builtinSchema("apps", "v1", "StatefulSet")).toBeUndefined();
    expect(builtinSchema("argoproj.io", "v1alpha1", "Rollout")).toBeUndefined();
  });

  test("may refer to itself", () => {
    const definition = builtinSchema("apiextensions.k8s.io", "v1", "CustomResourceDefinition") ?? {};
    const property = (depth: number): object =>
      depth === 0 ? { type: "string", typo: 1 } : { type: "object", properties: { a: property(depth - 1) } };
    const object = { spec: { versions: [{ schema: { openAPIV3Schema: property(3) } }] } };
    expect(prune(definition, object).unknown).toEqual([
      "spec.versions[0].schema.openAPIV3Schema.properties.a.properties.a.properties.a.typo",
    ]);
  });

  test("tells unknown members with their places", () => {
    const pod = {
      metadata: { name: "web", nam: "x" },
      spec: { containers: [{ name: "a", ports: [{ containerPort: 1, prot: "TCP" }] }, { nam: "b" }] },
    };
    expect(prune<object>(ownSchema({ apiVersion: "v1", kind: "Pod" }), pod)).toEqual({
      object: { metadata: { name: "web" }, spec: { containers: [{ name: "a", ports: [{ containerPort: 1 }] }, {}] } },
      unknown: ["metadata.nam", "spec.containers[0].ports[0].prot", "spec.containers[1].nam"],
    });
  });
});
