/** Reviews of HorizontalPodAutoscalers (docs/behaviour/admission.md#deployments-that-migrate). */
import { SCALE_TARGET_BEFORE } from "../../schema/labels.ts";
import type { Answer, PatchOperation, Review } from "../review/review.ts";
import { record } from "../review/record.ts";
import { admitted, type Migrations, untouched } from "./migrations.ts";
import { annotate, annotationIn, isGoing } from "./objects.ts";

interface Target {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

/** One that scales a Deployment whose pods a Rollout has scales the Rollout, and the Deployment again when that is over. */
export function reviewAutoscaler({ object, namespace }: Review, migrations: Migrations): Answer {
  const target = targetOf(record(record(object)?.["spec"])?.["scaleTargetRef"]);
  if (target === undefined || isGoing(object)) return untouched;
  if (isOf(target, "Deployment", "apps/")) return forth(object, target, namespace, migrations);
  return isOf(target, "Rollout", "argoproj.io/") ? back(object, target, namespace, migrations) : untouched;
}

function forth(object: unknown, target: Target, namespace: string, migrations: Migrations): Answer {
  const rollout = ownerOf(target.name, namespace, migrations);
  if (rollout === undefined) {
    const isStale = annotationIn(object, SCALE_TARGET_BEFORE) !== undefined;
    return isStale ? admitted(annotate(object, { [SCALE_TARGET_BEFORE]: undefined })) : untouched;
  }
  const next = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: rollout };
  return admitted([pointAt(next), ...annotate(object, { [SCALE_TARGET_BEFORE]: JSON.stringify(target) })]);
}

/** Where we did not change the target it is its user's. */
function back(object: unknown, target: Target, namespace: string, migrations: Migrations): Answer {
  const before = targetOf(parsed(annotationIn(object, SCALE_TARGET_BEFORE)));
  if (before === undefined || !isOf(before, "Deployment", "apps/")) return untouched;
  if (ownerOf(before.name, namespace, migrations) === target.name) return untouched;
  return admitted([pointAt(before), ...annotate(object, { [SCALE_TARGET_BEFORE]: undefined })]);
}

/** The Rollout that has the pods of the Deployment of this name, whether that is still there or not. */
function ownerOf(deployment: string, namespace: string, migrations: Migrations): string | undefined {
  const rollout = migrations.rolloutOf(namespace, deployment);
  if (rollout !== undefined) return rollout;
  const origin = migrations.originOf(namespace, deployment);
  return origin === "reference" || origin === "adopt" ? deployment : undefined;
}

const pointAt = (value: Target): PatchOperation => ({ op: "add", path: "/spec/scaleTargetRef", value });

const isOf = ({ apiVersion = "", kind }: Target, wanted: string, group: string): boolean =>
  kind === wanted && apiVersion.startsWith(group);

function targetOf(value: unknown): Target | undefined {
  const { apiVersion, kind, name } = record(value) ?? {};
  if (typeof kind !== "string" || typeof name !== "string") return undefined;
  return { ...(typeof apiVersion === "string" && { apiVersion }), kind, name };
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
