/** Whether a controller works, and only one of each instance: by their Leases and Deployments. */
import { LOCAL_BUILD } from "../../../kube/client/path.ts";
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import { timestamp } from "../../../kube/object/time.ts";
import { driversOf, isHeld, ofInstance, overlap, type Post, postsOf } from "../facts/drivers.ts";
import type { ControllerLease, DoctorFacts, InstalledController } from "../facts/facts.ts";
import { type Finding, ifKnown, INSTALL, listOf } from "../facts/finding.ts";

export const controllers = (facts: DoctorFacts): readonly Finding[] => [
  ...ifKnown(
    facts.leases,
    {
      about: "Leases",
      what: "whether a controller works is not known",
      mend: `kubectl auth can-i list leases -n ${facts.controllerNamespace}`,
    },
    (leases) => [...none(facts, leases), ...postsOf(leases).flatMap((post) => atPost(post, facts)), ...twice(facts)],
  ),
  ...ifKnown(
    facts.controllers,
    {
      about: "Deployments",
      what: "which controllers are installed is not known",
      mend: `kubectl auth can-i list deployments -n ${facts.controllerNamespace}`,
    },
    (installed) => installed.flatMap(notReady),
  ),
];

/** Nobody else could drive there, so it takes no Lease. */
const LOCAL: Finding = {
  severity: "info",
  about: "controller",
  what: "this is a cluster of `sluice dev`",
  why: "the process that serves it drives the Rollouts, without a Lease",
};

function none(facts: DoctorFacts, leases: readonly ControllerLease[]): readonly Finding[] {
  const installed = listOf(facts.controllers);
  const [first] = installed;
  if (leases.length > 0 || installed.some(({ electsLeader }) => !electsLeader)) return [];
  if (facts.version.kind === "known" && facts.version.value.endsWith(LOCAL_BUILD)) return [LOCAL];
  return [
    {
      severity: "error",
      about: "controller",
      what: "no controller has ever taken a Lease",
      why: "nobody drives Rollouts in this cluster",
      mend: first === undefined ? INSTALL : `kubectl logs -n ${first.namespace} deployment/${first.name}`,
    },
  ];
}

function atPost(post: Post, facts: DoctorFacts): readonly Finding[] {
  const { nowMs } = facts;
  const { namespace, instanceId, own, reference } = post;
  const lease = own ?? reference;
  if (lease === undefined) return [];
  const about = `Lease ${namespace}/${lease.name}`;
  const held = [own, reference].filter((each) => each !== undefined).filter((each) => isHeld(each, nowMs));
  if (held.length === 0) return [abandoned(lease, about, post)];
  if (own !== undefined && reference !== undefined && held.length === 2 && own.holder !== reference.holder) {
    return [
      {
        severity: "warning",
        about,
        what: `Sluice (${own.holder}) waits for ${reference.holder}, which holds ${reference.name}`,
        why: `Argo Rollouts drives the Rollouts${ofInstance(instanceId)}; Sluice takes over when that ends`,
        mend: `kubectl scale deployment argo-rollouts -n ${namespace} --replicas=0`,
      },
    ];
  }
  const driver = driversOf(facts)?.find((each) => each.namespace === namespace && each.instanceId === instanceId);
  if (driver === undefined || driver.renewedMs === undefined) return [];
  const age = humanDuration(Math.max(0, nowMs - driver.renewedMs));
  return [
    {
      severity: "info",
      about,
      what: `${driver.program} (${driver.holder}) holds it, renewed ${age} ago`,
      why: `it drives the Rollouts${ofInstance(instanceId)}${driver.watches === undefined ? "" : ` of namespace ${driver.watches}`}`,
    },
  ];
}

function abandoned(lease: ControllerLease, about: string, { namespace, instanceId, own }: Post): Finding {
  const { holder, renewedMs } = lease;
  const program = own === undefined ? "argo-rollouts" : "sluice";
  const what =
    holder === ""
      ? "it was given back, and nobody has taken it since"
      : `nobody renews it; ${holder} did so last${renewedMs === undefined ? "" : `, ${timestamp(renewedMs)}`}`;
  return {
    severity: "error",
    about,
    what,
    why: `no controller of namespace ${namespace} drives the Rollouts${ofInstance(instanceId)}`,
    mend: `kubectl get pods -n ${namespace} -l app.kubernetes.io/name=${program}; kubectl logs -n ${namespace} deployment/${program}`,
  };
}

/** Leases of different namespaces do not keep controllers apart. */
function twice(facts: DoctorFacts): readonly Finding[] {
  const drivers = driversOf(facts) ?? [];
  return drivers.flatMap((one, index) =>
    drivers
      .slice(index + 1)
      .filter((other) => other.namespace !== one.namespace && overlap(one, other))
      .map((other): Finding => ({
        severity: "error",
        about: "controllers",
        what: `${one.program} in namespace ${one.namespace} and ${other.program} in namespace ${other.namespace} work at once`,
        why: `both drive the Rollouts${ofInstance(one.instanceId)}, and undo what the other does`,
        mend: `kubectl get deployments -n ${other.namespace}   # and scale one of the two to 0, or give it --instance-id`,
      })),
  );
}

function notReady({ program, namespace, name, wanted, ready }: InstalledController): readonly Finding[] {
  const about = `Deployment ${namespace}/${name}`;
  if (wanted === 0) {
    const what = `${program} is scaled to 0`;
    return [{ severity: "info", about, what, why: "it was installed and is kept from working" }];
  }
  if (ready >= wanted) return [];
  return [
    {
      severity: ready === 0 ? "error" : "warning",
      about,
      what: `${ready} of ${wanted} pods of ${program} are ready`,
      why: "a pod that is not ready says in its log what it lacks",
      mend: `kubectl logs -n ${namespace} deployment/${name}; kubectl describe deployment ${name} -n ${namespace}`,
    },
  ];
}
