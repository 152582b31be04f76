/**
 * Requests and limits (docs/behaviour/validation.md#pod-template). Quantities are compared as rounded up to
 * thousandths.
 */
import { flatMap } from "../../../object/flatMap.ts";
import { once, spendSort } from "../../../object/budget.ts";
import { at, entries, items, pathOf, type Place, placed, text } from "../../place.ts";
import { isNegative, isWhole, parseQuantity, type Quantity, quantityRule } from "../../resourceQuantity.ts";
import { dnsLabel, qualifiedName } from "../../syntax.ts";
import { listed } from "../../nearNames.ts";
import { quantityHelp } from "../../quantityHelp.ts";
import {
  duplicate,
  forbidden,
  helped,
  invalid,
  invalidTexts,
  notFound,
  required,
  type Violation,
} from "../../violation.ts";

const OF_CONTAINERS = ["cpu", "memory", "ephemeral-storage"];
const COUNTED = [
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
];
/** Names without a prefix that Kubernetes knows; most of them only in quotas. */
const STANDARD = new Set([
  ...OF_CONTAINERS,
  ...["cpu", "memory", "ephemeral-storage", "storage"].map((resource) => `requests.${resource}`),
  ...OF_CONTAINERS.map((resource) => `limits.${resource}`),
  "storage",
  ...COUNTED,
]);

const KNOWN = `Containers have ${listed(OF_CONTAINERS)}; others have a prefix, such as nvidia.com/gpu`;

const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
const isNative = (name: string): boolean => !name.includes("/") || name.includes("kubernetes.io/");

/** `vendor.example/thing`, which must still be a name once a quota puts `requests.` before it. */
const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith("requests.") && qualifiedName(`requests.${name}`).length === 0;

/** Whether a container may be promised less than its limit. */
const canOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);

export const containerResources = (resources: Place, claims: ReadonlySet<string>): readonly Violation[] => [
  ...amounts(resources, at(resources, "limits"), at(resources, "requests")),
  ...claimReferences(at(resources, "claims"), claims),
];

/** The pod's overhead obeys the rules of limits. */
export function overheadViolations(overhead: Place): readonly Violation[] {
  return amounts(
    overhead,
    placed(overhead.value, `${pathOf(overhead)}.limits`, pathOf(overhead)),
    placed(undefined, `${pathOf(overhead)}.requests`),
  );
}

function amounts(resources: Place, limits: Place, requests: Place): readonly Violation[] {
  const limitOf = new Map(entries(limits).map(([name, place]) => [name, parseQuantity(place.value ?? 0)]));
  const names = [...entries(limits), ...entries(requests)].map(([name]) => name);
  const lonely = names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory");
  return [
    ...entries(limits).flatMap(([name, place]) => amount(name, place)),
    ...entries(requests).flatMap(([name, place]) => [
      ...amount(name, place),
      ...withinLimit(name, place, { limits, requests, limit: limitOf.get(name), limited: limitOf.has(name) }),
    ]),
    ...(lonely ? [forbidden("huge-pages-alone", resources, "HugePages require cpu or memory")] : []),
  ];
}

function amount(name: string, place: Place): readonly Violation[] {
  // A null amount counts as absent.
  const quantity = parseQuantity(place.value ?? 0);
  return [
    ...resourceName(name, place),
    ...(quantity === undefined
      ? [helped(invalid("resource-quantity", place, quantityRule(place.value)), quantityHelp(place.value))]
      : quantityViolations(name, place, quantity)),
  ];
}

function resourceName(name: string, place: Place): readonly Violation[] {
  const rule = "resource-name";
  const malformed = qualifiedName(name).map((message) => invalid(rule, place, message, name));
  const plain = !name.includes("/");
  const unknown = malformed.length === 0 && plain && !STANDARD.has(name) && !/^(?:requests\.)?hugepages-/.test(name);
  const violation = (detail: string): Violation => invalid(rule, place, detail, name);
  return [
    ...malformed,
    ...(unknown ? [helped(violation("must be a standard resource type or fully qualified"), KNOWN)] : []),
    ...(plain && !OF_CONTAINERS.includes(name) && !isHugePages(name)
      ? [helped(violation("must be a standard resource for containers"), KNOWN)]
      : []),
    ...(!isNative(name) && !isExtended(name) ? [violation("doesn't follow extended resource name standard")] : []),
  ];
}

function quantityViolations(name: string, place: Place, quantity: Quantity): readonly Violation[] {
  const printed = quantity.text;
  const counted = COUNTED.includes(name) || isExtended(name);
  return [
    ...(isNegative(quantity)
      ? [invalid("resource-negative", place, "must be greater than or equal to 0", printed)]
      : []),
    ...(counted && !isWhole(quantity) ? [invalid("resource-integer", place, "must be an integer", printed)] : []),
  ];
}

interface Limited {
  readonly limits: Place;
  readonly requests: Place;
  readonly limit: Quantity | undefined;
  readonly limited: boolean;
}

/** Reported at the whole list; a resource that cannot be overcommitted needs an equal limit. */
function withinLimit(name: string, place: Place, { limits, requests, limit, limited }: Limited): readonly Violation[] {
  const rule = "resource-within-limit";
  const request = parseQuantity(place.value ?? 0);
  if (!limited) {
    if (canOvercommit(name)) return [];
    return [required(rule, limits, "Limit must be set for non overcommitable resources")];
  }
  if (request === undefined || limit === undefined || request.milli === limit.milli) return [];
  if (canOvercommit(name) && request.milli < limit.milli) return [];
  const relation = canOvercommit(name) ? "less than or equal to" : "equal to";
  const where = placed(request.text, pathOf(requests), pathOf(place));
  const found = invalid(rule, where, `must be ${relation} ${name} limit of ${limit.text}`);
  return [helped(found, `Lower requests.${name}, or raise limits.${name}`)];
}

function claimReferences(references: Place, claims: ReadonlySet<string>): readonly Violation[] {
  const rule = "resource-claim-reference";
  const seen = new Set<string>();
  // The names of claims of which a single request is referenced already.
  const requested = new Set<string>();
  return flatMap(items(references), (reference) => {
    const name = text(at(reference, "name"));
    const request = at(reference, "request");
    if (name === "") return [required(rule, reference)];
    const key = text(request) === "" ? name : `${name}/${text(request)}`;
    const overlaps = text(request) === "" && requested.has(name);
    const repeated = seen.has(name) ? name : seen.has(key) || overlaps ? key : undefined;
    seen.add(key);
    if (key.includes("/")) requested.add(text(request) === "" ? key.slice(0, key.indexOf("/")) : name);
    return [
      ...(text(request) === "" ? [] : invalidTexts(rule, request, dnsLabel(text(request)))),
      ...(repeated === undefined ? [] : [duplicate(rule, reference, repeated)]),
      ...(claims.has(name) ? [] : [notFound(rule, reference, knownClaims(claims), name)]),
    ];
  });
}

const knownClaims = (claims: ReadonlySet<string>): string =>
  once("names of resource claims", claims, () => {
    spendSort(claims.size, "listing resource claims");
    return claimNames(claims);
  });

const claimNames = (claims: ReadonlySet<string>): string =>
  `must be one of the names in pod.spec.resourceClaims${claims.size === 0 ? " which is empty" : `: ${[...claims].toSorted().join(", ")}`}`;
