/** A Deployment's ReplicaSets as its history: which is the new one, revisions and what is copied. Pure. */
import { podTemplateHash } from "../../../controller/rollout/hash/podHash.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { Draft } from "../../model/model.ts";
import { byAge, desiredAnnotation, maxAnnotation, maxSurge, replicasOf } from "./deploymentSizes.ts";
import { controlledBy, type Deployment, type PodTemplate, type ReplicaSet } from "../loop/objects.ts";

const hashLabel = "pod-template-hash";
export const revisionAnnotation = "deployment.kubernetes.io/revision";
const historyAnnotation = "deployment.kubernetes.io/revision-history";
/** The most characters in the revision history of a ReplicaSet. */
const historyLength = 2000;

const notCopied: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  "deprecated.deployment.rollback.to",
]);

const withoutHash = ({ metadata = {} }: PodTemplate) => {
  const { [hashLabel]: _, ...labels } = metadata.labels ?? {};
  return { labels, annotations: metadata.annotations ?? {}, finalizers: metadata.finalizers ?? [] };
};

const compared = new WeakMap<PodTemplate, WeakMap<PodTemplate, boolean>>();

/** Results are cached, as templates never change in place. */
function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  const answers = compared.get(a) ?? new WeakMap<PodTemplate, boolean>();
  compared.set(a, answers);
  const known = answers.get(b) ?? (equal(a.spec, b.spec) && equal(withoutHash(a), withoutHash(b)));
  answers.set(b, known);
  return known;
}

/** The ReplicaSet of the Deployment's present template; the oldest when there are several. */
export const findNewSet = (d: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  sets
    .filter((rs) => sameTemplate(rs.spec.template, d.spec.template))
    .toSorted(byAge)
    .at(0);

export function revisionOf(rs: ReplicaSet): number {
  const text = rs.metadata.annotations?.[revisionAnnotation] ?? "";
  return /^\d+$/.test(text) ? Number(text) : 0;
}

/** The highest old revision plus one. */
export const nextRevision = (old: readonly ReplicaSet[]): number => Math.max(0, ...old.map(revisionOf)) + 1;

type Annotations = Readonly<Record<string, string>>;

/** Records the revision that a ReplicaSet had before a rollback made it the newest again. */
function history(known: string, revision: number): string {
  const all = known === "" ? [] : known.split(",");
  while (all.length > 0 && [...all, revision].join(",").length > historyLength) all.shift();
  return [...all, revision].join(",");
}

/** Annotations of the new ReplicaSet: the Deployment's, with the revision it should have. */
export function newSetAnnotations(d: Deployment, known: Annotations | undefined, revision: number): Annotations {
  const copied = Object.entries(d.metadata.annotations ?? {}).filter(([name]) => !notCopied.has(name));
  const merged: Record<string, string> = { ...known, ...Object.fromEntries(copied) };
  const had = Number(known?.[revisionAnnotation] ?? 0);
  if (had < revision) {
    merged[revisionAnnotation] = `${revision}`;
    if (had > 0) merged[historyAnnotation] = history(known?.[historyAnnotation] ?? "", had);
  }
  return merged;
}

/** How large the Deployment is and may become, written into each ReplicaSet whose size it sets. */
export const sizeAnnotations = (d: Deployment): Annotations => ({
  [desiredAnnotation]: `${replicasOf(d)}`,
  [maxAnnotation]: `${replicasOf(d) + maxSurge(d)}`,
});

const hashes = new WeakMap<PodTemplate, Map<number | undefined, string>>();

/**
 * A hash of the template (cached, as templates never change in place). Upstream's depends on how Go prints its types,
 * so names differ from a real cluster's. The name of the label for the hash is hashed, too, so that a Rollout with the
 * same name and template gives its ReplicaSet another name.
 */
export function templateHash(d: Deployment): string {
  const { template } = d.spec;
  const collisions = d.status?.collisionCount;
  const known = hashes.get(template) ?? new Map<number | undefined, string>();
  hashes.set(template, known);
  const { metadata = {} } = template;
  const labelled = { ...template, metadata: { ...metadata, labels: { ...metadata.labels, [hashLabel]: "" } } };
  const hash = known.get(collisions) ?? podTemplateHash(labelled, collisions);
  known.set(collisions, hash);
  return hash;
}

/** Names of ReplicaSets have at most so many characters. */
const longestName = 253;

export const newSetName = ({ metadata: { name } }: Deployment, hash: string): string =>
  `${name.slice(0, longestName - hash.length - 1)}-${hash}`;

/** The new ReplicaSet, with `replicas` pods to begin with. */
export function newSet(d: Deployment, replicas: number, revision: number): Draft {
  const hash = templateHash(d);
  const { template, selector, minReadySeconds } = d.spec;
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const { namespace } = d.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: newSetName(d, hash),
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { ...newSetAnnotations(d, undefined, revision), ...sizeAnnotations(d) },
      ownerReferences: [controlledBy(d)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** Old ReplicaSets beyond the history limit that have no pods left. */
export function outOfHistory(d: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const surplus = Math.max(0, alive.length - (d.spec.revisionHistoryLimit ?? 10));
  return alive
    .toSorted((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, surplus)
    .filter(
      (rs) =>
        (rs.status?.replicas ?? 0) === 0 &&
        replicasOf(rs) === 0 &&
        (rs.metadata.generation ?? 0) <= (rs.status?.observedGeneration ?? 0),
    );
}
