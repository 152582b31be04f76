/** Reviews of HorizontalPodAutoscalers (docs/behaviour/admission.md#deployments-that-migrate). */
import { INSTANCE_LABEL, SCALE_TARGET_BEFORE } from "../../schema/labels.ts";
import type { Answer, PatchOperation, Review } from "../review/review.ts";
import { record } from "../review/record.ts";
import { admitted, type Migrations, untouched } from "./migrations.ts";
import { annotate, annotationIn, isGoing } from "./objects.ts";

interface Target {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

const NOTHING_BEFORE = { [SCALE_TARGET_BEFORE]: undefined, [INSTANCE_LABEL]: undefined };

/** One that scales a Deployment whose pods a Rollout has scales the Rollout, and the Deployment again when that is over. */
export function reviewAutoscaler(review: Review, migrations: Migrations, instanceId: string): Answer {
  const { object } = review;
  const target = targetOf(record(record(object)?.["spec"])?.["scaleTargetRef"]);
  if (target === undefined || isGoing(object)) return untouched;
  if (isOf(target, "Deployment", "apps/")) return forth(review, target, migrations, instanceId);
  // What another installation has pointed at a Rollout it points back.
  const isOurs = (annotationIn(object, INSTANCE_LABEL) ?? "") === instanceId;
  return isOurs && isOf(target, "Rollout", "argoproj.io/") ? back(review, migrations) : untouched;
}

function forth({ object, namespace }: Review, target: Target, migrations: Migrations, instanceId: string): Answer {
  const rollout = ownerOf(target.name, namespace, migrations);
  if (rollout === undefined) {
    const isStale =
      annotationIn(object, SCALE_TARGET_BEFORE) !== undefined &&
      (annotationIn(object, INSTANCE_LABEL) ?? "") === instanceId;
    return isStale ? admitted(annotate(object, NOTHING_BEFORE)) : untouched;
  }
  const next = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: rollout };
  const marks = {
    [SCALE_TARGET_BEFORE]: JSON.stringify(target),
    [INSTANCE_LABEL]: instanceId === "" ? undefined : instanceId,
  };
  return admitted([pointAt(next), ...annotate(object, marks)]);
}

/** Where we did not change the target it is its user's. */
function back({ object, namespace }: Review, migrations: Migrations): Answer {
  const target = record(record(object)?.["spec"])?.["scaleTargetRef"];
  const before = targetOf(parsed(annotationIn(object, SCALE_TARGET_BEFORE)));
  if (before === undefined || !isOf(before, "Deployment", "apps/")) return untouched;
  if (ownerOf(before.name, namespace, migrations) === record(target)?.["name"]) return untouched;
  return admitted([pointAt(before), ...annotate(object, NOTHING_BEFORE)]);
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
