/** A kind that is watched from when it is first asked for, so that a cluster which never needs it does not pay for it. */
import { createComplaints, tellWatchError } from "../../controller/process/complaints.ts";
import type { Log } from "../../controller/process/log.ts";
import { collectionPath } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { createStore, type Store, type Stored } from "../../kube/runtime/cache.ts";
import { runReflector, type KubeObject } from "../../kube/runtime/watch.ts";
import type { SlimKind } from "./slimKinds.ts";

export interface SlimWatchPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SlimWatch<T extends Stored> {
  /** The objects; undefined until they are known. Asking begins the watch. */
  objects(): Store<T, "group"> | undefined;
  /** Undefined: known, or not to be waited for. It resolves when that has become so. */
  soon(): Promise<void> | undefined;
}

/**
 * Where we may not list the kind, it stays unknown, which the log says; nobody waits for it then.
 * @param namespace the only one that is watched; undefined: all
 */
export function slimWatch<T extends Stored, Raw extends KubeObject>(
  { api, slim, groups }: SlimKind<T, Raw>,
  ports: SlimWatchPorts,
  namespace: string | undefined,
  signal: AbortSignal,
): SlimWatch<T> {
  const store = createStore<T, "group", Raw>({ transform: slim, indices: { group: groups } });
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
      path: collectionPath(api, namespace),
      sink: store,
      signal,
      onError(error, failures) {
        tellWatchError(complaints, api.plural, error, failures);
        if (failures > 0) end();
      },
    });
    void hasSynced.then(() => {
      state.known = true;
      end();
    });
  };
  return {
    objects() {
      begin();
      return state.known ? store : undefined;
    },
    soon() {
      begin();
      return state.tried || signal.aborted ? undefined : tried.promise;
    },
  };
}
