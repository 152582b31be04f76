/**
 * What other people's admission says of a pod template, in sentences that say whose it is
 * (docs/behaviour/admission.md#other-peoples-policies).
 */

const WEBHOOK = /^admission webhook "([^"]+)" denied the request: ?/;
const WEBHOOK_FAILED = /failed calling webhook "([^"]+)": ?/;
const POLICY = /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: ?/;
const QUOTA = /exceeded quota: ([^,]+), /;

/**
 * A refusal of the ReplicaSet, which those who made it may take back tomorrow.
 * @param path of the pod template
 */
export function refusalText(message: string, path: string): string {
  const refuses = (who: string, why: string): string => `${path}: ${who} would refuse these pods now: ${why}`;
  const [whole = "", name = ""] = WEBHOOK.exec(message) ?? [];
  if (name !== "") return refuses(`admission webhook "${name}"`, message.slice(whole.length));
  const failed = WEBHOOK_FAILED.exec(message);
  if (failed !== null) {
    return refuses(`admission webhook "${failed[1]}"`, `it does not answer: ${textAfter(message, failed)}`);
  }
  const policy = POLICY.exec(message);
  if (policy !== null) return refuses(`ValidatingAdmissionPolicy "${policy[1]}"`, textAfter(message, policy));
  const quota = QUOTA.exec(message);
  if (quota !== null) return refuses(`ResourceQuota "${quota[1]}"`, textAfter(message, quota));
  return refuses("the API server", message);
}

const textAfter = (message: string, found: RegExpExecArray): string => message.slice(found.index + found[0].length);

const POLICY_WARNS = /^Validation failed for ValidatingAdmissionPolicy '([^']+)' with binding '[^']+': ?/;

/** A warning; the API server's own already begin with a path of the ReplicaSet. @param spec what that `spec` stands for */
export function warningText(message: string, spec: string): string {
  const own = /^spec\b(?=[.[:])/;
  if (own.test(message)) return message.replace(own, () => spec);
  const warns = (who: string, what: string): string => `${spec}.template: ${who} warns: ${what}`;
  if (message.startsWith("would violate PodSecurity ")) return warns("Pod Security admission", message);
  const policy = POLICY_WARNS.exec(message);
  return policy === null
    ? warns("the API server or an admission webhook", message)
    : warns(`ValidatingAdmissionPolicy "${policy[1]}"`, textAfter(message, policy));
}
