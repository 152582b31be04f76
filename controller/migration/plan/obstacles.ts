/**
 * What stands in the way of a migration: the same list for `sluice convert --plan` and for the loop
 * (docs/convert.md#what-stands-in-the-way). Pure.
 */
import type { Json } from "../../../kube/object/json.ts";
import { inWords } from "../../../kube/object/inWords.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import { listed } from "../../../kube/validation/nearNames.ts";
import { textWithHelp } from "../../../kube/validation/violation.ts";
import type { References } from "../../rules/admission/admissionFindings.ts";
import type { LabelSelector } from "../../../schema/kube.ts";
import { MANAGED_BY_ROLLOUT, MIGRATED, PAUSED_FOR_ROLLOUT } from "../../../schema/labels.ts";
import type { FoundProfile } from "../convert/findProfile.ts";
import { controllerOf } from "../convert/manifest.ts";
import type { Profile } from "../convert/profile.ts";
import { called, member, objectAt, textAt } from "../convert/objects.ts";
import { judgedRollout, type Mode, toRollout } from "../convert/toRollout.ts";
import { optInOf } from "./optIn.ts";
import { shortfalls } from "./quota.ts";

export interface Obstacle {
  readonly what:
    | "never-touched"
    | "leaving"
    | "opt-in"
    | "controlled"
    | "recreate"
    | "rollout"
    | "driven"
    | "paused"
    | "updating"
    | "shared-pods"
    | "quota"
    | "profile"
    | "services"
    | "not-convertible";
  /** In which modes. */
  readonly modes: readonly Mode[];
  /** It may go without anybody's doing: look again. */
  readonly passing: boolean;
  /** Why, and what to do: sentences without the last full stop. */
  readonly text: string;
}

const BOTH: readonly Mode[] = ["adopt", "reference"];
const SYSTEM = ["kube-system", "kube-public", "kube-node-lease"];

/** What was read beside the Deployment; objects of other namespaces may be among them. */
export interface Beside {
  /** Sluice's. */
  readonly ownNamespace: string;
  readonly namespace: unknown;
  readonly deployments: readonly Json[];
  readonly rollouts: readonly Json[];
  readonly quotas: readonly Json[];
  /** Undefined: not known. */
  readonly services: readonly Json[] | undefined;
  /** Undefined: not known. */
  readonly profile: FoundProfile | undefined;
}

/** Undefined: it may be touched. The namespaces of Kubernetes, and Sluice's own. */
export function neverTouched(deployment: unknown, ownNamespace: string): string | undefined {
  const namespace = textAt(deployment, "metadata", "namespace");
  if (SYSTEM.includes(namespace)) return `${namespace} is a namespace of Kubernetes, which Sluice leaves alone`;
  return namespace === ownNamespace ? `${namespace} is Sluice's own namespace, which it leaves alone` : undefined;
}

/** The Rollout that drives this Deployment already, or is about to. */
export function driverOf(deployment: Json, rollouts: readonly Json[]): Json | undefined {
  const stamped = textAt(deployment, "metadata", "annotations", MANAGED_BY_ROLLOUT);
  return rollouts.find((rollout) => {
    if (!areNeighbours(rollout, deployment)) return false;
    const name = textAt(rollout, "metadata", "name");
    const isOurs =
      name === textAt(deployment, "metadata", "name") && textAt(rollout, "metadata", "annotations", MIGRATED) !== "";
    return name === stamped || isOurs || refersTo(rollout, deployment);
  });
}

const refersTo = (rollout: Json, deployment: Json): boolean =>
  textAt(rollout, "spec", "workloadRef", "kind") === "Deployment" &&
  textAt(rollout, "spec", "workloadRef", "name") === textAt(deployment, "metadata", "name");

const areNeighbours = (a: Json, b: Json): boolean =>
  textAt(a, "metadata", "namespace") === textAt(b, "metadata", "namespace");

/** All of them, those that nobody can mend first. Empty for a Deployment that can be migrated now. */
export function obstaclesOf(deployment: Json, beside: Beside): readonly Obstacle[] {
  const never = neverTouched(deployment, beside.ownNamespace);
  if (never !== undefined) return [{ what: "never-touched", modes: BOTH, passing: false, text: never }];
  return [
    ...ofItself(deployment, beside.namespace),
    ...ofNeighbours(deployment, beside),
    ...ofProfile(deployment, beside),
    ...ofProgress(deployment),
    ...ofQuotas(deployment, beside.quotas),
  ];
}

const lasting = (what: Obstacle["what"], text: string, modes = BOTH): Obstacle => ({
  what,
  modes,
  passing: false,
  text,
});
const passing = (what: Obstacle["what"], text: string, modes = BOTH): Obstacle => ({
  what,
  modes,
  passing: true,
  text,
});

function ofItself(deployment: Json, namespace: unknown): readonly Obstacle[] {
  const found: Obstacle[] = [];
  const optIn = optInOf(deployment, namespace);
  if (optIn.kind === "wrong")
    found.push(lasting("opt-in", `${inWords(optIn.value)} in ${optIn.place} has to be reference or adopt`));
  if (textAt(deployment, "metadata", "deletionTimestamp") !== "") found.push(lasting("leaving", "it is being deleted"));
  const owner = controllerOf(deployment);
  if (owner !== undefined)
    found.push(lasting("controlled", `${owner} controls it, and would change it back: migrate what makes it`));
  if (textAt(deployment, "spec", "strategy", "type") === "Recreate")
    found.push(
      lasting(
        "recreate",
        "its strategy is Recreate, and with a Rollout both versions run side by side. If they may, make it RollingUpdate",
      ),
    );
  const isOurs = textAt(deployment, "metadata", "annotations", PAUSED_FOR_ROLLOUT) !== "";
  if (member(deployment["spec"], "paused") === true && !isOurs)
    found.push(lasting("paused", "it is paused: kubectl rollout resume lets it be migrated"));
  return found;
}

function ofNeighbours(deployment: Json, { deployments, rollouts }: Beside): readonly Obstacle[] {
  const found: Obstacle[] = [];
  const name = textAt(deployment, "metadata", "name");
  const driver = driverOf(deployment, rollouts);
  const namesake = rollouts.find(
    (rollout) => areNeighbours(rollout, deployment) && textAt(rollout, "metadata", "name") === name,
  );
  if (namesake !== undefined && namesake !== driver)
    found.push(
      lasting("rollout", `there is a Rollout of this name that is not its own: rename or delete ${called(namesake)}`),
    );
  const sharing = [...deployments, ...rollouts.filter((rollout) => rollout !== driver && rollout !== namesake)].filter(
    (other) => areNeighbours(other, deployment) && !isSame(other, deployment) && sharesPods(other, deployment),
  );
  if (sharing.length > 0)
    found.push(
      lasting("shared-pods", `${listed(sharing.map(called))} may have the same pods: give each a selector of its own`),
    );
  return found;
}

const isSame = (a: Json, b: Json): boolean =>
  textAt(a, "kind") === textAt(b, "kind") && textAt(a, "metadata", "name") === textAt(b, "metadata", "name");

function sharesPods(a: Json, b: Json): boolean {
  const labels = (of: Json) =>
    objectAt(of, "spec", "template", "metadata", "labels") as Readonly<Record<string, string>>;
  const selector = (of: Json) => objectAt(of, "spec", "selector") as LabelSelector;
  return matchesSelector(selector(a), labels(b)) || matchesSelector(selector(b), labels(a));
}

function ofProfile(deployment: Json, { profile: found, services }: Beside): readonly Obstacle[] {
  if (found === undefined) return [];
  if (found.kind === "found") return ofConversion(deployment, found.profile, services);
  return [lasting("profile", profileProblem(found))];
}

/** Why it cannot be used. */
export function profileProblem(found: Exclude<FoundProfile, { readonly kind: "found" }>): string {
  switch (found.kind) {
    case "missing": {
      const near = found.near === undefined ? "" : `. Did you mean "${found.near}"?`;
      return `there is no profile ${inWords(found.name)}: there is ${listed(found.known)}${near}`;
    }
    case "invalid":
      return `profile "${found.name}" of ${found.from} is wrong: ${found.problems.join("; ")}`;
    default:
      return found satisfies never;
  }
}

/** Where something else stands in the way already (it is controlled, …) that is not said twice. */
function ofConversion(deployment: Json, profile: Profile, services: Beside["services"]): readonly Obstacle[] {
  if (controllerOf(deployment) !== undefined) return [];
  const found = BOTH.flatMap((mode): readonly Obstacle[] => {
    const made = toRollout(deployment, profile, mode);
    if (made.kind === "refused") return made.notes.map(({ text }) => lasting("not-convertible", text, [mode]));
    const references = services === undefined ? {} : { services: servicesOf(deployment, services) };
    const { refuse, warn } = judgedRollout(deployment, profile, mode, references);
    const undriven = warn
      .filter(({ rule }) => rule === "unsupported-feature")
      .map(({ path, detail }) => lasting("profile", `profile "${profile.name}": ${path}: ${detail}`, [mode]));
    // It would have the pods, and be held: the Service has to be made or mended first.
    const held = [...refuse, ...warn]
      .filter(({ rule }) => HOLDING.includes(rule))
      .map((violation) => passing("services", `as a Rollout it would be held: ${textWithHelp(violation)}`, [mode]));
    return [...undriven, ...held];
  });
  return joined(found);
}

const HOLDING = ["service-missing", "service-selector", "service-managed", "service-role-metadata"];

function servicesOf(deployment: Json, services: readonly Json[]): NonNullable<References["services"]> {
  const own = services.filter((service) => areNeighbours(service, deployment));
  return new Map(
    own.map((service) => [
      textAt(service, "metadata", "name"),
      {
        selector: objectAt(service, "spec", "selector") as Readonly<Record<string, string>>,
        annotations: objectAt(service, "metadata", "annotations") as Readonly<Record<string, string>>,
      },
    ]),
  );
}

/** What both modes have, once. */
function joined(found: readonly Obstacle[]): readonly Obstacle[] {
  const byText = Map.groupBy(found, ({ text }) => text);
  return [...byText.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, modes: [...first.modes, ...others.flatMap(({ modes }) => modes)] }],
  );
}

/** As `kubectl rollout status` waits for it. */
function ofProgress(deployment: Json): readonly Obstacle[] {
  const { generation } = objectAt(deployment, "metadata");
  const status = objectAt(deployment, "status");
  const count = (name: string): number => (typeof status[name] === "number" ? status[name] : 0);
  const wanted = replicasOf(deployment);
  if (typeof generation === "number" && count("observedGeneration") < generation)
    return [passing("updating", "its latest change is not looked at by the Deployment controller yet")];
  if (count("updatedReplicas") < wanted || count("replicas") > count("updatedReplicas"))
    return [
      passing("updating", `it is being updated: ${count("updatedReplicas")} of ${wanted} pods are of the new version`),
    ];
  if (count("availableReplicas") < wanted)
    return [passing("updating", `only ${count("availableReplicas")} of ${wanted} pods are available`)];
  return [];
}

/** 1 where it is left out. */
export function replicasOf(deployment: Json): number {
  const replicas = member(deployment["spec"], "replicas");
  return typeof replicas === "number" ? replicas : 1;
}

/** In mode reference all pods run twice for a while. */
function ofQuotas(deployment: Json, quotas: readonly Json[]): readonly Obstacle[] {
  const spec = objectAt(deployment, "spec", "template", "spec");
  const own = quotas.filter((quota) => areNeighbours(quota, deployment));
  const short = (mode: Mode, pods: number, replicaSets: number): readonly Obstacle[] =>
    own.flatMap((quota) => {
      const objects = { "count/rollouts.argoproj.io": 1, "count/replicasets.apps": replicaSets };
      const found = shortfalls(quota, spec, { pods, objects });
      return found.length === 0 ? [] : [passing("quota", `${called(quota)} is too small: ${found.join("; ")}`, [mode])];
    });
  return joined([...short("adopt", 0, 0), ...short("reference", replicasOf(deployment), 1)]);
}
