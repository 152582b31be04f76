/** What the pods of a Rollout lack, in their own reasons. */
import { missingText, podsText } from "../status/stuck.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import type { Evidence } from "./evidence.ts";
import { clause, revisionWords, type Scene } from "./gate.ts";

interface Checked {
  readonly evidence: Pick<Evidence, "checks">;
}

/** `1 of 1 pods not ready: ImagePullBackOff, container "web", …`; undefined when nothing is known. */
export function podReasons({ evidence }: Checked, set: ReplicaSetFacts): string | undefined {
  const check = evidence.checks.get(set.uid);
  const told = [check === undefined ? undefined : podsText(check), missingText(set), tooYoung(set)];
  const known = told.filter((sentence) => sentence !== undefined).map(clause);
  return known.length === 0 ? undefined : known.join("; ");
}

function tooYoung({ minReadySeconds, status }: ReplicaSetFacts): string | undefined {
  const young = status.readyReplicas - status.availableReplicas;
  if (young <= 0 || minReadySeconds === 0) return undefined;
  return `${young} ready for less than minReadySeconds (${minReadySeconds}s)`;
}

/** `2 of 3 pods of revision 4 are available`. */
export const countWords = (set: ReplicaSetFacts): string =>
  `${set.status.availableReplicas} of ${set.replicas} pods of ${revisionWords(set)} are available`;

/** The count, and why it is not more. */
export function lackWords(scene: Scene, set: ReplicaSetFacts | undefined): string {
  if (set === undefined) return "its ReplicaSet is not there";
  const reasons = podReasons(scene, set);
  return `${countWords(set)}${reasons === undefined ? "" : ` (${reasons})`}`;
}
