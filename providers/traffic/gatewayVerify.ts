/**
 * Whether the gateways have taken routes over (docs/behaviour/traffic.md#gateway-api-verification): their controllers
 * write for each parent of a route which generation of it they have seen, and what has become of it.
 */
import { at, items, type Place, root, text, whole } from "../../kube/validation/place.ts";
import type { RoutedObject, Verification } from "./router.ts";

/** Undefined where no controller reports on any of the routes. @param routes with their kinds */
export function verify(routes: readonly (readonly [string, RoutedObject])[]): Verification | undefined {
  const answers = routes.flatMap((route) => verifyRoute(route) ?? []);
  return answers.find(({ kind }) => kind === "failed") ?? answers.find(({ kind }) => kind === "notYet") ?? answers[0];
}

function verifyRoute([kind, route]: readonly [string, RoutedObject]): Verification | undefined {
  const parents = items(at(root(route.status), "parents"));
  const wanted = items(at(root(route.spec), "parentRefs")).map((ref) => parentOf(route, ref));
  // What a controller has said of a parent that the route had before may stay for ever.
  const present = parents.filter(
    (one) => wanted.length === 0 || wanted.includes(parentOf(route, at(one, "parentRef"))),
  );
  if (parents.length > 0 && present.length === 0)
    return { kind: "failed", reason: `${kind} "${route.metadata.name}" is not Accepted by ${wanted.join(" or ")}` };
  const answers = present.map((parent) => verifyParent(kind, route, parent));
  const waiting = answers.find(({ kind }) => kind === "notYet");
  if (waiting !== undefined) return waiting;
  // A gateway that refuses the route does not divide its traffic; another one may.
  return answers.find(({ kind }) => kind === "verified") ?? answers[0];
}

/** For people, and to tell parents apart: controllers repeat what a route says of its parent with more or less detail. */
function parentOf({ metadata }: RoutedObject, ref: Place): string {
  const namespace = text(at(ref, "namespace"));
  const prefix = namespace === "" || namespace === metadata.namespace ? "" : `${namespace}/`;
  return `${text(at(ref, "kind")) || "Gateway"} "${prefix}${text(at(ref, "name"))}"`;
}

/** In the order in which they are looked at; a controller may leave out those that it does not know. */
const CONDITIONS = ["Accepted", "ResolvedRefs", "Programmed"];

function verifyParent(kind: string, object: RoutedObject, parent: Place): Verification {
  const { metadata } = object;
  const route = `${kind} "${metadata.name}"`;
  const gateway = parentOf(object, at(parent, "parentRef"));
  const conditions = items(at(parent, "conditions"));
  const generation = metadata.generation ?? 0;
  const told = CONDITIONS.flatMap((type) => conditions.find((one) => text(at(one, "type")) === type) ?? []);
  if (!told.some((one) => text(at(one, "type")) === "Accepted"))
    return { kind: "notYet", reason: `${gateway} has not accepted ${route} yet` };
  const old = told.find((one) => (whole(at(one, "observedGeneration")) ?? generation) < generation);
  if (old !== undefined) {
    const seen = whole(at(old, "observedGeneration"));
    const reason = `${gateway} has taken over generation ${seen} of ${route}, which is at ${generation}`;
    return { kind: "notYet", reason };
  }
  const bad = told.find((one) => text(at(one, "status")) !== "True");
  if (bad === undefined) return { kind: "verified" };
  const type = text(at(bad, "type"));
  const words = [text(at(bad, "reason")), text(at(bad, "message"))].filter((word) => word !== "");
  const why = words.join(": ").slice(0, 400);
  const reason = `${route} is not ${type} by ${gateway}: ${why}`;
  return type === "Accepted" && text(at(bad, "status")) === "False"
    ? { kind: "failed", reason }
    : { kind: "notYet", reason };
}
