import { describe, expect, test } from "bun:test";
import type { Cause } from "../model/model.ts";
import { builtinSchemaOf } from "./builtin.ts";
import { builtinDefaults, builtinViolations } from "./builtinRules.ts";
import { recorded } from "./recorded/cases.ts";
import { prune, validate, withDefaults } from "./structural.ts";

interface Filled {
  readonly name: string;
  readonly resource: string;
  readonly object: object;
  /** The object without what the server counts and allocates. */
  readonly answer: Readonly<Record<string, unknown>>;
}

interface Judged {
  readonly name: string;
  readonly resource: string;
  readonly object: object;
  readonly old?: object;
  readonly causes: readonly Cause[];
}

const filled = await recorded<Filled>("defaults.jsonl");
const judged = await recorded<Judged>("violations.jsonl");

const withoutUnknown = (resource: string, object: object): object =>
  prune(builtinSchemaOf(resource) ?? {}, object).object;

/** Without the uid, and without what follows here from the Service's name and in the API server from what is free. */
function comparable(object: object): unknown {
  const { metadata, spec, ...rest } = object as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  const { uid: _, ...kept } = metadata ?? {};
  if (spec === undefined || spec["clusterIP"] === "None" || !("sessionAffinity" in spec)) {
    return { ...rest, metadata: kept, ...(spec === undefined ? {} : { spec }) };
  }
  const { clusterIP: _ip, clusterIPs: _ips, ports, ...others } = spec;
  const open = (ports as readonly Readonly<Record<string, unknown>>[] | undefined)?.map(
    ({ nodePort: _port, ...port }) => port,
  );
  return { ...rest, metadata: kept, spec: { ...others, ...(open === undefined ? {} : { ports: open }) } };
}

describe("what the API server fills in", () => {
  test.each([...filled])("is the same for this object: $name", ({ resource, object, answer }) => {
    expect(comparable(builtinDefaults(resource, withoutUnknown(resource, object)))).toEqual(comparable(answer));
  });

  test.each([...filled])("is not filled in twice: $name", ({ resource, object }) => {
    const once = builtinDefaults(resource, withoutUnknown(resource, object));
    expect(builtinDefaults(resource, once)).toBe(once);
    const schema = builtinSchemaOf(resource) ?? {};
    expect(withDefaults(schema, once)).toBe(once);
    expect(prune(schema, once)).toEqual({ object: once, unknown: [] });
    expect(validate(schema, once)).toEqual([]);
  });

  test("does not change the object that it is given", () => {
    for (const { resource, object } of filled) {
      const before = structuredClone(object);
      builtinDefaults(resource, object);
      expect(object).toEqual(before);
    }
  });

  test("leaves custom resources alone", () => {
    const rollout = { spec: { replicas: null } };
    expect(builtinDefaults("rollouts.argoproj.io", rollout)).toBe(rollout);
  });

  test("gives each Service an address and ports that follow from its name", () => {
    const service = (name: string) =>
      builtinDefaults<Service>("services", {
        metadata: { name, namespace: "default" },
        spec: { type: "NodePort", ports: [{ port: 80 }] },
      }).spec;
    expect(service("web")).toEqual(service("web"));
    expect(service("web").clusterIP).toMatch(/^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/);
    expect(service("web").clusterIP).not.toBe(service("api").clusterIP);
    const [port] = service("web").ports;
    expect(port).toMatchObject({ port: 80, protocol: "TCP", targetPort: 80 });
    expect(String(port?.nodePort)).toMatch(/^3[012]\d\d\d$/);
  });
});

interface Service {
  readonly metadata: object;
  readonly spec: {
    readonly type: string;
    readonly clusterIP?: string;
    readonly ports: readonly { readonly port: number; readonly nodePort?: number }[];
  };
}

describe("what the API server refuses", () => {
  const inOrder = (causes: readonly Cause[]): readonly string[] =>
    causes.map(({ reason, field, message }) => `${field}: ${message} (${reason})`).toSorted();

  test.each([...judged])("is refused in its words, and nothing else is: $name", ({ resource, object, old, causes }) => {
    const complete = builtinDefaults(resource, withoutUnknown(resource, object));
    expect(inOrder(builtinViolations(resource, complete, old))).toEqual(inOrder(causes));
  });

  test("is not what it has stored", () => {
    for (const { resource, old } of judged) {
      if (old !== undefined) expect(builtinViolations(resource, old, old)).toEqual([]);
    }
  });

  test("of a custom resource is its name", () => {
    const rollout = { metadata: { name: "Web" }, spec: {} };
    const [cause, ...others] = builtinViolations("rollouts.argoproj.io", rollout, undefined);
    expect(others).toEqual([]);
    expect(cause).toMatchObject({ reason: "FieldValueInvalid", field: "metadata.name" });
    expect(cause?.message).toStartWith('Invalid value: "Web": a lowercase RFC 1123 subdomain must consist of');
    expect(builtinViolations("rollouts.argoproj.io", rollout, rollout)).toEqual([]);
  });

  test("is a change of the template of a Job that runs", () => {
    const job = (image: string) => ({
      metadata: { name: "backup", uid: "u" },
      spec: {
        manualSelector: true,
        selector: { matchLabels: { a: "b" } },
        template: {
          metadata: { labels: { a: "b" } },
          spec: { restartPolicy: "Never", containers: [{ name: "a", image }] },
        },
      },
    });
    const [one, two] = ["a:1", "a:2"].map((image) => builtinDefaults("jobs.batch", job(image)));
    const [cause, ...others] = builtinViolations("jobs.batch", two ?? {}, one);
    expect(others).toEqual([]);
    expect(cause).toMatchObject({ reason: "FieldValueInvalid", field: "spec.template" });
    expect(cause?.message).toEndWith(": field is immutable");
  });
});
