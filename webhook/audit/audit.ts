/**
 * Checks again what was admitted while the webhook was away (one replica restarting, a cluster started cold, objects
 * older than a rule): the leader does so when it starts and at each resync. Broken objects are counted in
 * `sluice_audit_violations`, and each is reported: a Rollout by the loop's own InvalidSpec condition (and by no event,
 * since the reference sends none), the other kinds, which have no fitting condition, by an event. Nothing is written into
 * them.
 */
import { INSTANCE_LABEL } from "../../schema/labels.ts";
import type { EventReason } from "../../schema/reasons.ts";
import { familyHead, sample } from "../../controller/process/exposition.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { Log } from "../../controller/process/log.ts";
import type { KubeEvent } from "../../kube/runtime/recorder.ts";
import { pause } from "../../kube/clock/sleep.ts";
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { ADMITTED } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";

/** Any object of argoproj.io, as far as the audit reads it. */
export interface Audited {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: {
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
    readonly deletionTimestamp?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
  readonly status?: { readonly phase?: unknown } | undefined;
}

export type AuditedKind = "Rollout" | "AnalysisTemplate" | "ClusterAnalysisTemplate" | "AnalysisRun" | "Experiment";

export interface AuditOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Why this object would be refused, each a text with its path in front (`textWithHelp`); empty when it is valid. */
  readonly findings: (kind: AuditedKind, object: Audited) => readonly string[];
  /** Kinds that a cache holds already, which are not listed for the audit. */
  readonly cached?: Partial<Readonly<Record<AuditedKind, () => Iterable<Audited>>>>;
  readonly record: (event: KubeEvent) => void;
  /** The same as the controller's own scope. */
  readonly namespace?: string | undefined;
  readonly instanceId: string;
  readonly resyncMs: number;
}

export interface Audit {
  /** Audits at once and at each resync, until `signal` aborts: the leader runs it. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Objects with findings, by kind, as of the last complete audit. */
  violations(): ReadonlyMap<AuditedKind, number>;
  /** The metric. */
  render(): Generator<string>;
}

/** Only a page of raw objects is in memory at a time, until all of them have been checked. */
const mostObjects = 10;
/** An event's message has at most 1,024 bytes. */
const messageLimit = 1_000;

/** A run that has ended is never read again: what is wrong with it does not matter any more. */
const ended: readonly unknown[] = ["Successful", "Failed", "Error", "Inconclusive"];

export function createAudit(options: AuditOptions): Audit {
  const { clock, log } = options;
  /**
   * By uid, a hash of the findings that were reported: an object is reported again only when they change. (Its
   * generation would not do: it also counts status writes.)
   */
  const reported = new Map<string, bigint | number>();
  const counts = new Map<AuditedKind, number>();

  const auditOne = (kind: AuditedKind, object: Audited, broken: Set<string>): void => {
    const { uid = "", deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined || ended.includes(object.status?.phase)) return;
    const texts = options.findings(kind, object);
    if (texts.length === 0) return;
    broken.add(uid);
    const digest = Bun.hash(texts.join("\n"));
    if (kind !== "Rollout" && reported.get(uid) !== digest) options.record(eventOf(kind, object, texts));
    reported.set(uid, digest);
  };
  const auditKind = async (kind: AuditedKind, signal: AbortSignal): Promise<ReadonlySet<string>> => {
    const broken = new Set<string>();
    for await (const page of objectsOf(options, kind, signal)) {
      for (const object of page) {
        if (signal.aborted) break;
        auditOne(kind, object, broken);
        // However long an object took: after it other work has its turn.
        await giveWay(options.clock, signal);
      }
    }
    counts.set(kind, broken.size);
    return broken;
  };
  const audit = async (signal: AbortSignal): Promise<void> => {
    const broken = new Set<string>();
    let complete = true;
    for (const kind of Object.keys(ADMITTED) as AuditedKind[]) {
      try {
        for (const uid of await auditKind(kind, signal)) broken.add(uid);
      } catch (error) {
        complete = false;
        if (!signal.aborted) log.warn(`Cannot audit ${ADMITTED[kind].plural}`, { error });
      }
    }
    // Forgets objects that are valid again, or gone: if they break once more, that is reported.
    if (complete) for (const uid of reported.keys()) if (!broken.has(uid)) reported.delete(uid);
  };
  return {
    async run(signal) {
      while (!signal.aborted) {
        await audit(signal);
        await pause(clock, options.resyncMs, signal);
      }
    },
    violations: () => counts,
    *render() {
      yield familyHead("sluice_audit_violations", "gauge", "Stored objects that the webhook would refuse.");
      for (const [kind, count] of counts) yield sample("sluice_audit_violations", [["kind", kind]], count);
    },
  };
}

const giveWay = (clock: Clock, signal: AbortSignal): Promise<void> => clock.giveWay?.() ?? pause(clock, 0, signal);

async function* objectsOf(
  options: AuditOptions,
  kind: AuditedKind,
  signal: AbortSignal,
): AsyncGenerator<readonly Audited[]> {
  const cached = options.cached?.[kind];
  if (cached !== undefined) {
    // Copied: the cache may change while other work has its turn.
    yield [...cached()];
    return;
  }
  const { client, namespace, instanceId } = options;
  const path = collectionPath(ADMITTED[kind], kind === "ClusterAnalysisTemplate" ? undefined : namespace);
  const labelSelector = instanceId === "" ? `!${INSTANCE_LABEL}` : `${INSTANCE_LABEL}=${instanceId}`;
  const pages = pagesOf<Audited>({ client, path, query: { labelSelector }, mostObjects, signal });
  for await (const page of pages) yield page.items ?? [];
}

function eventOf(kind: AuditedKind, { metadata }: Audited, texts: readonly string[]): KubeEvent {
  const { name = "", uid = "", resourceVersion } = metadata;
  // Events on cluster-scoped objects are kept in "default".
  const namespace = metadata.namespace === undefined || metadata.namespace === "" ? "default" : metadata.namespace;
  return {
    object: { apiVersion: "argoproj.io/v1alpha1", kind, name, namespace, uid, resourceVersion },
    type: "Warning",
    reason: "InvalidSpec" satisfies EventReason,
    message: messageOf(kind, name, texts),
  };
}

/** As many whole texts as fit, and how many are left out. */
function messageOf(kind: AuditedKind, name: string, texts: readonly string[]): string {
  const head = `The ${kind} "${name}" is invalid: `;
  let message = head + (texts[0] ?? "").slice(0, messageLimit - head.length - 20);
  let shown = 1;
  for (const text of texts.slice(1)) {
    if (message.length + text.length + 20 > messageLimit) break;
    message += `; ${text}`;
    shown += 1;
  }
  return shown < texts.length ? `${message}; and ${texts.length - shown} more` : message;
}
