/** What admission would say of stored objects now: the same rules, on what the cluster holds. */
import type { Violation } from "../../../kube/validation/violation.ts";
import { violationText } from "../../../kube/validation/violation.ts";
import type { DoctorFacts, Judged } from "../facts.ts";
import { type Finding, withoutStop } from "../finding.ts";

/** Warnings of admission, since the missing may be on its way; what is stored waits for it. */
const HOLDS: ReadonlySet<string> = new Set([
  "service-missing",
  "template-missing",
  "workload-missing",
  "ingress-missing",
  "virtual-service-missing",
  "unsupported-feature",
  "unknown-router",
]);

export const objects = ({ judged, unjudged }: DoctorFacts): readonly Finding[] => [
  ...judged.flatMap((each) => [
    ...each.findings.refuse.map((violation) => findingOf(each, violation, "error")),
    ...each.findings.warn.map((violation) =>
      findingOf(each, violation, HOLDS.has(violation.rule) ? "error" : "warning"),
    ),
  ]),
  ...unjudged.map(({ kind, why }) => ({
    severity: "unknown" as const,
    about: kind,
    what: "whether what Rollouts name of this kind is there and fits is not known",
    why: withoutStop(why),
  })),
];

function findingOf({ kind, namespace, name }: Judged, violation: Violation, severity: "error" | "warning"): Finding {
  const there = namespace === "" ? "" : ` -n ${namespace}`;
  return {
    severity,
    about: `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`,
    what: withoutStop(violationText(violation)),
    why: withoutStop(violation.help ?? reasonFor(severity)),
    mend: `kubectl edit ${kind.toLowerCase()} ${name}${there}`,
  };
}

const reasonFor = (severity: "error" | "warning"): string =>
  severity === "error" ? "the webhook would refuse it, and its controller holds it" : "it is allowed, and hardly meant";
