/**
 * Labels and annotations that pods carry only while they have a role: canary, preview, stable, active
 * (docs/behaviour/pod-metadata.md#metadata-by-role). What was put on a ReplicaSet's pods is recorded in an annotation,
 * so that it can be removed.
 */
import { EPHEMERAL_METADATA } from "../../../schema/labels.ts";
import type { LabelsAndAnnotations, ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { blueGreenOf, canaryOf } from "../model/defaults.ts";
import type { Annotations, ReplicaSetFacts } from "../model/model.ts";
import { roles, setPodMetadata, statusOf, type Pass } from "../actions/pass.ts";
import { hashOf } from "../model/replicaSets.ts";

interface Wanted {
  readonly fresh: LabelsAndAnnotations | undefined;
  readonly serving: LabelsAndAnnotations | undefined;
}

/** Metadata for a new and for a serving ReplicaSet; undefined when the strategy has no such metadata. */
function wantedMetadata(rollout: Rollout): Wanted | undefined {
  const canary = canaryOf(rollout);
  const blueGreen = blueGreenOf(rollout);
  const wanted =
    canary === undefined
      ? { fresh: blueGreen?.previewMetadata, serving: blueGreen?.activeMetadata }
      : { fresh: canary.canaryMetadata, serving: canary.stableMetadata };
  return wanted.fresh === undefined && wanted.serving === undefined ? undefined : wanted;
}

/**
 * The metadata for the pods of a ReplicaSet that is about to be created: the first one will serve, a later one is new.
 */
export function firstPodMetadata(rollout: Rollout, hasStable: boolean): LabelsAndAnnotations | undefined {
  const wanted = wantedMetadata(rollout);
  return hasStable ? wanted?.fresh : wanted?.serving;
}

/** The record of what was injected, in the reference's encoding: keys sorted, empty parts left out. */
export function metadataRecord(metadata: LabelsAndAnnotations): string {
  const sorted = (map: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined =>
    map === undefined || Object.keys(map).length === 0
      ? undefined
      : Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ labels: sorted(metadata.labels), annotations: sorted(metadata.annotations) });
}

/** What was injected, by the annotation of a ReplicaSet; empty when that is missing or unreadable. */
function injectedMetadata(annotations: Annotations): LabelsAndAnnotations {
  try {
    const parsed: unknown = JSON.parse(annotations[EPHEMERAL_METADATA] ?? "{}");
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/**
 * The template as the Rollout has it: without the metadata that pods carry only while they have a role
 * (docs/behaviour/hashes-and-names.md#equal-templates).
 */
export function withoutInjected(
  template: ReplicaSet["spec"]["template"],
  recorded: Annotations,
): ReplicaSet["spec"]["template"] {
  const injected = injectedMetadata(recorded);
  const without = (map: Annotations | undefined, keys: Annotations | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => keys?.[key] === undefined));
  if (injected.labels === undefined && injected.annotations === undefined) return template;
  const { labels, annotations } = template?.metadata ?? {};
  const metadata = {
    ...template?.metadata,
    labels: without(labels, injected.labels),
    annotations: without(annotations, injected.annotations),
  };
  return { ...template, metadata };
}

const replaced = (old: Annotations | undefined, next: Annotations | undefined): Record<string, string | null> => ({
  ...Object.fromEntries(Object.keys(old ?? {}).map((key) => [key, null])),
  ...next,
});

function sync(p: Pass, rs: ReplicaSetFacts | undefined, wanted: LabelsAndAnnotations | undefined): void {
  if (rs === undefined) return;
  const old = injectedMetadata(rs.annotations);
  const record = wanted === undefined ? undefined : metadataRecord(wanted);
  const recorded = rs.annotations[EPHEMERAL_METADATA] === undefined ? undefined : metadataRecord(old);
  if (record === recorded || (record === "{}" && recorded === undefined)) return;
  setPodMetadata(p, rs, {
    labels: replaced(old.labels, wanted?.labels),
    annotations: replaced(old.annotations, wanted?.annotations),
    record: record ?? null,
  });
}

/**
 * Gives every ReplicaSet and its pods the metadata of its role; `promoted`: the new ReplicaSet is about to be stable.
 * With a strategy without such metadata, nothing changes.
 */
export function syncPodMetadata(p: Pass, promoted = false): void {
  const wanted = wantedMetadata(p.world.rollout);
  if (wanted === undefined) return;
  const { newRS, stableRS, others } = roles(p);
  const stableHash = statusOf(p).stableRS ?? "";
  const serving = promoted || stableHash === "" || stableHash === hashOf(newRS);
  sync(p, newRS, serving ? wanted.serving : wanted.fresh);
  if (!serving) sync(p, stableRS, wanted.serving);
  for (const rs of others) sync(p, rs, undefined);
}
