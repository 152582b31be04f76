/**
 * Paths on the API server, built from parts: the only place that puts names into URLs. Many of the parts are written by
 * others: a review's namespace, names in specs and annotations. A part must stay one part, whatever it holds:
 * with `"kube-system/replicasets#"` as its namespace, a request meant as a dry run once wrote in another namespace.
 */
import { dnsSubdomain } from "../validation/syntax.ts";
import type { Resource } from "../../schema/kube.ts";

declare const built: unique symbol;

/** A path built by a function of this file; a KubeClient accepts no other. Escaped, without a query. */
export type ApiPath = string & { readonly [built]: true };

export interface ObjectPlace {
  /** Undefined: the kind is cluster-scoped. */
  readonly namespace?: string | undefined;
  readonly name: string;
  /** "status", "eviction", … */
  readonly subresource?: string | undefined;
}

/** The longest name that Kubernetes allows for anything. */
const maxLength = 253;

/** Characters that end a segment or begin an escape, and control characters: no name has them. */
// oxlint-disable-next-line no-control-regex
const unfit = /[/\\?#%\u0000-\u001f\u007f-\u009f]/;

/** Why the text cannot be one segment of a path; undefined: it can. */
function fault(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text.length > maxLength) return `it is longer than ${maxLength} characters`;
  if (text === "." || text === "..") return "it would name another path";
  if (unfit.test(text)) return 'it has "/", "\\", "?", "#", "%" or a control character';
  return text.isWellFormed() ? undefined : "it is not valid Unicode";
}

/**
 * Whether an object can have this name: valid for all kinds that are looked up under a name from a spec or an
 * annotation (RFC 1123 subdomains). An object with any other name cannot exist, and need not be requested.
 */
export const canBeName = (text: string): boolean => text.length <= maxLength && dnsSubdomain(text).length === 0;

function segment(part: string, text: string): string {
  const why = fault(text);
  if (why === undefined) return encodeURIComponent(text);
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  throw new Error(`Not sent to the API server: the ${part} ${shown} cannot be part of a path: ${why}`);
}

const join = (parts: readonly string[]): ApiPath => `/${parts.join("/")}` as ApiPath;

const collectionParts = ({ group, version, plural }: Resource, namespace: string | undefined): string[] => [
  ...(group === "" ? ["api"] : ["apis", segment("API group", group)]),
  segment("version", version),
  ...(namespace === undefined ? [] : ["namespaces", segment("namespace", namespace)]),
  segment("resource", plural),
];

/**
 * "/apis/apps/v1/namespaces/NS/replicasets". @param namespace undefined: all namespaces, or the kind is cluster-scoped.
 * @throws {Error} when a part is not one that Kubernetes allows
 */
export const collectionPath = (resource: Resource, namespace?: string): ApiPath =>
  join(collectionParts(resource, namespace));

/** "/apis/argoproj.io/v1alpha1/namespaces/NS/rollouts/NAME/status". @throws {Error} as `collectionPath` */
export const objectPath = (resource: Resource, { namespace, name, subresource }: ObjectPlace): ApiPath =>
  join([
    ...collectionParts(resource, namespace),
    segment("name", name),
    ...(subresource === undefined ? [] : [segment("subresource", subresource)]),
  ]);

/** Which version the API server is. */
export const VERSION_PATH: ApiPath = join(["version"]);
/** At the end of the version that a cluster of `sluice dev` says. */
export const LOCAL_BUILD = "+sluice";

/** What an API group has: "/apis/networking.istio.io", and with a version its resources. @throws {Error} as `collectionPath` */
export const groupPath = (group: string, version?: string): ApiPath =>
  join([
    ...(group === "" ? ["api"] : ["apis", segment("API group", group)]),
    ...(version === undefined ? [] : [segment("version", version)]),
  ]);

/**
 * A field selector for the one object of this name: commas and the like are escaped as Kubernetes does it, so that the
 * name cannot add a condition. @throws {Error} when no object can have this name
 */
export function nameSelector(name: string): string {
  segment("name", name);
  return `metadata.name=${name.replaceAll(/[,=]/g, "\\$&")}`;
}

/**
 * A path that was built elsewhere, taken apart and built again of its parts; without a query.
 * @returns undefined: it is no path of the Kubernetes API, or one of its parts is no part of a path
 */
export function rebuiltPath(text: string): ApiPath | undefined {
  const [empty, root, ...rest] = text.split("/");
  if (empty !== "" || (root !== "api" && root !== "apis") || rest.length === 0) return undefined;
  const parts = rest.map(decoded);
  if (parts.some((part) => part === undefined || fault(part) !== undefined)) return undefined;
  return join([root, ...parts.map((part) => encodeURIComponent(part ?? ""))]);
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
