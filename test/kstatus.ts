/**
 * The rules by which kstatus (sigs.k8s.io/cli-utils) judges an object whose kind it does not know, as published: what
 * Flux and Helm 4 wait for. Written anew from what they say, in their order.
 */
import { isList, isObject } from "../kube/object/json.ts";

export interface Judgement {
  readonly status: "Current" | "InProgress" | "Failed" | "Terminating";
  readonly message: string;
}

const memberOf = (of: unknown, name: string): unknown => (isObject(of) ? of[name] : undefined);

/** @throws Error where a field does not have the type that it expects: the tools report that instead of waiting */
export function kstatus(object: unknown): Judgement {
  const metadata = memberOf(object, "metadata");
  const status = memberOf(object, "status");
  if (memberOf(metadata, "deletionTimestamp") !== undefined) return { status: "Terminating", message: "" };
  const generation = integer(metadata, "generation");
  const observed = integer(status, "observedGeneration");
  if (generation !== undefined && observed !== undefined && generation !== observed)
    return { status: "InProgress", message: `generation is ${generation}, but latest observed is ${observed}` };
  const list = memberOf(status, "conditions");
  const conditions = isList(list) ? list : [];
  for (const condition of conditions) {
    if (memberOf(condition, "status") !== "True") continue;
    const message = String(memberOf(condition, "message"));
    if (memberOf(condition, "type") === "Reconciling") return { status: "InProgress", message };
    if (memberOf(condition, "type") === "Stalled") return { status: "Failed", message };
  }
  const ready = conditions.find((condition) => memberOf(condition, "type") === "Ready");
  if (ready === undefined || memberOf(ready, "status") === "True") return { status: "Current", message: "" };
  return { status: "InProgress", message: String(memberOf(ready, "message")) };
}

/** The generation that a status is about, wherever it stands in it; undefined where it says none. */
export function observedIn(status: unknown): number | undefined {
  const list = memberOf(status, "conditions");
  const ready = isList(list) ? list.find((condition) => memberOf(condition, "type") === "Ready") : undefined;
  const observed = memberOf(status, "observedGeneration") ?? memberOf(ready, "observedGeneration");
  return observed === undefined ? undefined : Number(observed);
}

function integer(of: unknown, name: string): number | undefined {
  const value = memberOf(of, name);
  if (value === undefined || typeof value === "number") return value;
  throw new Error(`${name} accessor error: ${JSON.stringify(value)} is of the type ${typeof value}, expected int64`);
}
