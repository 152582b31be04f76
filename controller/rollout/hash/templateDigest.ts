/** Whether two pod templates mean the same to Kubernetes, of which one has been stored and defaulted and one has not. */
import { spend } from "../../../kube/object/budget.ts";
import { goJson, type Encoding } from "../../../kube/object/goJson.ts";
import { podDefaults } from "./podDefaults.ts";
import { podTemplateType } from "./podHash.ts";

/** 64 bits of two multiplicative hashes, mixed: plenty to distinguish the few revisions of one Rollout. */
function mixed(text: string): string {
  spend(text.length / 32, "hashing its template or steps");
  let a = 0x2545f491;
  let b = 0x4f6cdd1d;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * A short text (16 hex digits), the same for two templates exactly when they are equal to Kubernetes
 * (docs/behaviour/hashes-and-names.md#equal-templates): a Rollout's template and that of the ReplicaSet made of it give
 * the same one, however the API server has defaulted it. The cache keeps this text instead of the template of every
 * ReplicaSet.
 *
 * Ignored: the hash label, the deprecated `serviceAccount` (it is read as serviceAccountName where that is missing),
 * how a quantity is written, empty against absent lists and maps, members that no API server knows. The defaults are
 * applied to both sides, so it does not matter which version of the API server stored one of them. What the controller
 * itself has injected (ephemeral metadata, anti-affinity) the caller removes from the ReplicaSet's template first: the
 * ReplicaSet records what that is, so this function need not know.
 */
export function templateDigest(template: unknown): string {
  const encoding: Encoding = { defaults: podDefaults, path: [], newer: [] };
  const known = goJson(template, podTemplateType, encoding);
  return mixed([known, ...encoding.newer].join("\n"));
}
