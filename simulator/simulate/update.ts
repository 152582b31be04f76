/** The update that a simulation plays: a new image, pods that do not work, or nothing but a new template. Pure. */
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Manifest } from "../model/manifest.ts";

export interface ImageChange {
  /** Undefined: the first one. */
  readonly container: string | undefined;
  readonly image: string;
}

export type PodFault =
  | { readonly kind: "never ready" }
  /** So long after each start. */
  | { readonly kind: "crash"; readonly afterMs: number };

export interface Update {
  readonly image: ImageChange | undefined;
  readonly fault: PodFault | undefined;
}

export interface UpdatePatch {
  /** Whose pod template it is: the Rollout, or the workload that it takes its pods from. */
  readonly of: Manifest;
  /** A merge patch. */
  readonly body: Json;
  /** Of the container that changes, or of the first one. */
  readonly images: { readonly old: string; readonly new: string };
}

/** @returns a sentence where there is no such container */
export function updatePatch(
  rollout: Rollout,
  objects: readonly Manifest[],
  { image, fault }: Update,
): UpdatePatch | string {
  const ref = rollout.spec.workloadRef;
  const owner = objects.find(
    ({ kind, metadata }) => kind === (ref?.kind ?? "Rollout") && metadata.name === (ref?.name ?? rollout.metadata.name),
  );
  const containers = containersOf(owner);
  const at = image?.container === undefined ? 0 : containers.findIndex(({ name }) => name === image.container);
  const container = containers[at];
  if (owner === undefined || container === undefined) {
    const names = containers.map(({ name }) => String(name)).join(", ");
    return image?.container === undefined
      ? "the pods have no container"
      : `the pods have no container "${image.container}": they have ${names}`;
  }
  const old = typeof container["image"] === "string" ? container["image"] : "";
  const changed = containers.map((one, index) =>
    index === at && image !== undefined ? { ...one, image: image.image } : one,
  );
  const annotations = {
    // A template that is the same would be no update.
    "sim.sluice.dev/update": "1",
    ...(fault?.kind === "never ready" && { "sim.sluice.dev/never-ready": "true" }),
    ...(fault?.kind === "crash" && { "sim.sluice.dev/crash-after": `${fault.afterMs}ms` }),
  };
  const template = { metadata: { annotations }, ...(image !== undefined && { spec: { containers: changed } }) };
  return { of: owner, body: { spec: { template } }, images: { old, new: image?.image ?? old } };
}

function containersOf(owner: Manifest | undefined): readonly Json[] {
  const { template } = (owner?.["spec"] ?? {}) as {
    readonly template?: { readonly spec?: { readonly containers?: unknown } };
  };
  const containers = template?.spec?.containers;
  return isList(containers) ? containers.filter(isObject) : [];
}
