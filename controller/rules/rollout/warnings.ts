/**
 * Plain mistakes that the reference lets through (docs/behaviour/validation.md#plain-mistakes): not part of what holds
 * a Rollout, because a Rollout that the reference drives must be driven here too. For the webhook and the linter.
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import { placesOf, replicasOf, type RolloutPlaces } from "./input.ts";
import { at, isTrue, items, type Place, present, repeated, text, whole } from "../../../kube/validation/place.ts";
import {
  duplicate,
  forbidden,
  helped,
  invalid,
  notSupported,
  type Violation,
} from "../../../kube/validation/violation.ts";

type Rule = (rollout: RolloutPlaces) => readonly Violation[];

/** The true path. */
const under = ({ spec }: RolloutPlaces, ...names: readonly string[]): Place => at(spec, "strategy", ...names);

const previewWithinReplicas: Rule = (rollout) => {
  const place = under(rollout, "blueGreen", "previewReplicaCount");
  const preview = whole(place);
  if (preview === undefined || preview <= replicasOf(rollout.spec)) return [];
  const help = `spec.replicas is ${replicasOf(rollout.spec)}; leave previewReplicaCount out for as many`;
  return [helped(invalid("preview-over-replicas", place, "is more than spec.replicas"), help)];
};

const steps = (rollout: RolloutPlaces): readonly Place[] => items(under(rollout, "canary", "steps"));

/** One kind of steps after the other. */
const stepWarnings: Rule = (rollout) =>
  flatMap(STEPS.kinds, ({ warnings = [] }) => flatMap(warnings, (warning) => steps(rollout).flatMap(warning)));

const startingStep: Rule = (rollout) => {
  const place = under(rollout, "canary", "analysis", "startingStep");
  const index = whole(place) ?? 0;
  if (index <= steps(rollout).length) return [];
  const help = `There are ${steps(rollout).length} steps, which are counted from 0`;
  return [helped(invalid("analysis-starting-step", place, "names no step, so the analysis never starts"), help)];
};

const managedRoutes: Rule = (rollout) => {
  const names = items(under(rollout, "canary", "trafficRouting", "managedRoutes")).map((route) => at(route, "name"));
  return repeated(names).map((place) =>
    helped(duplicate("managed-route-duplicate", place), "Each route is listed once; remove this one"),
  );
};

const scaleDownOfWorkload: Rule = ({ spec }) => {
  const place = at(spec, "workloadRef", "scaleDown");
  const supported = ["never", "onsuccess", "progressively"];
  return text(place) === "" || supported.includes(text(place))
    ? []
    : [notSupported("workload-scale-down", place, supported)];
};

/** The API server refuses these in a pod; the reference drops `hostNetwork` before it checks. */
const hostPorts: Rule = ({ template }) => {
  const spec = at(template, "spec");
  if (!isTrue(at(spec, "hostNetwork"))) return [];
  return items(at(spec, "containers"))
    .flatMap((container) => items(at(container, "ports")))
    .filter((port) => (whole(at(port, "hostPort")) ?? 0) !== 0)
    .filter((port) => at(port, "hostPort").value !== at(port, "containerPort").value)
    .map((port) =>
      invalid("host-network-port", at(port, "hostPort"), "must match `containerPort` when `hostNetwork` is true"),
    );
};

const ephemeralMetadata: Rule = ({ template }) =>
  items(at(template, "spec", "volumes"))
    .map((volume) => at(volume, "ephemeral", "volumeClaimTemplate", "metadata", "name"))
    .filter(present)
    .map((place) => forbidden("volume-claim-metadata", place, "cannot be set"));

/** Shares without a % sign are percentages, too. */
const shareIn = (place: Place): number =>
  /^\d{1,15}%?$/.test(text(place)) ? Number.parseInt(text(place), 10) : Number.NaN;

/** The reference takes them as they are. */
const sharesOverAll: Rule = (rollout) => [
  ...(["canary", "blueGreen"] as const)
    .map((strategy) => under(rollout, strategy, "maxUnavailable"))
    .filter((place) => shareIn(place) > 100)
    .map((place) => {
      const help = "No pod need be available during an update then. Write a share below 100%, such as 25%";
      return helped(invalid("share-over-all", place, "is more than all pods, and counts as 100%"), help);
    }),
  ...[under(rollout, "canary", "maxSurge")]
    .filter((place) => shareIn(place) > 100)
    .map((place) => {
      const help = "Write 100% to let the new version have all its pods beside the old ones";
      return helped(invalid("share-over-all", place, "allows more new pods than the Rollout has"), help);
    }),
];

const RULES: readonly Rule[] = [
  sharesOverAll,
  previewWithinReplicas,
  stepWarnings,
  startingStep,
  managedRoutes,
  scaleDownOfWorkload,
  hostPorts,
  ephemeralMetadata,
];

export function rolloutWarnings(rollout: unknown): readonly Violation[] {
  const places = placesOf(rollout);
  return flatMap(RULES, (rule) => rule(places));
}
