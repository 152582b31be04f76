/** What admission would say of stored objects now: the same rules, on what the cluster holds. */
import type { Violation } from "../../../kube/validation/violation.ts";
import { violationText } from "../../../kube/validation/violation.ts";
import type { DoctorFacts, Judged } from "../facts/facts.ts";
import { type Finding, objectNamed, withoutStop } from "../facts/finding.ts";

/** Warnings of admission, since the missing may be on its way; what is stored waits for it. */
const HOLDS: ReadonlySet<string> = new Set([
  "service-missing",
  "template-missing",
  "workload-missing",
  "ingress-missing",
  "virtual-service-missing",
  "routed-object-missing",
  "routed-object-unfit",
  "unsupported-feature",
  "unknown-router",
]);

/** What to look at where the object itself may be right. */
const BESIDE: Readonly<Record<string, string>> = {
  "service-missing": "services",
  "service-selector": "services",
  "service-managed": "services",
  "service-external": "services",
  "service-without-selector": "services",
  "template-missing": "analysistemplates,clusteranalysistemplates",
  "workload-missing": "deployments,replicasets,podtemplates",
  "ingress-missing": "ingresses",
  "ingress-service": "ingresses",
  "virtual-service-missing": "virtualservices",
  "virtual-service-routes": "virtualservices",
  autoscalers: "horizontalpodautoscalers",
  "autoscaler-of-workload": "horizontalpodautoscalers",
};

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
  const beside = BESIDE[violation.rule];
  return {
    severity,
    about: objectNamed(kind, namespace, name),
    what: withoutStop(violationText(violation)),
    why: withoutStop(violation.help ?? reasonFor(severity)),
    mend: `kubectl edit ${kind.toLowerCase()} ${name}${there}${beside === undefined ? "" : `   # or mend what it names: kubectl get ${beside}${there}`}`,
  };
}

const reasonFor = (severity: "error" | "warning"): string =>
  severity === "error" ? "the webhook would refuse it, and its controller holds it" : "it is allowed, and hardly meant";
