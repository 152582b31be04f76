/** Whether a ResourceQuota leaves room for more pods (docs/convert.md#what-stands-in-the-way). Pure. */
import { type Decimal, wholeNumber } from "../../../kube/object/decimal.ts";
import { isList, isObject, type Json } from "../../../kube/object/json.ts";
import { quantityOf } from "../../../kube/object/quantity.ts";
import { member, objectAt, textAt } from "../convert/objects.ts";

/** In thousand millionths, in which every quantity is whole. */
const SCALE = 9;

function amount(value: unknown): bigint {
  const found: Decimal | undefined =
    typeof value === "string" || typeof value === "number" ? quantityOf(String(value)) : undefined;
  if (found === undefined || found.digits === "") return 0n;
  const size = wholeNumber({ ...found, exponent: found.exponent + SCALE });
  return found.negative ? -size : size;
}

/** What a quota counts of a pod: the resource and from which list. */
function counted(name: string): readonly ["requests" | "limits", string] | undefined {
  const [list, ...rest] = name.split(".");
  if ((list === "requests" || list === "limits") && rest.length > 0) return [list, rest.join(".")];
  return ["cpu", "memory", "ephemeral-storage"].includes(name) ? ["requests", name] : undefined;
}

const listAt = (of: unknown, key: string): readonly unknown[] => {
  const found = member(of, key);
  return isList(found) ? found : [];
};

/** As the scheduler counts it: all containers at once, or the largest one that comes before them. */
function ofOnePod(spec: Json, list: "requests" | "limits", resource: string): bigint {
  const of = (container: unknown): bigint => amount(objectAt(container, "resources", list)[resource]);
  const asked = list === "requests" ? of : undefined;
  // A container that has only a limit asks for as much.
  const each = (container: unknown): bigint => {
    const own = of(container);
    return asked !== undefined && own === 0n ? amount(objectAt(container, "resources", "limits")[resource]) : own;
  };
  const first = listAt(spec, "initContainers");
  const isSidecar = (container: unknown): boolean => textAt(container, "restartPolicy") === "Always";
  const sum = (containers: readonly unknown[]): bigint => containers.reduce<bigint>((all, one) => all + each(one), 0n);
  const sidecars = sum(first.filter(isSidecar));
  const running = sum(listAt(spec, "containers")) + sidecars;
  const before = first
    .filter((container) => !isSidecar(container))
    .reduce<bigint>((most, one) => (each(one) + sidecars > most ? each(one) + sidecars : most), 0n);
  return (running > before ? running : before) + amount(objectAt(spec, "overhead")[resource]);
}

/** What migrating makes more of. */
export interface Extra {
  readonly pods: number;
  /** By the name under which a quota counts them: `count/rollouts.argoproj.io`. */
  readonly objects: Readonly<Record<string, number>>;
}

/** `pods: 4 more are needed, and 2 are left of 10`: one for each limit that is too small. */
export function shortfalls(quota: Json, podSpec: Json, extra: Extra): readonly string[] {
  if (!appliesTo(quota, podSpec)) return [];
  const hard = objectAt(quota, "status", "hard");
  const used = objectAt(quota, "status", "used");
  return Object.entries(Object.keys(hard).length > 0 ? hard : objectAt(quota, "spec", "hard")).flatMap(
    ([name, limit]): string[] => {
      const needed = needs(name, podSpec, extra);
      if (needed === 0n) return [];
      const left = amount(limit) - amount(used[name]);
      return needed <= left
        ? []
        : [
            `${name}: ${shown(needed)} more is needed, and ${shown(left < 0n ? 0n : left)} of ${shown(amount(limit))} is left`,
          ];
    },
  );
}

function needs(name: string, podSpec: Json, { pods, objects }: Extra): bigint {
  if (name === "pods" || name === "count/pods") return amount(pods);
  if (Object.hasOwn(objects, name)) return amount(objects[name] ?? 0);
  const [list, resource] = counted(name) ?? [];
  return list === undefined || resource === undefined ? 0n : ofOnePod(podSpec, list, resource) * BigInt(pods);
}

/** Three digits behind the point at most. */
function shown(value: bigint): string {
  const thousandths = value / 10n ** BigInt(SCALE - 3);
  const rest = String(thousandths % 1000n)
    .padStart(3, "0")
    .replace(/0+$/, "");
  return withUnit(thousandths / 1000n) ?? `${thousandths / 1000n}${rest === "" ? "" : `.${rest}`}`;
}

/** Of bytes, where it is a whole number of them. */
function withUnit(whole: bigint): string | undefined {
  const units: readonly (readonly [string, bigint])[] = [
    ["Gi", 2n ** 30n],
    ["Mi", 2n ** 20n],
  ];
  const [unit, size] = units.find(([, each]) => whole >= each && whole % each === 0n) ?? [];
  return unit === undefined || size === undefined ? undefined : `${whole / size}${unit}`;
}

/** A quota for some pods only. What it says of priorities is not known here, and so it counts. */
function appliesTo(quota: Json, podSpec: Json): boolean {
  const selectors = listAt(objectAt(quota, "spec", "scopeSelector"), "matchExpressions");
  const scopes = [...listAt(quota["spec"], "scopes"), ...selectors.map((one) => member(one, "scopeName"))];
  const containers = [...listAt(podSpec, "containers"), ...listAt(podSpec, "initContainers")];
  const isBestEffort = containers.every((container) => {
    const { requests, limits } = objectAt(container, "resources");
    return [requests, limits].every((list) => !isObject(list) || Object.keys(list).length === 0);
  });
  const ends = typeof podSpec["activeDeadlineSeconds"] === "number";
  const holds: Readonly<Record<string, boolean>> = {
    BestEffort: isBestEffort,
    NotBestEffort: !isBestEffort,
    Terminating: ends,
    NotTerminating: !ends,
  };
  return scopes.every((scope) => (typeof scope === "string" ? holds[scope] : undefined) ?? true);
}
