/** The interface to a cluster that scenes need, and how they are played and shown. */
import type { KubeObject } from "../cluster/harness/api.ts";
import { picture } from "./picture.ts";

export const resources = {
  Pod: "pods",
  Service: "services",
  Endpoints: "endpoints",
  Event: "events",
  EndpointSlice: "endpointslices.discovery.k8s.io",
  ReplicaSet: "replicasets.apps",
  Deployment: "deployments.apps",
  Job: "jobs.batch",
  PodDisruptionBudget: "poddisruptionbudgets.policy",
} as const;
export type KindName = keyof typeof resources;

export interface Step {
  readonly what: string;
  readonly create?: readonly KubeObject[];
  /** Sends a merge patch. */
  readonly patch?: readonly [kind: KindName, name: string, body: object];
  /** "*": all objects of the kind. */
  readonly remove?: readonly [kind: KindName, name: string, propagationPolicy?: string];
  /** How long to wait before the picture is taken. */
  readonly seconds: number;
}

/** One namespace of a cluster. */
export interface Cluster {
  create(kind: KindName, object: KubeObject): Promise<void>;
  patch(kind: KindName, name: string, body: object): Promise<void>;
  remove(kind: KindName, name: string, propagationPolicy: string | undefined): Promise<void>;
  list(kind: KindName): Promise<readonly KubeObject[]>;
  pass(seconds: number): Promise<void>;
}

const isKind = (kind: string | undefined): kind is KindName => kind !== undefined && kind in resources;

async function perform(cluster: Cluster, { create = [], patch, remove }: Step): Promise<void> {
  for (const object of create) {
    if (!isKind(object.kind)) throw new Error(`A scene cannot create a ${String(object.kind)}`);
    await cluster.create(object.kind, object);
  }
  if (patch !== undefined) await cluster.patch(...patch);
  if (remove === undefined) return;
  const [kind, name, policy] = remove;
  const names = name === "*" ? (await cluster.list(kind)).map(({ metadata }) => metadata.name) : [name];
  for (const each of names) await cluster.remove(kind, each, policy);
}

/** @returns a picture after each step, as text */
export async function play(cluster: Cluster, steps: readonly Step[]): Promise<string> {
  const pictures: string[] = [];
  for (const step of steps) {
    await perform(cluster, step);
    await cluster.pass(step.seconds);
    const kinds = Object.keys(resources).filter(isKind);
    const lists = await Promise.all(kinds.map(async (kind) => [kind, await cluster.list(kind)] as const));
    const objects = Object.fromEntries(lists) as Record<KindName, readonly KubeObject[]>;
    pictures.push([`== ${step.what}`, ...picture(objects)].join("\n"));
  }
  return `${pictures.join("\n\n")}\n`;
}
