/** What a pod needs of a node and of a quota, by the name of the resource, in thousandths. Pure. */
import { at, items, type Place, root, text } from "../../../kube/validation/place.ts";
import { parseQuantity } from "../../../kube/validation/resourceQuantity.ts";

export type Amounts = ReadonlyMap<string, bigint>;

/** Thousandths of one. */
export const ONE = 1_000n;

export interface PodNeeds {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

export function amountsOf(value: unknown): Amounts {
  const amounts = new Map<string, bigint>();
  if (typeof value !== "object" || value === null) return amounts;
  for (const [name, quantity] of Object.entries(value)) {
    const { milli } = parseQuantity(quantity) ?? {};
    if (milli !== undefined && milli > 0n) amounts.set(name, milli);
  }
  return amounts;
}

export function plus(a: Amounts, b: Amounts): Amounts {
  const sum = new Map(a);
  for (const [name, amount] of b) sum.set(name, (sum.get(name) ?? 0n) + amount);
  return sum;
}

function most(a: Amounts, b: Amounts): Amounts {
  const result = new Map(a);
  for (const [name, amount] of b) if (amount > (result.get(name) ?? 0n)) result.set(name, amount);
  return result;
}

type Member = "requests" | "limits";

/** Kubernetes fills in a request that is missing from the limit. */
function amountsIn(container: Place, member: Member): Amounts {
  const resources = at(container, "resources");
  const given = amountsOf(at(resources, member).value);
  return member === "limits" ? given : new Map([...amountsOf(at(resources, "limits").value), ...given]);
}

/**
 * As the scheduler counts: what all containers need together, or what an init container needs while it runs, whichever is
 * more. Never throws, whatever it is given. What a LimitRange or a runtime class would add is not known.
 * @param spec of a pod, or of its template
 */
export function podNeeds(spec: unknown): PodNeeds {
  const place = root(spec);
  const needs = (member: Member): Amounts => {
    const overhead = amountsOf(at(place, "overhead").value);
    let lasting: Amounts = new Map();
    for (const container of items(at(place, "containers"))) lasting = plus(lasting, amountsIn(container, member));
    let sidecars: Amounts = new Map();
    let starting: Amounts = new Map();
    for (const container of items(at(place, "initContainers"))) {
      if (text(at(container, "restartPolicy")) === "Always") sidecars = plus(sidecars, amountsIn(container, member));
      else starting = most(starting, plus(sidecars, amountsIn(container, member)));
    }
    return plus(most(plus(lasting, sidecars), starting), overhead);
  };
  return { requests: needs("requests"), limits: needs("limits") };
}
