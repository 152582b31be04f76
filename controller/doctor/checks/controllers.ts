/** Whether a controller works, and only one of each instance: by their Leases and Deployments. */
import { LOCAL_BUILD } from "../../../kube/client/path.ts";
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import { timestamp } from "../../../kube/object/time.ts";
import { type Driver, driversOf, isHeld, ofInstance, overlap, type Post, postsOf } from "../facts/drivers.ts";
import { EDGE_HOLDER, isSluice } from "../../../schema/locks.ts";
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
  if (postsOf(leases).length > 0 || installed.some(({ electsLeader }) => !electsLeader)) return [];
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
  const { namespace, instanceId, lease, older } = post;
  const about = `Lease ${namespace}/${lease.name}`;
  const here = listOf(facts.controllers).filter(
    (each) => each.namespace === namespace && each.instanceId === instanceId,
  );
  const driver = driversOf(facts)?.find((each) => each.namespace === namespace && each.instanceId === instanceId);
  if (driver === undefined) return lease.holder === EDGE_HOLDER ? [silent(post, here)] : [abandoned(post, about, here)];
  if (driver.renewedMs === undefined) return [withoutLease(driver, post, here)];
  const waits =
    driver.program === "Argo Rollouts" &&
    (here.some(
      ({ program, electsLeader, isEdge, ready }) => program === "Sluice" && (electsLeader || isEdge) && ready > 0,
    ) ||
      (older !== undefined && isHeld(older, nowMs)));
  if (waits) {
    return [
      {
        severity: "warning",
        about,
        what: `Sluice waits for ${lease.holder}, which holds it`,
        why: `Argo Rollouts drives the Rollouts${ofInstance(instanceId)}; Sluice takes over when that ends`,
        mend: `kubectl scale deployment argo-rollouts -n ${namespace} --replicas=0`,
      },
    ];
  }
  const age = humanDuration(Math.max(0, nowMs - driver.renewedMs));
  return [
    {
      severity: "info",
      about,
      what: `${driver.program} (${driver.holder}) holds it, renewed ${age} ago`,
      why: `it drives the Rollouts${whose(driver)}`,
    },
  ];
}

const whose = ({ instanceId, watches }: Pick<Driver, "instanceId" | "watches">): string =>
  `${ofInstance(instanceId)}${watches === undefined ? "" : ` of namespace ${watches}`}`;

/** A controller that elects nobody works, whoever held the Lease before. */
function withoutLease(driver: Driver, { namespace }: Post, here: readonly InstalledController[]): Finding {
  const name = here.find(({ electsLeader, ready }) => !electsLeader && ready > 0)?.name ?? "";
  return {
    severity: "info",
    about: `Deployment ${namespace}/${name}`,
    what: `${driver.program} works without a Lease`,
    why: `it drives the Rollouts${whose(driver)}`,
  };
}

function abandoned(
  { namespace, instanceId, lease }: Post,
  about: string,
  here: readonly InstalledController[],
): Finding {
  const { holder, renewedMs } = lease;
  // Argo Rollouts never gives it back.
  const isOurs = holder === "" || isSluice(holder) || here.some(({ program }) => program === "Sluice");
  const what =
    holder === ""
      ? "it was given back, and nobody has taken it since"
      : `nobody renews it; ${holder} did so last${renewedMs === undefined ? "" : `, ${timestamp(renewedMs)}`}`;
  return idle({ namespace, instanceId }, isOurs ? "sluice" : "argo-rollouts", about, what);
}

/** With the profile edge nothing is renewed, so only a pod shows that it works, and there is none. */
const silent = ({ namespace, instanceId }: Post, here: readonly InstalledController[]): Finding =>
  idle(
    { namespace, instanceId },
    "sluice",
    `Deployment ${namespace}/${here[0]?.name ?? "sluice"}`,
    "Sluice took no Lease there when it started, and no pod of it is ready now",
  );

const idle = (
  { namespace, instanceId }: Pick<Post, "namespace" | "instanceId">,
  program: string,
  about: string,
  what: string,
): Finding => ({
  severity: "error",
  about,
  what,
  why: `no controller of namespace ${namespace} drives the Rollouts${ofInstance(instanceId)}`,
  mend: `kubectl get pods -n ${namespace} -l app.kubernetes.io/name=${program}; kubectl logs -n ${namespace} deployment/${program}`,
});

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
