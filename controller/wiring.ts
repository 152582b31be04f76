/**
 * The parts of a process that drives Rollouts, put together once: for the command line, for the cluster in a process
 * and for the worlds of the tests, which differ in their ports only.
 */
import { aborted } from "../kube/clock/sleep.ts";
import { holdLeases, type LeaseOptions, type Leases } from "../kube/runtime/lease.ts";
import { createRecorder, type EventRecorder, type Loss } from "../kube/runtime/recorder.ts";
import { createController, type Controller, type ControllerPorts, type ControllerScope } from "./controller.ts";
import { type Complaints, createComplaints, logLostEvent } from "./process/complaints.ts";

export interface WiringPorts extends Omit<ControllerPorts, "events" | "validForMs"> {
  /** Where events that are lost are logged; its own by default. */
  readonly complaints?: Complaints;
  /** Called for every event that is lost, beside the log. */
  readonly eventLost?: (why: Loss["why"]) => void;
  /** Replaces how long we are certain to stay the leader: for tests. */
  readonly validForMs?: (real: () => number) => () => number;
}

/** How it becomes the leader. */
export type Election = Omit<LeaseOptions, "client" | "clock" | "monotonicMs" | "random">;

export interface Leading {
  /** Undefined: it is alone, and leads from the start. */
  readonly election: Election | undefined;
  /** Ends the work; the Leases are given back after that. */
  readonly until: AbortSignal;
  /** Called when it begins to work. */
  readonly begins?: () => void;
  /** Awaited when nothing is watched any more, before the Leases are given back. */
  readonly parting?: () => Promise<void> | undefined;
}

export interface Wired {
  readonly controller: Controller;
  readonly events: EventRecorder;
  /** Aborts when nothing is watched any more: what stands beside the controller ends with it. */
  readonly stopping: AbortSignal;
  readonly isLeader: () => boolean;
  /** Waits for the Leases and the caches, works until it is to end, and gives the Leases back, whatever ends it. */
  lead(leading: Leading): Promise<void>;
  /** Ends the watches; `lead` does so by itself. Idempotent. */
  stop(): void;
}

/** Starts watching at once. */
export function wireController(ports: WiringPorts, scope: ControllerScope): Wired {
  const { client, clock, complaints = createComplaints(ports), eventLost, validForMs } = ports;
  const stopping = new AbortController();
  const held: { leases?: Leases } = {};
  const leaderForMs = (): number => held.leases?.validForMs() ?? 0;
  const events = createRecorder({
    client,
    clock,
    onLost: (loss) => {
      eventLost?.(loss.why);
      logLostEvent(complaints, loss);
    },
  });
  const controller = createController(
    { ...ports, events, validForMs: validForMs?.(leaderForMs) ?? leaderForMs },
    scope,
    stopping.signal,
  );
  return {
    controller,
    events,
    stopping: stopping.signal,
    isLeader: () => held.leases?.isLeader() ?? false,
    async lead({ election, until, begins, parting }) {
      const leases = (held.leases = election === undefined ? alone : leasesOf(ports, election));
      try {
        const ready = Promise.all([leases.acquired, controller.hasSynced]).then(() => controller.refresh());
        await Promise.race([ready, aborted(until)]);
        if (leases.isLeader() && !until.aborted) {
          begins?.();
          await controller.run(until);
        }
      } finally {
        stopping.abort();
        await parting?.();
        await leases.release();
      }
    },
    stop: () => stopping.abort(),
  };
}

/** Nobody else could lead. */
const alone: Leases = {
  isLeader: () => true,
  validForMs: () => Number.POSITIVE_INFINITY,
  acquired: Promise.resolve(),
  release: async () => {},
};

const leasesOf = ({ client, clock, monotonicMs, random }: WiringPorts, election: Election): Leases =>
  holdLeases({
    client,
    clock,
    ...(monotonicMs === undefined ? {} : { monotonicMs }),
    ...(random === undefined ? {} : { random }),
    ...election,
  });
