/** Whether a Deployment is to become a Rollout, how, and with which profile (docs/migration.md#asking-for-it). */
import { textAt } from "../convert/objects.ts";
import type { Mode } from "../convert/toRollout.ts";
import { MIGRATE, PROFILE } from "../../../schema/labels.ts";

export type OptIn =
  | { readonly kind: "in"; readonly mode: Mode }
  /** Nobody has asked for it. */
  | { readonly kind: "not" }
  /** Kept out of its Namespace's. */
  | { readonly kind: "out" }
  /** @property place `metadata.labels[sluice.dev/migrate] of Namespace "shop"` */
  | { readonly kind: "wrong"; readonly value: string; readonly place: string };

/** The Deployment's annotation counts before its Namespace's label. @param namespace undefined: not known */
export function optInOf(deployment: unknown, namespace: unknown): OptIn {
  const own = textAt(deployment, "metadata", "annotations", MIGRATE);
  if (own === "none") return { kind: "out" };
  if (own !== "") return modeOf(own, `metadata.annotations[${MIGRATE}]`);
  const theirs = textAt(namespace, "metadata", "labels", MIGRATE);
  if (theirs === "") return { kind: "not" };
  return modeOf(theirs, `metadata.labels[${MIGRATE}] of Namespace "${textAt(namespace, "metadata", "name")}"`);
}

const modeOf = (value: string, place: string): OptIn =>
  value === "reference" || value === "adopt" ? { kind: "in", mode: value } : { kind: "wrong", value, place };

/** "" where neither names one. */
export const profileNameOf = (deployment: unknown, namespace: unknown): string =>
  textAt(deployment, "metadata", "annotations", PROFILE) || textAt(namespace, "metadata", "annotations", PROFILE);
