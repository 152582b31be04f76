/** What the routers by Ingress have in common: where Ingresses are, and what of them they read. */
import { once } from "../../kube/object/budget.ts";
import { at, items, root, text } from "../../kube/validation/place.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ObjectRef, RoutedObject, RoutedResource, RouterSettings } from "./router.ts";

export const INGRESSES: RoutedResource = {
  kind: "Ingress",
  group: "networking.k8s.io",
  version: "v1",
  plural: "ingresses",
};

/** Older than `spec.ingressClassName`, and stronger: controllers look at it first. */
export const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

interface IngressPath {
  /** A Service, or some other resource. */
  readonly backend: { readonly service?: { readonly name: string; readonly port?: { readonly name?: string } } };
}

export interface IngressRule {
  readonly http?: { readonly paths: readonly IngressPath[] };
}

export interface IngressSpec {
  readonly ingressClassName?: string;
  readonly defaultBackend?: unknown;
  readonly rules?: readonly IngressRule[];
}

/** The API server has checked its own kinds. */
export const specOf = (ingress: RoutedObject): IngressSpec => ingress.spec ?? {};

export const ingressRef = (rollout: Rollout, name: string): ObjectRef => ({
  resource: INGRESSES,
  namespace: rollout.metadata.namespace,
  name,
});

/** "" where none is set. */
function classOf(ingress: RoutedObject): string {
  return ingress.metadata.annotations?.[CLASS_ANNOTATION] || specOf(ingress).ingressClassName || "";
}

/** An Ingress of no class may be anybody's; of others only those that the controller was told of are news. */
export function isOfKnownClass(
  ingress: RoutedObject,
  { nginxIngressClasses, albIngressClasses }: RouterSettings,
): boolean {
  const name = classOf(ingress);
  return name === "" || nginxIngressClasses.includes(name) || albIngressClasses.includes(name);
}

/** As the API server puts it. */
export const notFound = (name: string): string => `ingress.networking.k8s.io "${name}" not found`;

/** `serviceName`: as Ingresses had it before networking.k8s.io/v1. The default backend does not count. */
export const leadsTo = (ingress: unknown, service: string): boolean =>
  once(`whether an Ingress leads to ${service}`, ingress, () =>
    items(at(root(ingress), "spec", "rules"))
      .flatMap((rule) => items(at(rule, "http", "paths")))
      .map((path) => at(path, "backend"))
      .some((backend) =>
        [at(backend, "service", "name"), at(backend, "serviceName")].some((name) => text(name) === service),
      ),
  );
