/**
 * How many more pods of a template the ResourceQuotas of its namespace allow. Pure. Only quotas without a scope are
 * read: which pods count in the others is not certain.
 */
import { at, count, present, root, text } from "../../../kube/validation/place.ts";
import { roomIn } from "./nodeRoom.ts";
import { amountsOf, type Amounts, ONE, type PodNeeds } from "./podNeeds.ts";

/** What is kept of a ResourceQuota. */
export interface QuotaFacts {
  readonly name: string;
  readonly hard: Amounts;
  /** Names in `hard` with the amount 0, which `Amounts` leave out. */
  readonly used: Amounts;
  readonly names: readonly string[];
}

/** Undefined where it has a scope, or nothing is counted yet. Never throws, whatever it is given. */
export function quotaFacts(quota: unknown): QuotaFacts | undefined {
  const place = root(quota);
  const status = at(place, "status");
  if (count(at(place, "spec", "scopes")) > 0 || present(at(place, "spec", "scopeSelector"))) return undefined;
  const hard = at(status, "hard").value;
  if (typeof hard !== "object" || hard === null) return undefined;
  return {
    name: text(at(place, "metadata", "name")),
    hard: amountsOf(hard),
    used: amountsOf(at(status, "used").value),
    names: Object.keys(hard),
  };
}

/** What a pod takes of a quota's resource. */
function neededOf(name: string, { requests, limits }: PodNeeds): bigint | undefined {
  if (name === "pods" || name === "count/pods") return ONE;
  if (name.startsWith("limits.")) return limits.get(name.slice("limits.".length));
  return requests.get(name.startsWith("requests.") ? name.slice("requests.".length) : name);
}

export interface QuotaRoom {
  readonly pods: number;
  readonly quota: string;
  readonly lacks: string;
}

/** The quota that allows the fewest; undefined: none has a limit that such pods meet. */
export function quotaRoom(needs: PodNeeds, quotas: readonly QuotaFacts[]): QuotaRoom | undefined {
  let least: QuotaRoom | undefined;
  for (const { name, hard, used, names } of quotas) {
    const wanted = new Map(names.flatMap((each) => wantedOf(each, needs)));
    const room = roomIn(hard, used, wanted);
    if (room.pods < (least?.pods ?? Number.POSITIVE_INFINITY)) least = { ...room, quota: name };
  }
  return least;
}

function wantedOf(name: string, needs: PodNeeds): readonly (readonly [string, bigint])[] {
  const each = neededOf(name, needs);
  return each === undefined ? [] : [[name, each]];
}
