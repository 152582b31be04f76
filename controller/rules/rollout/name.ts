/** The name of a Rollout (docs/behaviour/validation.md#the-name). */
import { at, root, text } from "../../../kube/validation/place.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";

/** The most that an object's name may have (Kubernetes' DNS subdomain). */
const LONGEST = 253;
/** A ReplicaSet is named after its Rollout, a dash, and a hash of ten characters at most. */
const LONGEST_SUFFIX = 11;

/** Its ReplicaSets would have names that the API server refuses; the reference finds out when it makes one. */
export function nameViolations(rollout: unknown): readonly Violation[] {
  const place = at(root(rollout), "metadata", "name");
  const most = LONGEST - LONGEST_SUFFIX;
  if (text(place).length <= most) return [];
  const detail = `must have at most ${most} characters: its ReplicaSets are named after it, with a hash behind`;
  return [invalid("rollout-name", place, detail)];
}
