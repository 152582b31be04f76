/**
 * A controller process in the world: the production loop, wired as for a real cluster (controller/wiring.ts), which
 * may crash and come back.
 */
import { type Controller, type ControllerScope, unobserved } from "../../../controller/controller.ts";
import { type Election, wireController } from "../../../controller/wiring.ts";
import { lockOf } from "../../../schema/locks.ts";
import type { Log } from "../../../controller/process/log.ts";
import type { Decide } from "../../../controller/rollout/apply/carryOut.ts";
import { decide as realDecide } from "../../../controller/rollout/decide/decide.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import type { SendHttp } from "../../../providers/metrics/measuring/http.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Chance } from "../script/chance.ts";
import { processClock } from "./virtualClock.ts";
import type { Fate, Faults } from "./faults.ts";
import { connect, type Wire } from "./network.ts";

export const LEASE = lockOf("");
export const LEASE_NAMESPACE = "argo-rollouts";

export interface ProcessOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly chance: Chance;
  /** "a" or "b"; each start gets an identity of its own. */
  readonly name: string;
  /** Without leases it is alone and always the leader. */
  readonly leases: boolean;
  readonly breakage: Breakage;
  /** Deployments that ask for it become Rollouts; undefined: none. */
  readonly migration?: ControllerScope["migration"];
  readonly as: <T>(identity: string, act: () => T) => T;
  readonly onLog: (identity: string, level: string, message: string, fields: unknown) => void;
  readonly onFate: (identity: string, fate: Fate, request: KubeRequest) => void;
  readonly onRequest: (identity: string, request: KubeRequest) => void;
  /** Why a policy refuses a request; absent: there is none. */
  readonly refusal?: (request: KubeRequest) => string | undefined;
  /** Called after every request that took effect: whether it crashes there (crash.test.ts). */
  readonly crashesNow?: () => boolean;
  /** The source of the metrics; a new one for each start. */
  readonly metrics: (clock: Clock, chance: Chance, identity: string) => SendHttp;
  readonly onDecision: (identity: string, snapshot: Parameters<Decide>[0], decision: ReturnType<Decide>) => void;
}

/** What is broken on purpose (test/sim/play/mutations.ts); nothing, usually. */
export interface Breakage {
  readonly decide: (real: Decide) => Decide;
  readonly client: (real: KubeClient, clock: Clock) => KubeClient;
  readonly validForMs: (real: () => number) => () => number;
}

export const sound: Breakage = { decide: (real) => real, client: (real) => real, validForMs: (real) => real };

export interface Process {
  /** Identity of the present start. */
  readonly identity: string;
  readonly controller: Controller;
  /** Ends it at once, and starts it again after `downMs`. */
  crash(downMs: number): void;
  stop(): void;
}

const ignore = (): void => {};

/** A process that ended by itself is started again between 1 and 3 s later. */
const restartMs = (chance: Chance): number => 1_000 + chance.below(2_000);

/** Starts it, and starts it again whenever it ends. */
export function startProcess(options: ProcessOptions): Process {
  let starts = 0;
  let stopped = false;
  const start = (): Started => {
    starts += 1;
    return startOnce(options, `${options.name}${starts}`, (downMs) => {
      if (stopped) return;
      options.clock.after(downMs, () => {
        if (!stopped) current = start();
      });
    });
  };
  let current = start();
  return {
    get identity() {
      return current.identity;
    },
    get controller() {
      return current.controller;
    },
    crash: (downMs) => current.end(downMs),
    stop() {
      stopped = true;
      current.end(0);
    },
  };
}

interface Started {
  readonly identity: string;
  readonly controller: Controller;
  end(downMs: number): void;
}

function startOnce(options: ProcessOptions, identity: string, ended: (downMs: number) => void): Started {
  const { wire, chance, faults, breakage } = options;
  const clock = processClock(options.clock);
  let over = false;
  const end = (downMs: number): void => {
    if (over) return;
    over = true;
    clock.kill();
    connection.cut();
    ended(downMs);
  };
  const connection = connect(wire, {
    as: (act) => options.as(identity, act),
    clock,
    faults,
    onFate: (fate, request) => options.onFate(identity, fate, request),
    onRequest: (request) => options.onRequest(identity, request),
    refusal: options.refusal ?? (() => undefined),
    crashesNow: options.crashesNow ?? (() => false),
    crash: end,
  });
  const client = breakage.client(connection.client, clock);
  const random = chance.fork(identity).fraction;
  const log = logOf((level, message, fields) => options.onLog(identity, level, message, fields));
  const working = new AbortController();
  const { controller, events, lead } = wireController(
    {
      client,
      clock,
      log,
      observer: unobserved,
      random,
      monotonicMs: clock.monotonicMs,
      validForMs: breakage.validForMs,
      decide: watched(options, identity),
      measuring: {
        http: options.metrics(clock, chance.fork(`${identity} metrics`), identity),
        environment: () => undefined,
        ownNamespace: LEASE_NAMESPACE,
      },
    },
    { namespace: undefined, instanceId: "", resyncMs: 900_000, concurrency: 10, migration: options.migration },
  );
  const election: Election = {
    namespace: LEASE_NAMESPACE,
    name: LEASE,
    identity,
    // Half as often as usual: most requests in such a world are those of the one that waits.
    retryPeriodMs: 4_000,
    onAcquired: () => log.info("Leading"),
    onLost: (error) => {
      log.info("Lost the Lease", { error });
      working.abort();
    },
  };
  const live = async (): Promise<void> => {
    await lead({ election: options.leases ? election : undefined, until: working.signal });
    await events.stop(2_000);
    end(restartMs(chance));
  };
  void live();
  return { identity, controller, end };
}

/** The decisions as they are, or broken on purpose, reported to an observer. */
function watched({ breakage, onDecision }: ProcessOptions, identity: string): Decide {
  const decide = breakage.decide(realDecide);
  return (snapshot, now) => {
    const decision = decide(snapshot, now);
    onDecision(identity, snapshot, decision);
    return decision;
  };
}

function logOf(write: (level: string, message: string, fields: unknown) => void): Log {
  const at =
    (level: string): Log["info"] =>
    (message, fields) =>
      write(level, message, typeof fields === "function" ? fields() : fields);
  return { debug: ignore, info: at("info"), warn: at("warn"), error: at("error") };
}
