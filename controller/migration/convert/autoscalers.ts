/** What names a workload to scale it, and so has to name the other kind when that is converted. */
import { isObject, type Json } from "../../../kube/object/json.ts";
import { inSameNamespace, objectAt, textAt } from "./objects.ts";

const KINDS: Readonly<Record<string, readonly [group: string, member: string]>> = {
  HorizontalPodAutoscaler: ["autoscaling/", "scaleTargetRef"],
  ScaledObject: ["keda.sh/", "scaleTargetRef"],
  VerticalPodAutoscaler: ["autoscaling.k8s.io/", "targetRef"],
};

const VERSIONS = { rollout: "argoproj.io/v1alpha1", deployment: "apps/v1" } as const;
const NAMES = { rollout: "Rollout", deployment: "Deployment" } as const;

export interface Retargeted {
  /** `spec.scaleTargetRef` */
  readonly place: string;
  /** What to write there, as one line of YAML. */
  readonly line: string;
  readonly changed: Json;
  readonly isHpa: boolean;
}

/** Undefined where `object` does not name `workload`, which becomes a Rollout or a Deployment. */
export function retargeted(object: unknown, workload: unknown, to: keyof typeof NAMES): Retargeted | undefined {
  const kind = textAt(object, "kind");
  const [group, member] = (Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined) ?? [];
  if (!isObject(object) || group === undefined || member === undefined) return undefined;
  if (!textAt(object, "apiVersion").startsWith(group) || !inSameNamespace(object, workload)) return undefined;
  const ref = objectAt(object, "spec", member);
  const from = NAMES[to === "rollout" ? "deployment" : "rollout"];
  // KEDA takes a Deployment where no kind is given.
  const named = textAt(ref, "kind") || (kind === "ScaledObject" ? NAMES.deployment : "");
  if (named !== from || textAt(ref, "name") !== textAt(workload, "metadata", "name")) return undefined;
  const [apiVersion, target] = [VERSIONS[to], NAMES[to]];
  return {
    place: `spec.${member}`,
    line: `{apiVersion: ${apiVersion}, kind: ${target}, name: ${textAt(ref, "name")}}`,
    changed: { ...object, spec: { ...objectAt(object, "spec"), [member]: { ...ref, apiVersion, kind: target } } },
    isHpa: kind === "HorizontalPodAutoscaler",
  };
}
