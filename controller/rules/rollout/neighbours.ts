/**
 * What stands beside a Rollout in its namespace and is in its way (docs/behaviour/admission.md#who-else-is-there): another
 * owner of the same pods, another Rollout with the same Service or the same workload, autoscalers that pull at the same
 * number. Owners of the same pods refuse, since each counts and scales what is the other's; the rest may be put in
 * order in a moment, and warns.
 */
import { cost, LIMITS, TooCostlyError } from "../../../kube/object/budget.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import type { Findings } from "../../../kube/validation/findings.ts";
import { at, type Place, present, root, text, whole } from "../../../kube/validation/place.ts";
import { forbidden, invalid, type Violation } from "../../../kube/validation/violation.ts";
import type { LabelSelector } from "../../../schema/kube.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import { placesOf, type Resolution } from "./input.ts";
import { serviceReferences } from "./references.ts";
import { roleLabels } from "./roleMetadata.ts";
import { workloadRefOf } from "./workloadRef.ts";

/** An owner of pods: which it selects, and how those that it makes are labelled. */
export interface PodOwner {
  readonly kind: "Rollout" | "Deployment";
  readonly name: string;
  readonly selector: LabelSelector | undefined;
  /** Of the pod template: without those that only the controllers write. */
  readonly labels: Readonly<Record<string, string>>;
  /** Keys of labels that pods get and lose in the course of an update (`canaryMetadata`). */
  readonly unsure?: readonly string[];
  /** It is to have no pods now, so that nobody can have the same ones yet. */
  readonly isEmpty?: true;
}

/** What the cluster holds in the Rollout's namespace. What is not known yet is left out, and leads to no finding. */
export interface Neighbours {
  /**
   * Rollouts, and Deployments that have pods; not those that are being deleted. At least all that select such labels, or
   * whose pods such a selector selects; the Rollout itself may be one.
   */
  readonly ownersLike: (selector: LabelSelector, labels: PodOwner["labels"]) => readonly PodOwner[];
  /** Names of the Rollouts that name this Service, or this workload. */
  readonly rolloutsWithService: (service: string) => readonly string[];
  readonly rolloutsOfWorkload: (kind: string, name: string) => readonly string[];
  /** Names of the HorizontalPodAutoscalers with this target. */
  readonly autoscalersOf: (kind: string, name: string) => readonly string[];
}

const NONE: Findings = { refuse: [], warn: [] };

/**
 * Others write the neighbours, so that looking at them has a budget of its own; when it is used up, nothing is said. Never
 * throws.
 */
export function neighbourFindings(rollout: unknown, neighbours: Neighbours, resolution: Resolution = {}): Findings {
  try {
    return cost(() => findingsOf(rollout, neighbours, resolution), LIMITS.users).result;
  } catch (error) {
    if (error instanceof TooCostlyError) return NONE;
    throw error;
  }
}

function findingsOf(rollout: unknown, neighbours: Neighbours, resolution: Resolution): Findings {
  const place = root(rollout);
  const name = text(at(place, "metadata", "name"));
  const others = ownersOfSamePods(rollout, name, neighbours, resolution);
  const [empty, full] = [others.filter(({ isEmpty }) => isEmpty === true), others.filter(({ isEmpty }) => !isEmpty)];
  const isEmpty = whole(at(place, "spec", "replicas")) === 0;
  return {
    refuse: isEmpty ? [] : samePods(rollout, full),
    warn: [
      ...samePods(rollout, isEmpty ? others : empty),
      ...sameServices(rollout, name, neighbours),
      ...sameWorkload(rollout, name, neighbours),
      ...autoscalers(rollout, name, neighbours),
    ],
  };
}

function ownersOfSamePods(
  rollout: unknown,
  name: string,
  { ownersLike }: Neighbours,
  resolution: Resolution,
): readonly PodOwner[] {
  const { selector, template } = placesOf(rollout, resolution);
  const ref = workloadRefOf(rollout);
  // Without its pods nothing is certain.
  if (!present(selector) || !present(template)) return [];
  const labels = labelsIn(at(template, "metadata", "labels"));
  const own = { kind: "Rollout", selector: selectorIn(selector), labels, unsure: roleLabels(rollout, labels) } as const;
  return ownersLike(own.selector, own.labels).filter(
    (other) =>
      !(other.kind === "Rollout" && other.name === name) &&
      !(other.kind === ref?.kind && other.name === ref.name) &&
      (selectsPodsOf(own.selector, other) || selectsPodsOf(other.selector, own)),
  );
}

/** The labels by which each kind tells its own ReplicaSets apart; all its pods have one, of whatever value. */
const HASH_LABELS: Readonly<Record<PodOwner["kind"], string>> = {
  Rollout: HASH_LABEL,
  Deployment: "pod-template-hash",
};

/** Whether it selects all pods that the owner makes, for certain. */
function selectsPodsOf(
  selector: LabelSelector | undefined,
  { kind, labels, unsure = [] }: Pick<PodOwner, "kind" | "labels" | "unsure">,
): boolean {
  const hash = HASH_LABELS[kind];
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  const asksForValue = [
    ...Object.keys(matchLabels),
    ...matchExpressions.filter(({ operator }) => operator !== "Exists").map(({ key }) => key),
  ];
  if (asksForValue.some((key) => key === hash || unsure.includes(key))) return false;
  const asksForKey = matchExpressions.some(({ key }) => unsure.includes(key));
  return !asksForKey && matchesSelector(selector, { ...labels, [hash]: "" });
}

/** The first of each kind. */
function samePods(rollout: unknown, others: readonly PodOwner[]): readonly Violation[] {
  const selector = at(root(rollout), "spec", "selector");
  return (["Rollout", "Deployment"] as const).flatMap((kind) => {
    const [first, ...more] = others.filter((other) => other.kind === kind);
    if (first === undefined) return [];
    const also = more.length === 0 ? "" : ` and ${more.length} more`;
    return [invalid("pods-of-another", selector, `${kind} "${first.name}"${also} ${WAYS_OUT[kind]}`)];
  });
}

const WAYS_OUT: Readonly<Record<PodOwner["kind"], string>> = {
  Rollout: "selects the same pods; give each a selector and pod labels of its own, or delete the other first",
  Deployment:
    "has the same pods; name it in spec.workloadRef to take its place without a gap, scale it to 0, or give each a selector and pod labels of its own",
};

/** As `LabelSelector`, whatever it is: members of a wrong type are left out. */
function selectorIn({ value }: Place): LabelSelector {
  const { matchLabels, matchExpressions } = recordOf(value);
  return {
    matchLabels: labelsOf(matchLabels),
    matchExpressions: (Array.isArray(matchExpressions) ? matchExpressions : []).map((each: unknown) => {
      const { key, operator, values } = recordOf(each);
      const listed = (Array.isArray(values) ? values : []).filter((one): one is string => typeof one === "string");
      return { key: String(key), operator: String(operator), values: listed };
    }),
  };
}

const labelsIn = ({ value }: Place): Record<string, string> => labelsOf(value);

function labelsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(recordOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** Where one of them has marked the Service as its own, there is a refusal (servicesAdmission.ts). */
function sameServices(rollout: unknown, name: string, { rolloutsWithService }: Neighbours): readonly Violation[] {
  return serviceReferences(rollout).flatMap((reference) => {
    const other = rolloutsWithService(text(reference)).find((each) => each !== name);
    if (other === undefined) return [];
    const detail = `Rollout "${other}" names this Service, too, and only one can point it at its pods; give each its own`;
    return [invalid("service-shared", reference, detail)];
  });
}

function sameWorkload(rollout: unknown, name: string, { rolloutsOfWorkload }: Neighbours): readonly Violation[] {
  const ref = workloadRefOf(rollout);
  if (ref === undefined) return [];
  const other = rolloutsOfWorkload(ref.kind, ref.name).find((each) => each !== name);
  if (other === undefined) return [];
  const detail = `Rollout "${other}" has its pods from this ${ref.kind}, too, so that both select the same ones; delete one of the two`;
  return [invalid("workload-of-another", at(root(rollout), "spec", "workloadRef", "name"), detail)];
}

function autoscalers(rollout: unknown, name: string, { autoscalersOf }: Neighbours): readonly Violation[] {
  const spec = at(root(rollout), "spec");
  const own = autoscalersOf("Rollout", name);
  const found: Violation[] = [];
  if (own.length > 1) {
    const detail = `HorizontalPodAutoscalers ${listed(own)} all scale this Rollout, each to a number of its own; keep one`;
    found.push(forbidden("autoscalers", at(spec, "replicas"), detail));
  }
  const ref = workloadRefOf(rollout);
  const scaleDown = text(at(spec, "workloadRef", "scaleDown"));
  if (ref?.kind !== "Deployment" || !["onsuccess", "progressively"].includes(scaleDown)) return found;
  const theirs = autoscalersOf("Deployment", ref.name);
  if (theirs.length === 0) return found;
  const detail =
    `HorizontalPodAutoscaler ${listed(theirs)} scales Deployment "${ref.name}", which this Rollout scales down: ` +
    "point its scaleTargetRef at the Rollout";
  return [...found, forbidden("autoscaler-of-workload", at(spec, "workloadRef", "scaleDown"), detail)];
}

const MOST_LISTED = 3;

function listed(names: readonly string[]): string {
  const shown = names
    .toSorted()
    .slice(0, MOST_LISTED)
    .map((name) => `"${name}"`);
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} more` : shown.join(", ");
}
