/** A kind that is watched from when it is first asked for, so that a cluster which never needs it does not pay for it. */
import { createComplaints, logWatchError } from "../../controller/process/complaints.ts";
import type { Log } from "../../controller/process/log.ts";
import { collectionPath } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { runReflector, type KubeObject, type ReflectorSink } from "../../kube/runtime/watch.ts";
import type { Resource } from "../../schema/kube.ts";

export interface SlimWatchPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The only namespace that is watched; undefined: all. */
  readonly watched: string | undefined;
  readonly signal: AbortSignal;
}

export interface SlimWatch {
  /** Whether all objects are. Asking begins the watch. */
  isKnown(): boolean;
  /** Undefined: known, or not to be waited for. It resolves when that has become so. */
  soon(): Promise<void> | undefined;
}

/** Where we may not list the kind, it stays unknown, which the log says; nobody waits for it then. */
export function slimWatch<Raw extends KubeObject>(
  api: Resource,
  sink: ReflectorSink<Raw>,
  { watched, signal, ...ports }: SlimWatchPorts,
): SlimWatch {
  const complaints = createComplaints(ports);
  const tried = Promise.withResolvers<void>();
  const state = { begun: false, known: false, tried: false };
  const end = (): void => {
    state.tried = true;
    tried.resolve();
  };
  const begin = (): void => {
    if (state.begun || signal.aborted) return;
    state.begun = true;
    const { hasSynced } = runReflector<Raw>({
      ...ports,
      path: collectionPath(api, watched),
      sink,
      signal,
      onError(error, failures) {
        logWatchError(complaints, api.plural, error, failures);
        if (failures > 0) end();
      },
    });
    void hasSynced.then(() => {
      state.known = true;
      end();
    });
  };
  return {
    isKnown() {
      begin();
      return state.known;
    },
    soon() {
      begin();
      return state.tried || signal.aborted ? undefined : tried.promise;
    },
  };
}
