/** Where the API server is more lenient than the rules of Rollouts, which follow the reference's library. */
import type { Violation } from "../../../kube/validation/violation.ts";

const environment = "a valid environment variable name must consist only of printable ASCII characters other than '='";

/** Names of environment variables are free since Kubernetes 1.32. */
export function relaxed(violations: readonly Violation[]): readonly Violation[] {
  if (violations.length === 0) return violations;
  const seen = new Set<string>();
  return violations.flatMap((violation) => {
    if (violation.rule !== "env-name" || violation.type !== "Invalid") return [violation];
    if (seen.has(violation.path) || /^[ -<>-~]+$/.test(String(violation.value))) return [];
    seen.add(violation.path);
    return [{ ...violation, detail: environment }];
  });
}
