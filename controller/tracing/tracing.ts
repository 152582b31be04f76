/**
 * Traces of releases, while this process leads: what objects say becomes spans (spans/, pure), which the exporter sends.
 * Nothing else in the process waits for it (docs/tracing.md).
 */
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import { instant } from "../../kube/object/time.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { Complaints } from "../process/complaints.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { createExporter, type Exporter, type Post } from "./exporter.ts";
import type { TracingSettings } from "./settings.ts";
import { runSpans, stepIndexOf } from "./spans/analyses.ts";
import { followRollout, type Memory, type Release } from "./spans/release.ts";
import { stepSpanId } from "./spans/steps.ts";
import type { Digest, SpanContext } from "./spans/span.ts";

export interface TracingPorts {
  readonly clock: Clock;
  readonly complaints: Pick<Complaints, "report">;
  readonly version: string;
  readonly post?: Post;
  readonly random?: () => number;
}

export interface Tracing {
  /** Follows the Rollouts of these caches; what happens while `isLeader` says no is left to the leader. */
  follow(stores: Pick<Stores, "rollouts" | "experiments">, isLeader: () => boolean): void;
  /** The process has begun to lead. */
  begin(): void;
  /** The status of a run was written; `before` as it was held until then. */
  runWritten(before: AnalysisRun, after: AnalysisRun): void;
  /** Sends what is left, for at most `ms`. */
  stop(ms: number): Promise<void>;
  render(): Generator<string>;
}

/** What ended so shortly before this process began to lead may have been lost with the one before: it is sent again. */
const OVERLAP_MS = 30_000;

const sha256: Digest = (text) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

/** @throws Error when the file of CAs cannot be read */
export async function startTracing(settings: TracingSettings, ports: TracingPorts): Promise<Tracing> {
  const { certificate } = settings;
  const ca = certificate === undefined ? undefined : await readCa(certificate);
  return createTracing(createExporter(settings, { post: (url, init) => fetch(url, init), ...ports, ca }), ports.clock);
}

async function readCa(path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    throw new Error(`Cannot read the CAs of the collector from ${path} (OTEL_EXPORTER_OTLP_CERTIFICATE)`, {
      cause: error,
    });
  }
}

export function createTracing(exporter: Exporter, clock: Clock): Tracing {
  const memories = new Map<string, Memory>();
  const watched: { stores?: Pick<Stores, "rollouts" | "experiments">; isLeader: () => boolean } = {
    isLeader: () => false,
  };
  let sinceMs = Number.POSITIVE_INFINITY;
  const context = () => ({ digest: sha256, now: clock.now(), sinceMs });

  const changed = (before: Rollout | undefined, after: Rollout | undefined): void => {
    const uid = (after ?? before)?.metadata.uid ?? "";
    const known = memories.get(uid);
    // An update that was under way before it could be followed is seen for the first time.
    const seen = known === undefined && isUnderWay(before) ? undefined : before;
    const { memory, spans } = followRollout(seen, after, known, context());
    if (memory?.release === undefined) memories.delete(uid);
    else memories.set(uid, memory);
    exporter.add(spans);
  };
  return {
    follow(stores, isLeader) {
      watched.stores = stores;
      watched.isLeader = isLeader;
      stores.rollouts.onChange((before, after) => {
        if (isLeader() && sinceMs !== Number.POSITIVE_INFINITY) changed(before, after);
      });
    },
    begin() {
      sinceMs = clock.now() - OVERLAP_MS;
      for (const rollout of watched.stores?.rollouts.values() ?? []) changed(undefined, rollout);
    },
    runWritten(before, after) {
      if (watched.stores === undefined || !watched.isLeader()) return;
      const parent = parentOfRun(after, watched.stores, memories);
      if (parent !== undefined) exporter.add(runSpans(before, after, { ...parent, digest: sha256 }, sinceMs));
    },
    stop: (ms) => exporter.stop(ms),
    render: () => exporter.render(),
  };
}

const isUnderWay = (rollout: Rollout | undefined): boolean => rollout?.status?.duration?.rolloutStartedAt !== undefined;

/** Where a run hangs: at the step that it is part of, or else at the release; undefined: at none. */
function parentOfRun(
  run: AnalysisRun,
  { experiments }: Pick<Stores, "experiments">,
  memories: ReadonlyMap<string, Memory>,
): SpanContext | undefined {
  const owner = controllerOf(run);
  const experiment = owner?.kind === "Experiment" ? experiments.by("uid", owner.uid)[0] : undefined;
  const uid = owner?.kind === "Experiment" ? experiment && controllerOf(experiment)?.uid : owner?.uid;
  const release = releaseAt(memories.get(uid ?? ""), instant(run.metadata.creationTimestamp) ?? 0);
  if (release === undefined) return undefined;
  const { root, key, step, course } = release;
  const index = stepIndexOf(run) ?? (experiment === undefined ? undefined : step?.index);
  return {
    traceId: root.traceId,
    spanId: index === undefined ? root.spanId : stepSpanId({ digest: sha256, key }, course, index),
  };
}

/** The release during which something was created: times of both have whole seconds. */
function releaseAt(memory: Memory | undefined, createdMs: number): Release | undefined {
  const { release, previous } = memory ?? {};
  return release === undefined || createdMs >= release.startMs ? release : (previous ?? release);
}
