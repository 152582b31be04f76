/** Rollouts that nobody drives: no controller has their instance id, or it has not looked at them for a while. */
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import type { Json } from "../../../kube/object/json.ts";
import { instant } from "../../../kube/object/time.ts";
import { at, items, root, text, whole } from "../../../kube/validation/place.ts";
import { ADOPTING, INSTANCE_LABEL } from "../../../schema/labels.ts";
import { type Driver, drives, driversOf, ofInstance } from "../facts/drivers.ts";
import type { DoctorFacts } from "../facts/facts.ts";
import { type Finding, ifKnown, INSTALL, rolloutsNamed } from "../facts/finding.ts";

/** A controller looks at a change within a second; after a start it looks at all of them. */
const PATIENCE_MS = 60_000;

export const drivenRollouts = (facts: DoctorFacts): readonly Finding[] =>
  ifKnown(
    facts.rollouts,
    { about: "Rollouts", what: "which Rollouts there are is not known", mend: "kubectl auth can-i list rollouts -A" },
    (rollouts) => {
      const drivers = driversOf(facts);
      // The check of the controllers has said why.
      if (drivers === undefined) return [];
      const seen = rollouts.map(rolloutOf);
      const { driven = [], idle = [] } = Object.groupBy(seen, ({ instanceId, namespace }) =>
        isDriven(drivers, instanceId, namespace) ? "driven" : "idle",
      );
      return [...undriven(idle, drivers), ...driven.flatMap((each) => leftBehind(each, facts.nowMs))];
    },
  );

interface Seen {
  readonly namespace: string;
  readonly name: string;
  readonly instanceId: string;
  readonly generation: number | undefined;
  /** "" before a controller has looked at it. */
  readonly observed: string;
  readonly changedMs: number | undefined;
}

function rolloutOf(rollout: Json): Seen {
  const metadata = at(root(rollout), "metadata");
  return {
    namespace: text(at(metadata, "namespace")),
    name: text(at(metadata, "name")),
    instanceId: text(at(metadata, "labels", INSTANCE_LABEL)),
    generation: whole(at(metadata, "generation")),
    observed: text(at(root(rollout), "status", "observedGeneration")),
    changedMs: changedMs(rollout),
  };
}

/** When anything but its status was written last. */
function changedMs(rollout: Json): number | undefined {
  const metadata = at(root(rollout), "metadata");
  const times = items(at(metadata, "managedFields"))
    .filter((entry) => text(at(entry, "subresource")) === "")
    .map((entry) => instant(text(at(entry, "time"))))
    .filter((time) => time !== undefined);
  return times.length > 0 ? Math.max(...times) : instant(text(at(metadata, "creationTimestamp")));
}

const isDriven = (drivers: readonly Driver[], instanceId: string, namespace: string): boolean =>
  drivers.some((driver) => drives(driver, instanceId, namespace));

function undriven(idle: readonly Seen[], drivers: readonly Driver[]): readonly Finding[] {
  const groups = Map.groupBy(idle, ({ instanceId }) => instanceId);
  return [...groups].map(([instanceId, rollouts]) => {
    const about = rolloutsNamed(rollouts.map(({ namespace, name }) => `${namespace}/${name}`));
    const [first] = rollouts;
    const there = `-n ${first?.namespace} ${first?.name}`;
    if (instanceId === ADOPTING) {
      const what = "it waits for the pods of its Deployment";
      const why = "a migration has begun, and no controller drives the Rollout until it has them";
      return { severity: "info", about, what, why, mend: `kubectl get events -n ${first?.namespace}` };
    }
    if (instanceId !== "") {
      const what = `no running controller has instance id "${instanceId}"`;
      const ids = [...new Set(drivers.map((each) => (each.instanceId === "" ? "none" : `"${each.instanceId}"`)))];
      const why =
        ids.length === 0
          ? "no controller runs"
          : `nobody drives them; the instance ids of those that run: ${ids.join(", ")}`;
      const mend = `kubectl label rollout ${there} ${INSTANCE_LABEL}-   # or start a controller with --instance-id=${instanceId}`;
      return { severity: "error", about, what, why, mend };
    }
    return {
      severity: "error",
      about,
      what: "no running controller drives Rollouts without an instance id in their namespaces",
      why: drivers.length === 0 ? "no controller runs" : `those that run are for ${scopesOf(drivers)}`,
      mend: INSTALL,
    };
  });
}

const scopesOf = (drivers: readonly Driver[]): string =>
  drivers
    .map(
      ({ watches, instanceId }) =>
        `${watches === undefined ? "all namespaces" : `namespace ${watches}`}${ofInstance(instanceId)}`,
    )
    .join(", ");

function leftBehind(
  { namespace, name, generation, observed, changedMs: changed }: Seen,
  nowMs: number,
): readonly Finding[] {
  // Older versions of Argo Rollouts wrote a hash, and what has no generation cannot be behind.
  if (generation === undefined || !/^\d*$/.test(observed) || observed === String(generation)) return [];
  const sinceMs = changed === undefined ? undefined : nowMs - changed;
  if (sinceMs !== undefined && sinceMs < PATIENCE_MS) return [];
  const since = sinceMs === undefined ? "" : `, ${humanDuration(sinceMs)} after it was changed`;
  return [
    {
      severity: "error",
      about: `Rollout ${namespace}/${name}`,
      what:
        observed === ""
          ? `no controller has looked at it yet${since}`
          : `no controller has looked at its last change${since}: its status is of generation ${observed}, not ${generation}`,
      why: "a controller runs, and does not get to this Rollout",
      mend: `kubectl get events -n ${namespace} --field-selector involvedObject.name=${name}; kubectl logs -n argo-rollouts deployment/sluice | grep ${name}`,
    },
  ];
}
