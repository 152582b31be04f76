/**
 * Members that the API does not know. The API server drops them before admission sees the object, with a warning that
 * is easily missed; the linter reports them beforehand, as the reference's does.
 *
 * The names come from the schemas themselves, walked as plain data: they are in memory anyway, where a generated table
 * would be there twice. Only objects that are linted pay for the walk.
 */
import { goQuoted } from "../../../kube/object/goQuoted.ts";
import { TrafficRouting } from "../../../schema/trafficRouting.ts";
import type { AdmittedKind } from "./admittedKinds.ts";
import { at, entries, items, keys, type Place, root } from "../../../kube/validation/place.ts";
import { marksOf, type Schema, schemaOf } from "./schemas.ts";
import { didYouMean, listed } from "../../../kube/validation/nearNames.ts";
import { forbidden, helped, type Violation } from "../../../kube/validation/violation.ts";

const ROUTING: object = TrafficRouting.entries;

/** Metadata that Kubernetes knows and the schemas do not name. */
const METADATA = new Set(["managedFields", "selfLink"]);

/**
 * In the order of the object. Inside of pods the API server keeps members that we do not know, and a newer Kubernetes
 * may know them: they have a rule of their own, `unknown-pod-field`. The reference's linter refuses both.
 */
export function unknownFieldViolations(object: unknown, kind: AdmittedKind): readonly Violation[] {
  const found: Violation[] = [];
  walk(root(object), schemaOf(kind), found);
  return found.map((each) => helped(each, each.help ?? knownElsewhere(each, kind)));
}

/** `siblings`: the members that the API knows there. */
function unknown(rule: string, name: string, place: Place, siblings: Iterable<string>): Violation {
  return helped(forbidden(rule, place, `unknown field ${goQuoted(name)}`), didYouMean(name, siblings));
}

/** Where the API knows a member of this name, if that is not far away: outside of pods, and in one place or two. */
function knownElsewhere({ path, rule }: Violation, kind: AdmittedKind): string | undefined {
  const name = path.slice(path.lastIndexOf(".") + 1);
  if (rule !== "unknown-field") return "It is not known in Kubernetes 1.34; a newer API server may know it";
  const [strategy, ...others] = ofDeployment(path, name);
  if (strategy !== undefined) return [strategy, ...others].join(". ");
  const known = placesByName(kind).get(name) ?? [];
  if (known.length === 0 || known.length > 3) return undefined;
  return `It is known as ${listed(known, "or")}: indent it there, or remove it`;
}

/** Members of a Deployment that a Rollout has otherwise. */
const ofDeployment = (path: string, name: string): readonly string[] =>
  path === "spec.strategy.rollingUpdate" || (path === "spec.strategy.type" && name === "type")
    ? ["That is a Deployment's: a Rollout has maxSurge and maxUnavailable in strategy.canary"]
    : [];

const byKind = new Map<AdmittedKind, ReadonlyMap<string, readonly string[]>>();

/** The paths of all members outside of pods, by their names; made once a kind, when somebody has misplaced one. */
function placesByName(kind: AdmittedKind): ReadonlyMap<string, readonly string[]> {
  const made = byKind.get(kind);
  if (made !== undefined) return made;
  const places = new Map<string, string[]>();
  collect(schemaOf(kind), "", places);
  byKind.set(kind, places);
  return places;
}

function collect(schema: Schema, path: string, places: Map<string, string[]>): void {
  const { structure, "x-kubernetes-preserve-unknown-fields": isPod } = marksOf(schema);
  if (isPod === true) return;
  for (const inner of [structure, schema.wrapped]) if (inner !== undefined) collect(inner, path, places);
  if (schema.item !== undefined) collect(schema.item, `${path}[]`, places);
  for (const [name, member] of Object.entries(schema.entries ?? {})) {
    if (path === "" && name !== "spec") continue;
    const here = path === "" ? name : `${path}.${name}`;
    const known = places.get(name) ?? [];
    if (!known.includes(here)) known.push(here);
    places.set(name, known);
    collect(member, here, places);
  }
}

/** As deep as the schemas are, whatever the object is. */
function walk(place: Place, schema: Schema, found: Violation[]): void {
  const { structure, "x-kubernetes-preserve-unknown-fields": keepsUnknown } = marksOf(schema);
  if (structure !== undefined) walk(place, structure, found);
  if (schema.wrapped !== undefined) walk(place, schema.wrapped, found);
  if (schema.item !== undefined) for (const item of items(place)) walk(item, schema.item, found);
  if (schema.value !== undefined) for (const [, entry] of entries(place)) walk(entry, schema.value, found);
  if (schema.entries === undefined) return;
  const isOurs = schema.entries === ROUTING;
  const rule = keepsUnknown === true && !isOurs ? "unknown-pod-field" : "unknown-field";
  for (const name of keys(place)) {
    const member = Object.hasOwn(schema.entries, name) ? schema.entries[name] : undefined;
    const here = at(place, name);
    if (member === undefined) found.push(unknown(rule, name, here, Object.keys(schema.entries)));
    else if (isObjectMeta(name, schema.entries)) walkMetadata(here, found);
    else walk(here, member, found);
  }
}

/** The object beside a spec is the metadata of a Kubernetes object; the schemas name only a part of its members. */
const isObjectMeta = (name: string, siblings: Readonly<Record<string, Schema>>): boolean =>
  name === "metadata" && Object.hasOwn(siblings, "spec");

function walkMetadata(place: Place, found: Violation[]): void {
  const known = schemaOf("Rollout").entries?.["metadata"]?.entries ?? {};
  const dropped = keys(place).filter((name) => !Object.hasOwn(known, name) && !METADATA.has(name));
  for (const name of dropped) {
    found.push(unknown("unknown-field", name, at(place, name), [...Object.keys(known), ...METADATA]));
  }
}
