/**
 * Labels and annotations that pods carry only while they have a role: canary, preview, stable, active
 * (docs/behaviour/pod-metadata.md#metadata-by-role). What was put on a ReplicaSet's pods is recorded in an annotation,
 * so that it can be removed.
 */
import { EPHEMERAL_METADATA, TEMPLATE_ANNOTATIONS } from "../../../schema/labels.ts";
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
const injectedMetadata = (annotations: Annotations): LabelsAndAnnotations =>
  readRecord(annotations[EPHEMERAL_METADATA]);

/** The record as it would be written; of one that is not finished (actions/setPodMetadata.ts) none that could be wanted. */
function recordOf(annotations: Annotations, injected: LabelsAndAnnotations): string | undefined {
  const text = annotations[EPHEMERAL_METADATA];
  if (text === undefined) return undefined;
  return "unfinished" in injected ? text : metadataRecord(injected);
}

/** The template's own annotations that injected ones stand for, by the annotation of a ReplicaSet. */
const keptAnnotations = (annotations: Annotations): Annotations =>
  readRecord(annotations[TEMPLATE_ANNOTATIONS]) as Annotations;

function readRecord(text = "{}"): object {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/**
 * The template's own values of names that are injected, as far as they are known. Labels: a ReplicaSet is made with the
 * labels of its template, whoever makes it, and injected ones are on the template alone.
 */
interface Own {
  readonly labels: Annotations;
  readonly annotations: Annotations;
}

/**
 * The record of the template's own annotations that `injected` ones take the place of; undefined when there are none.
 */
export function keptRecord(
  own: Annotations | undefined,
  injected: LabelsAndAnnotations | undefined,
): string | undefined {
  const names = Object.keys(injected?.annotations ?? {})
    .filter((name) => own?.[name] !== undefined)
    .toSorted();
  return names.length === 0 ? undefined : JSON.stringify(Object.fromEntries(names.map((name) => [name, own?.[name]])));
}

/**
 * The template as the Rollout has it: without the metadata that pods carry only while they have a role
 * (docs/behaviour/hashes-and-names.md#equal-templates), and with the template's own values in its place.
 */
export function withoutInjected({ metadata, spec: { template } }: ReplicaSet): ReplicaSet["spec"]["template"] {
  const { labels: own = {}, annotations: recorded = {} } = metadata;
  const injected = injectedMetadata(recorded);
  if (injected.labels === undefined && injected.annotations === undefined) return template;
  const { labels, annotations } = template?.metadata ?? {};
  const restored = {
    ...template?.metadata,
    labels: withOwn(labels, injected.labels, own),
    annotations: withOwn(annotations, injected.annotations, keptAnnotations(recorded)),
  };
  return { ...template, metadata: restored };
}

/** A map in which each injected name has its own value again, or is gone. */
function withOwn(
  map: Annotations | undefined,
  injected: Annotations | undefined,
  own: Annotations,
): Record<string, string> {
  const restored: Record<string, string> = { ...map };
  for (const name of Object.keys(injected ?? {})) {
    const value = own[name];
    if (value === undefined) delete restored[name];
    else restored[name] = value;
  }
  return restored;
}

const replaced = (
  old: Annotations | undefined,
  next: Annotations | undefined,
  own: Annotations,
): Record<string, string | null> => ({
  ...Object.fromEntries(Object.keys(old ?? {}).map((name) => [name, own[name] ?? null])),
  ...next,
});

/** Of the new ReplicaSet the Rollout has the template; of an older one only what was kept is known. */
function ownOf(p: Pass, rs: ReplicaSetFacts): Own {
  const { newRS } = roles(p);
  const template = rs.uid === newRS?.uid ? p.world.rollout.spec.template?.metadata : undefined;
  return { labels: rs.labels, annotations: template?.annotations ?? keptAnnotations(rs.annotations) };
}

function sync(p: Pass, rs: ReplicaSetFacts | undefined, wanted: LabelsAndAnnotations | undefined): void {
  if (rs === undefined) return;
  const old = injectedMetadata(rs.annotations);
  const record = wanted === undefined ? undefined : metadataRecord(wanted);
  const recorded = recordOf(rs.annotations, old);
  if (record === recorded || (record === "{}" && recorded === undefined)) return;
  const own = ownOf(p, rs);
  // Those of the last role, too: were they dropped before all is recorded, a repeated pass would not know them.
  const names = { ...old.annotations, ...wanted?.annotations };
  const kept = wanted?.annotations === undefined ? undefined : keptRecord(own.annotations, { annotations: names });
  setPodMetadata(p, rs, {
    labels: replaced(old.labels, wanted?.labels, own.labels),
    annotations: replaced(old.annotations, wanted?.annotations, own.annotations),
    record: record ?? null,
    ...(kept === rs.annotations[TEMPLATE_ANNOTATIONS] ? {} : { kept: kept ?? null }),
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
