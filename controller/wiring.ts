/**
 * The parts of a process that drives Rollouts, put together once: for the command line, for the cluster in a process
 * and for the worlds of the tests, which differ in their ports only.
 */
import { aborted } from "../kube/clock/sleep.ts";
import { type HeldLease, holdLease, type LeaseOptions } from "../kube/runtime/lease.ts";
import { standAside } from "../kube/runtime/standAside.ts";
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
export interface Election extends Omit<LeaseOptions, "client" | "clock" | "monotonicMs" | "random"> {
  /** It is the only one of its kind, so it takes no Lease, and stands aside while another one holds it. */
  readonly isAlone?: boolean;
}

export interface Leading {
  /** Undefined: it leads from the start, whoever else does. */
  readonly election: Election | undefined;
  /** Ends the work; the Lease is given back after that. */
  readonly until: AbortSignal;
  /** Called when it begins to work. */
  readonly begins?: () => void;
  /** Awaited when nothing is watched any more, before the Lease is given back. */
  readonly parting?: () => Promise<void> | undefined;
}

export interface Wired {
  readonly controller: Controller;
  readonly events: EventRecorder;
  /** Aborts when nothing is watched any more: what stands beside the controller ends with it. */
  readonly stopping: AbortSignal;
  readonly isLeader: () => boolean;
  /** Waits for the Lease and the caches, works until it is to end, and gives the Lease back, whatever ends it. */
  lead(leading: Leading): Promise<void>;
  /** Ends the watches; `lead` does so by itself. Idempotent. */
  stop(): void;
}

/** Starts watching at once. */
export function wireController(ports: WiringPorts, scope: ControllerScope): Wired {
  const { client, clock, complaints = createComplaints(ports), eventLost, validForMs } = ports;
  const stopping = new AbortController();
  const held: { lease?: HeldLease } = {};
  const leaderForMs = (): number => held.lease?.validForMs() ?? 0;
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
    isLeader: () => held.lease?.isLeader() ?? false,
    async lead({ election, until, begins, parting }) {
      const lease = (held.lease = election === undefined ? unopposed : leaseOf(ports, election));
      try {
        const ready = Promise.all([lease.acquired, controller.hasSynced]).then(() => controller.refresh());
        await Promise.race([ready, aborted(until)]);
        if (lease.isLeader() && !until.aborted) {
          begins?.();
          await controller.run(until);
        }
      } finally {
        stopping.abort();
        await parting?.();
        await lease.release();
      }
    },
    stop: () => stopping.abort(),
  };
}

/** Nobody else is asked. */
const unopposed: HeldLease = {
  isLeader: () => true,
  validForMs: () => Number.POSITIVE_INFINITY,
  acquired: Promise.resolve(),
  release: async () => {},
};

function leaseOf({ client, clock, monotonicMs, random }: WiringPorts, election: Election): HeldLease {
  const options = {
    client,
    clock,
    ...(monotonicMs === undefined ? {} : { monotonicMs }),
    ...(random === undefined ? {} : { random }),
    ...election,
  };
  return election.isAlone === true ? standAside(options) : holdLease(options);
}
