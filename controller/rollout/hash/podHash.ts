/**
 * The hashes by which the reference names and recognises things, byte for byte: a cluster that it ran is taken over in
 * place, and back, without a pod restarted (docs/behaviour/hashes-and-names.md#pod-template-hash).
 */
import { spend } from "../../../kube/object/budget.ts";
import { goJson, type Encoding } from "../../../kube/object/goJson.ts";
import { goType, type GoType } from "../../../kube/object/goTypes.ts";
import { newerMembers, podTypes } from "./podTypes.ts";
import { stepTypes } from "./stepTypes.ts";

export const podTemplateType = goType(podTypes, "PodTemplateSpec", newerMembers);
const stepsType: GoType = { kind: "list", of: goType(stepTypes, "CanaryStep") };

const utf8 = new TextEncoder();
const safeAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** FNV-1a, 32 bits. */
function fnv(bytes: Uint8Array, start = 0x811c9dc5): number {
  let hash = start;
  // Counted, not for-of: an iterator over bytes takes as long as all the rest of the work.
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

/** The text to hash; every byte of it costs a step. */
function bytesOf(json: string): Uint8Array {
  spend(json.length / 32, "hashing its template or steps");
  return utf8.encode(json);
}

/** The decimal digits as apimachinery's rand.SafeEncodeString writes them: no vowels, so no bad words. */
const safe = (hash: number): string =>
  Array.from(String(hash), (digit) => safeAlphabet[digit.charCodeAt(0) % safeAlphabet.length]).join("");

/** Fed when `status.collisionCount` is set, even to 0: its 32 bits, little endian, in 8 bytes. */
function collisionBytes(count: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setUint32(0, count, true);
  return new Uint8Array(bytes.buffer);
}

/**
 * The label `rollouts-pod-template-hash` of a Rollout's template (`spec.template` as stored, nothing defaulted), 1 to 10
 * characters of `456789bcdf`: the reference's hash, whatever else the template holds.
 *
 * The reference drops members that its Go types do not have, so an edit to one of them rolls nothing out. We keep its
 * bytes and append the members that a newer Kubernetes has (`newerMembers`): a template that uses none of them hashes as
 * it does there. All other unknown members stay dropped: they are mistakes or private notes, no API server keeps them in a
 * ReplicaSet, and to hash them would restart the pods of everyone whose manifests carry one, on the day of the move.
 *
 * @param collisionCount `status.collisionCount`; null and undefined are "not set", which is not the same as 0
 */
export function podTemplateHash(template: unknown, collisionCount: number | null | undefined): string {
  const encoding: Encoding = { path: [], newer: [] };
  const known = goJson(template, podTemplateType, encoding);
  const hash = fnv(bytesOf([known, ...encoding.newer].join("\n")));
  return safe(typeof collisionCount === "number" ? fnv(collisionBytes(collisionCount), hash) : hash);
}

/**
 * `status.currentStepHash` of a canary's `steps` (docs/behaviour/hashes-and-names.md#step-hash). No steps and an empty
 * list are the same: the reference reads its own writing, where an empty list is left out. For a blueGreen Rollout the
 * field is "", and this is not called.
 */
export function stepHash(steps: unknown): string {
  const given = Array.isArray(steps) && steps.length === 0 ? undefined : steps;
  return safe(fnv(bytesOf(goJson(given, stepsType, { path: [], newer: [] }))));
}
