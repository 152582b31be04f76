/** Why a controller ends, and with which exit code. */
import type { Log } from "./log.ts";
import { stopSignals } from "./stopSignals.ts";
import type { Undo } from "./undoStack.ts";

/** How a controller is asked to end. */
export interface Ending {
  /** Resolves when the process is to end. */
  readonly asked: Promise<void>;
  /** 0, or 1 when there was a fault. */
  exitCode(): number;
  /** To be called after a fault of ours: another replica may do better. */
  fail(): void;
}

/** An orderly end takes less; after a fault it is not waited for any longer. */
const faultMs = 10_000;

/** Ends on signals and on our uncaught faults; Leases are released first, so that another replica goes on at once. */
export function endings(log: Log, undo: Undo): Ending {
  const asked = Promise.withResolvers<void>();
  let exitCode = 0;
  const fail = (): void => {
    exitCode = 1;
    asked.resolve();
  };
  const signals = stopSignals({
    onStop: (signal) => log.info(`Stopping on ${signal}`),
    onAgain: (signal) => log.info(`Still stopping; send ${signal} again to stop at once`),
    onForce: (signal) => log.warn(`Stopped at once on ${signal}: a Lease that is still held expires by itself`),
  });
  void signals.asked.then(() => asked.resolve());
  const fault = (error: unknown): void => {
    log.error("An error in Sluice was not caught; stopping", {
      error,
      stack: error instanceof Error ? error.stack : undefined,
    });
    setTimeout(() => process.exit(1), faultMs).unref();
    fail();
  };
  process.on("uncaughtException", fault);
  process.on("unhandledRejection", fault);
  undo.push(() => {
    signals.ignore();
    process.off("uncaughtException", fault);
    process.off("unhandledRejection", fault);
  });
  return { asked: asked.promise, exitCode: () => exitCode, fail };
}
