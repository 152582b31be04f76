import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import type { Cause } from "../model/model.ts";
import { builtinSchemaOf } from "../schema/builtin.ts";
import { builtinDefaults, builtinViolations } from "../schema/builtinRules.ts";
import type { Schema } from "../schema/schema.ts";
import { withDefaults } from "../schema/structural.ts";
import { applyMergePatch } from "./applyMergePatch.ts";
import { PatchError } from "../model/patchError.ts";
import { type Apply, serverSideApply, trackManagers } from "./serverSideApply.ts";

type Json = Readonly<Record<string, unknown>>;

/** A line of the recording: the first object of a series, or the next write and what the API server answered. */
interface Line {
  readonly scenario?: string;
  readonly resource?: string;
  readonly do?: "create" | "apply" | "merge" | "json" | "strategic" | "status";
  readonly by: string;
  readonly force?: boolean;
  readonly body: Json;
  /** What other writers had changed in the meantime. */
  readonly meanwhile?: Json;
  /** What the write changed, as a merge patch. */
  readonly change?: Json;
  readonly refused?: { readonly code: number; readonly message: string; readonly causes?: readonly Cause[] };
}

interface Step extends Line {
  readonly name: string;
  readonly resource: string;
  readonly before: Json | undefined;
  readonly after: Json;
}

const definition = parse(await Bun.file(new URL("../../manifests/crds/rollouts.yaml", import.meta.url)).text()) as {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
};
const rolloutSchema = definition.spec.versions[0]?.schema.openAPIV3Schema ?? {};
const schemaOf = (resource: string): Schema => builtinSchemaOf(resource) ?? rolloutSchema;

async function steps(): Promise<readonly Step[]> {
  const text = await Bun.file(new URL("serverSideApply.recorded.jsonl", import.meta.url)).text();
  const found: Step[] = [];
  let [scenario, resource] = ["", ""];
  let object: Json | undefined;
  let count = 0;
  for (const line of text.trim().split("\n")) {
    const step = JSON.parse(line) as Line;
    if (step.scenario !== undefined) {
      [scenario, resource] = [step.scenario, step.resource ?? ""];
      [object, count] = [undefined, 0];
      continue;
    }
    const before =
      step.meanwhile === undefined || object === undefined ? object : applyMergePatch(object, step.meanwhile);
    const after = applyMergePatch(before ?? {}, step.change ?? {});
    count += 1;
    const name = `${scenario}, ${count}: ${step.do} by ${step.by}${step.force === true ? ", forced" : ""}`;
    found.push({ ...step, name, resource, before, after });
    object = step.refused === undefined ? after : before;
  }
  return found;
}

const all = await steps();
const metadataOf = (object: Json | undefined): Json => (object?.["metadata"] ?? {}) as Json;

/** Entries in a fixed order, with whether they have a time instead of the time itself. */
function managersIn(managedFields: unknown): readonly string[] {
  const entries = (managedFields ?? []) as readonly Json[];
  return entries
    .map(({ time, ...entry }) => JSON.stringify({ ...sorted(entry), timed: time !== undefined }))
    .toSorted();
}

function sorted(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, typeof entry === "object" && entry !== null ? sorted(entry as Json) : entry]),
  );
}

function withoutManagers(object: Json): Json {
  const { managedFields: _, ...metadata } = metadataOf(object);
  return { ...object, metadata };
}

const writeOf = ({ resource, by, do: verb, body, before }: Step) => ({
  schema: schemaOf(resource),
  manager: by,
  subresource: verb === "status" ? "status" : undefined,
  // A time after all that was recorded.
  time: "2099-01-01T00:00:00Z",
  apiVersion: String(body["apiVersion"] ?? before?.["apiVersion"]),
});

describe("server-side apply does what a real API server (1.36) did", () => {
  const applies = all.filter((step) => step.do === "apply");

  function outcome(step: Step): unknown {
    try {
      const result = serverSideApply({
        ...writeOf(step),
        live: step.before,
        applied: step.body,
        force: step.force === true,
      });
      if ("conflicts" in result) return { code: 409, message: result.message, causes: inOrder(result.conflicts) };
      const object = builtinDefaults(step.resource, withDefaults(schemaOf(step.resource), result.object)) as Json;
      const causes = builtinViolations(step.resource, object, step.before);
      if (causes.length > 0) return { code: 422, causes: inOrder(causes) };
      return { object: withoutManagers(object), managers: managersIn(metadataOf(object)["managedFields"]) };
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      return { code: error.status.code, message: error.status.message };
    }
  }

  const inOrder = (causes: readonly Cause[]): readonly string[] =>
    causes.map(({ reason, message, field }) => `${field}: ${message} (${reason})`).toSorted();

  test.each([...applies])("$name", (step) => {
    const { refused, after } = step;
    const expected =
      refused === undefined
        ? { object: withoutManagers(after), managers: managersIn(metadataOf(after)["managedFields"]) }
        : {
            code: refused.code,
            ...(refused.code === 422 ? {} : { message: refused.message }),
            ...(refused.causes && { causes: inOrder(refused.causes) }),
          };
    expect(outcome(step)).toEqual(expected);
  });
});

describe("other writes are accounted for as a real API server (1.36) did", () => {
  const writes = all.filter((step) => step.do !== "apply");

  test.each([...writes])("$name", (step) => {
    const sent = metadataOf(step.body)["managedFields"] ?? metadataOf(step.before)["managedFields"];
    const next = withoutManagers(step.after);
    const written = { ...next, metadata: { ...metadataOf(next), managedFields: sent } };
    const tracked = trackManagers(step.before, written, { ...writeOf(step), operation: "Update" });
    expect(managersIn(tracked)).toEqual(managersIn(metadataOf(step.after)["managedFields"]));
  });
});

describe("who owns what", () => {
  const schema = schemaOf("configmaps");
  const settings = (data: Json, more: Json = {}): Json => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default", ...more },
    data,
  });
  const write = { schema, manager: "kubectl", subresource: undefined, time: "2026-01-01T00:00:00Z", apiVersion: "v1" };
  const apply = (live: object | undefined, data: Json, more: Partial<Apply> = {}) =>
    serverSideApply({ ...write, live, applied: settings(data), force: false, ...more });
  const objectOf = (result: ReturnType<typeof apply>): object => ("object" in result ? result.object : {});

  test("is the same when the same is applied again, and so is the object", () => {
    const once = objectOf(apply(undefined, { a: "1" }));
    expect(apply(once, { a: "1" }, { time: "2027-01-01T00:00:00Z" })).toEqual({ object: once });
    expect(objectOf(apply(once, { a: "1" }))).toBe(once);
  });

  test("is the same list when nothing changes", () => {
    const old = objectOf(apply(undefined, { a: "1" })) as Json;
    const next = { ...old, data: { a: "1" } };
    expect(trackManagers(old, next, { ...write, manager: "edit", operation: "Update" })).toBe(
      metadataOf(old)["managedFields"] as readonly unknown[],
    );
  });

  test("of an object that was created without account is before-first-apply's", () => {
    const result = apply(settings({ a: "1", b: "2" }), { a: "2" });
    expect(result).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
    });
    expect(objectOf(apply(settings({ a: "1", b: "2" }), { a: "2" }, { force: true }))).toMatchObject({
      data: { a: "2", b: "2" },
    });
  });

  test("does not include what the write is not about", () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: {}, status: { phase: "Pending" } };
    const podWrite = { ...write, schema: schemaOf("pods"), operation: "Update" as const };
    expect(JSON.stringify(trackManagers(undefined, pod, podWrite))).toContain("f:phase");
    expect(trackManagers(undefined, pod, { ...podWrite, ignored: ["status"] })).toEqual([]);
  });

  test("does not include what the server gives to new objects", () => {
    const service = builtinDefaults<object>("services", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "default" },
      spec: { type: "NodePort", ports: [{ port: 80 }] },
    });
    const [entry] =
      trackManagers(undefined, service, { ...write, schema: schemaOf("services"), operation: "Update" }) ?? [];
    const text = JSON.stringify(entry);
    expect(text).toContain("f:type");
    expect(text).not.toMatch(/f:clusterIP|f:ipFamil|f:nodePort/);
  });
});
