/** Objects that Rollouts refer to, read where one of them needs them. */
import type { OptionalStore } from "../rollout/facts/optionalStore.ts";
import { keysOfObject, neededOf } from "../rollout/facts/optionalStore.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { listed } from "./shelves.ts";

/** Reads the objects of one kind that the Rollouts and Experiments of `stores` name. @throws {ApiError} */
export async function fillNeeded(
  scope: { readonly client: KubeClient; readonly namespace: string | undefined },
  stores: Stores,
  store: OptionalStore,
): Promise<void> {
  const { kind } = store;
  const keys = neededOf(kind, stores);
  if (keys.size === 0) return;
  const namespace = kind.isClusterScoped === true ? undefined : scope.namespace;
  try {
    await listed(scope.client, kind.api, { namespace }, (raw) => {
      if (kind.isWhole === true || keysOfObject(kind, raw).some((key) => keys.has(key))) store.objects.upsert(raw);
    });
    for (const key of keys) store.seen.add(key);
    store.complete = true;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 403)) throw error;
    const why = error.status === 404 ? "the API server does not serve" : "you may not list";
    store.refused = `${why} ${kind.resource}`;
  }
}
