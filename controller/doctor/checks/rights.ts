/** Whether the controller's ServiceAccount has the rights that it needs. */
import type { DoctorFacts, NeededRight } from "../facts/facts.ts";
import { type Finding, ifKnown, withoutStop } from "../facts/finding.ts";

export const rights = ({ rights: read }: DoctorFacts): readonly Finding[] =>
  ifKnown(
    read,
    {
      about: "rights",
      what: "what the controller may do is not known",
      mend: "kubectl auth can-i create subjectaccessreviews.authorization.k8s.io",
    },
    (needed) => {
      const lacking = needed.filter(({ isGranted }) => !isGranted);
      const groups = Map.groupBy(lacking, (each) =>
        [each.account, each.group, each.resource, each.namespace, each.name].join(" "),
      );
      return [...groups.values()].flatMap(refused);
    },
  );

function refused(same: readonly NeededRight[]): readonly Finding[] {
  const [first] = same;
  if (first === undefined) return [];
  const { controller, account, group, resource, namespace, name, why } = first;
  const verbs = [...new Set(same.map(({ verb }) => verb))];
  const full = group === "" ? resource : `${resource}.${group}`;
  const which = name === undefined ? "" : ` "${name}"`;
  const where = namespace === undefined ? "in all namespaces" : `in namespace ${namespace}`;
  const [main = "", sub] = full.split("/");
  const kind = sub === undefined ? full : `${main}.${group} --subresource=${sub.split(".")[0]}`;
  return [
    {
      severity: "error",
      about: `Deployment ${controller}`,
      what: `${account} may not ${verbs.join(", ")} ${full}${which} ${where}`,
      why: withoutStop(why),
      mend: `kubectl apply -f manifests/install.yaml   # to see it: kubectl auth can-i ${verbs[0]} ${kind}${name === undefined ? "" : ` ${name}`} --as=${account} ${namespace === undefined ? "-A" : `-n ${namespace}`}`,
    },
  ];
}
