/** A router's row: what of its objects a simulation makes up. One file a router, one line in ../routedObjects.ts. Pure. */
import { isList, type Json } from "../../../kube/object/json.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Manifest } from "../../model/manifest.ts";

export interface MadeUpRouter {
  /** CustomResourceDefinitions of its kinds, in the controller's versions by default; empty where Kubernetes has them. */
  readonly kinds: readonly Manifest[];
  /** Services that its settings name beside the Rollout's. */
  readonly services?: (settings: Json) => readonly string[];
  /** The objects that it finds, all requests at stable. @param settings its member of `trafficRouting` */
  readonly objects: (settings: Json, rollout: Rollout) => readonly Manifest[];
}

export const isName = (value: unknown): value is string => typeof value === "string" && value !== "";

/** The name in one member, and those in the list of another; each once. */
export function names(settings: unknown, one: string, several: string): readonly string[] {
  const members = settings as Json | undefined;
  const more = members?.[several];
  return [...new Set([members?.[one], ...(isList(more) ? more : [])].filter(isName))];
}

export const custom = (apiVersion: string, kind: string, name: string, spec: Json): Manifest => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

/** "" where it does not name one. */
export const stableOf = ({ spec }: Rollout): string => spec?.strategy?.canary?.stableService ?? "";
const canaryOf = ({ spec }: Rollout): string => spec?.strategy?.canary?.canaryService ?? "";

/** Both Services as targets, all to stable. */
export const targetsOf = (rollout: Rollout) =>
  [
    { name: stableOf(rollout), port: 80, weight: 100 },
    { name: canaryOf(rollout), port: 80, weight: 0 },
  ] as const;

export const ingress = (name: string, ingressClassName: string, service: string, port: Json): Manifest => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    ingressClassName,
    rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: service, port } } }] } }],
  },
});

/** A kind of a router's: no server knows it by itself. */
export const definition = (group: string, versions: readonly string[], kind: string, plural: string): Manifest => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
    versions: versions.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    })),
  },
});
