/**
 * Looks now and then for what may keep the next update of a Rollout from getting on
 * (docs/behaviour/admission.md#what-the-audit-looks-for): what no review can know, since it takes requests. The leader does so
 * when it starts and at each resync. It is told by an event, once while it lasts, and counted in `sluice_audit_risks`.
 */
import { familyHead, sample } from "../../../controller/process/exposition.ts";
import type { Log } from "../../../controller/process/log.ts";
import type { Templates } from "../../../controller/rules/analysis/templateCollection.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { pause } from "../../../kube/clock/sleep.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { KubeEvent } from "../../../kube/runtime/recorder.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { createEndpointRisks } from "./endpointRisks.ts";
import type { Knock } from "./knock.ts";
import { createRoomReader } from "./readRoom.ts";
import { type Risk, RISK_REASONS, type RiskKind } from "./risk.ts";
import { isAtRest, surgeOf } from "./surge.ts";
import { surgeRisks } from "./surgeRisks.ts";

export interface RisksOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly rollouts: () => Iterable<Rollout>;
  /** The spec of a Rollout's pods, of its own template or a workload's; undefined: it is not known. */
  readonly podSpecOf: (rollout: Rollout) => unknown;
  readonly templatesIn: (namespace: string) => Templates;
  readonly knock: Knock;
  readonly record: (event: KubeEvent) => void;
  /** The only namespace that is watched; undefined: all. */
  readonly namespace: string | undefined;
  readonly resyncMs: number;
}

export interface Risks {
  /** Looks at once and at each resync, until `signal` aborts: the leader runs it. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** The metric. */
  render(): Generator<string>;
}

const KINDS = Object.keys(RISK_REASONS) as readonly RiskKind[];
/** An event's message has at most 1,024 bytes. */
const MESSAGE_CHARS = 900;

export function createRisks(options: RisksOptions): Risks {
  const { clock, log } = options;
  const readRoom = createRoomReader(options);
  const endpointRisks = createEndpointRisks(options);
  let told = new Set<string>();
  let counts: ReadonlyMap<RiskKind, number> = new Map();

  const look = async (signal: AbortSignal): Promise<void> => {
    const rollouts = [...options.rollouts()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const isMoving = rollouts.some((rollout) => isAtRest(rollout) && surgeOf(rollout) !== undefined);
    const room = isMoving ? await readRoom(signal) : {};
    const silent = await endpointRisks(rollouts, signal);
    const now = new Set<string>();
    const found = new Map<RiskKind, number>();
    for (const rollout of rollouts) {
      await (clock.giveWay?.() ?? pause(clock, 0, signal));
      // What an aborted look has not read is not over.
      if (signal.aborted) return;
      const risks = [...surgeRisks(rollout, options.podSpecOf(rollout), room), ...(silent.get(rollout) ?? [])];
      for (const kind of new Set(risks.map((risk) => risk.kind))) found.set(kind, (found.get(kind) ?? 0) + 1);
      for (const risk of risks) {
        const key = `${rollout.metadata.uid} ${risk.kind} ${risk.about}`;
        now.add(key);
        if (!told.has(key)) options.record(eventOf(rollout, risk));
      }
    }
    told = now;
    counts = found;
  };
  return {
    async run(signal) {
      while (!signal.aborted) {
        await look(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn("Cannot look for what would stop updates", { error });
        });
        await pause(clock, options.resyncMs, signal);
      }
    },
    *render() {
      yield familyHead("sluice_audit_risks", "gauge", "Rollouts whose next update something around them may stop.");
      for (const kind of KINDS) yield sample("sluice_audit_risks", [["risk", kind]], counts.get(kind) ?? 0);
    },
  };
}

function eventOf({ metadata }: Rollout, { kind, message }: Risk): KubeEvent {
  const { name, namespace, uid = "", resourceVersion } = metadata;
  return {
    object: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name, namespace, uid, resourceVersion },
    type: "Warning",
    reason: RISK_REASONS[kind],
    message: message.slice(0, MESSAGE_CHARS).toWellFormed(),
  };
}
