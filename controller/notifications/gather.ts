/** The facts about the notifications of one Rollout: from the cache, and from the API server what the cache does not hold. */
import { collectionPath, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { ANALYSIS_RUNS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { instant } from "../../kube/object/time.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";
import { HASH_LABEL, REVISION } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { keepsLabels } from "../rollout/facts/slim.ts";
import type { WorkloadStores } from "../rollout/facts/workloadStores.ts";
import { mentions, type NotificationConfiguration } from "./configuration/configuration.ts";
import type { Happened, NotificationFacts, Seen } from "./decide/decide.ts";
import { notifiedIn } from "./decide/notified.ts";
import { triggerOfReason } from "./decide/reason.ts";
import { isSubscribed } from "./decide/subscriptions.ts";
import type { Journal, RecordedEvent } from "./journal.ts";

export interface GatherPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly stores: { readonly workloads: WorkloadStores };
  readonly journal: Journal;
}

export interface ToGather {
  readonly key: string;
  /** As it is now; undefined: it is gone. */
  readonly rollout: Rollout | undefined;
  readonly events: readonly RecordedEvent[];
  readonly configurations: readonly NotificationConfiguration[];
}

export interface GatheredFacts extends NotificationFacts {
  readonly rollout: Rollout | undefined;
  /** Those that `happened` stands for. */
  readonly events: readonly RecordedEvent[];
}

const TIMEOUT_MS = 5_000;

/** Undefined: nobody is to be told anything. @throws {ApiError} */
export async function gatherNotifications(
  { client, stores, journal }: GatherPorts,
  { key, rollout, events, configurations }: ToGather,
): Promise<GatheredFacts | undefined> {
  const latest = rollout ?? events.at(-1)?.rollout;
  if (latest === undefined) return undefined;
  const annotations = latest.metadata.annotations ?? {};
  const isWanted = isSubscribed(annotations) || configurations.some((each) => each.subscriptions.length > 0);
  if (!isWanted) return undefined;
  const labels = await labelsOf(client, latest, configurations);
  const snapshots = [...events.map((event) => event.rollout), ...(rollout === undefined ? [] : [rollout])];
  const runs = configurations.some((each) => mentions(each, "analysisRuns")) ? await runsOf(client, snapshots) : [];
  const seen = (each: Rollout): Seen => ({
    rollout: shown(each, labels, stores.workloads),
    labels,
    annotations: each.metadata.annotations ?? {},
    analysisRuns: runsIn(runs, each),
  });
  const stored = notifiedIn(rollout?.metadata.annotations);
  const happened = events.map(({ type, reason, rollout: then }): Happened => ({
    type,
    reason,
    trigger: triggerOfReason(reason),
    seen: seen(then),
  }));
  const isStaying = rollout !== undefined && rollout.metadata.deletionTimestamp === undefined;
  return {
    rollout,
    events,
    configurations,
    happened,
    now: isStaying ? seen(rollout) : undefined,
    stored,
    notified: journal.notified(key, stored),
    pending: journal.pending(key),
  };
}

/** The cache holds labels of those only for which it needs them. */
async function labelsOf(
  client: GatherPorts["client"],
  rollout: Rollout,
  configurations: readonly NotificationConfiguration[],
): Promise<Readonly<Record<string, string>>> {
  const { labels, namespace, name } = rollout.metadata;
  const matter = configurations.some((each) => each.subscriptions.length > 0);
  if (labels !== undefined || keepsLabels(rollout) || !matter) return labels ?? {};
  const path = objectPath(ROLLOUTS, { namespace, name });
  return (await readIfThere<Rollout>(client, path, { timeoutMs: TIMEOUT_MS }))?.metadata.labels ?? {};
}

/** With its labels, and the template and the selector of the workload that it refers to, as the reference shows them. */
function shown(rollout: Rollout, labels: Readonly<Record<string, string>>, workloads: WorkloadStores): object {
  const metadata = Object.keys(labels).length === 0 ? rollout.metadata : { ...rollout.metadata, labels };
  const { kind = "", name = "" } = rollout.spec.workloadRef ?? {};
  const store = Object.hasOwn(workloads, kind) ? workloads[kind as keyof WorkloadStores] : undefined;
  const workload = store?.objects.get(`${rollout.metadata.namespace}/${name}`)?.facts;
  if (workload === undefined) return { ...rollout, metadata };
  const { template, selector } = workload;
  return { ...rollout, metadata, spec: { ...rollout.spec, template, ...(selector && { selector }) } };
}

/** Read whole: of runs that are over the cache holds less than templates may show. */
async function runsOf(client: GatherPorts["client"], rollouts: readonly Rollout[]): Promise<readonly AnalysisRun[]> {
  const hashes = new Set(rollouts.map(({ status }) => status?.currentPodHash ?? "").filter((hash) => hash !== ""));
  const namespace = rollouts[0]?.metadata.namespace;
  if (hashes.size === 0 || namespace === undefined) return [];
  const { items } = await client.request<{ readonly items?: readonly AnalysisRun[] }>({
    method: "GET",
    path: collectionPath(ANALYSIS_RUNS, namespace),
    query: { labelSelector: `${HASH_LABEL} in (${[...hashes].join(",")})` },
    timeoutMs: TIMEOUT_MS,
  });
  return items ?? [];
}

function runsIn(runs: readonly AnalysisRun[], { metadata, status }: Rollout): readonly AnalysisRun[] | null {
  const ofHash = runs.filter((run) => run.metadata.labels?.[HASH_LABEL] === status?.currentPodHash);
  if (ofHash.length === 0) return null;
  const revision = metadata.annotations?.[REVISION];
  return ofHash
    .filter((run) => run.metadata.annotations?.[REVISION] === revision)
    .toSorted((a, b) => (instant(b.metadata.creationTimestamp) ?? 0) - (instant(a.metadata.creationTimestamp) ?? 0));
}
