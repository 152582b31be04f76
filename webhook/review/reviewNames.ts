/**
 * Checks the names in a review, which become parts of paths at the API server and keys of our caches. The API server
 * sends only names that it has checked itself, each object in the namespace that it will be stored in; a forged review
 * could make us read, or write about, something else.
 */
import { isAdmitted } from "../../kube/client/resources.ts";
import { dnsLabel, dnsSubdomain } from "../../kube/validation/syntax.ts";
import { record } from "./record.ts";

const CLUSTER_KIND = "ClusterAnalysisTemplate";

const isLabel = (text: string): boolean => dnsLabel(text).length === 0;
const isSubdomain = (text: string): boolean => dnsSubdomain(text).length === 0;
/**
 * Other APIs' kinds may have colons and capitals in their names, but no name has a character that ends a path segment.
 */
const isSegment = (text: string): boolean => /^[^\s/\\?#%\p{C}]{1,253}$/u.test(text) && !/^\.\.?$/.test(text);

export interface ReviewNames {
  readonly group: string;
  readonly kind: string;
  readonly subResource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: unknown;
  readonly oldObject: unknown;
}

/**
 * Why the API server cannot have sent these names; undefined: it can.
 * @param requested the name in the request, "" where the object is to get one
 */
export function strangeName(review: ReviewNames, requested: string): string | undefined {
  const { group, kind, namespace, name, subResource } = review;
  if (group !== "" && !isSubdomain(group)) return "the request's API group is not valid";
  if (!/^[A-Za-z][A-Za-z0-9]{0,62}$/.test(kind)) return "the request's kind is not valid";
  if (namespace !== "" && !isLabel(namespace)) return "the request's namespace is not an RFC 1123 label";
  if (name !== "" && !isSegment(name)) return "the request's name cannot be the name of an object";
  if (group !== "argoproj.io") return undefined;
  // With generateName the name read here is its prefix, which may end in these characters.
  if (name !== "" && !isSubdomain(name.replace(/[-.]+$/, ""))) return "the request's name is not an RFC 1123 subdomain";
  if (subResource !== "") return undefined;
  if (kind === CLUSTER_KIND && namespace !== "") return `a ${kind} has no namespace`;
  if (kind !== CLUSTER_KIND && isAdmitted(kind) && namespace === "") return `a ${kind} has a namespace`;
  return (
    strangeMetadata(review.object, namespace, requested) ?? strangeMetadata(review.oldObject, namespace, requested)
  );
}

function strangeMetadata(object: unknown, namespace: string, requested: string): string | undefined {
  const holder = record(object);
  if (holder === undefined) return undefined;
  const metadata = record(holder["metadata"]) ?? {};
  // A component that sends reviews in the API server's place (Karmada) may leave it out, which names nothing else.
  const own = metadata["namespace"] ?? "";
  if (own !== "" && own !== namespace) return "the object's namespace is not the request's";
  if (requested !== "" && metadata["name"] !== undefined && metadata["name"] !== requested) {
    return "the object's name is not the request's";
  }
  return undefined;
}
