/** How objects that a Rollout owns beside its ReplicaSets are written: AnalysisRuns and Experiments. */
import { ApiError, isNotFound } from "../../../kube/client/apiError.ts";
import type { WriteRequest } from "../actions/row.ts";
import { kubeRequest } from "./kubeRequest.ts";
import { passingCause } from "./passing.ts";
import { type Run, send, write } from "./writer.ts";

/** The cache of their kind. */
interface OwnedStore<Raw> {
  upsert(raw: Raw): void;
  deleted(key: string, uid: string): unknown;
}

interface Named {
  readonly name: string;
  readonly uid: string;
}

/** What a Rollout writes is news to whoever drives the object: it begins, or ends. @throws {ApiError} */
export async function writeOwned<Raw>(
  run: Run,
  requests: readonly WriteRequest[],
  store: OwnedStore<Raw>,
): Promise<void> {
  for (const request of requests) await write<Raw>(run, request, { written: (raw) => store.upsert(raw) });
}

/** One that is gone needs no end. @throws {ApiError} */
export async function terminateOwned<Raw>(
  run: Run,
  requests: readonly WriteRequest[],
  store: OwnedStore<Raw>,
  object: Named,
): Promise<undefined> {
  try {
    await writeOwned(run, requests, store);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    forget(run, store, object);
  }
}

/** @throws {ApiError} */
export async function deleteOwned<Raw>(
  run: Run,
  requests: readonly WriteRequest[],
  store: OwnedStore<Raw>,
  object: Named,
): Promise<undefined> {
  const { namespace } = run.rollout.metadata;
  try {
    for (const request of requests) await send(run, kubeRequest(request, namespace));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  forget(run, store, object);
}

const forget = <Raw>({ rollout }: Run, store: OwnedStore<Raw>, { name, uid }: Named): void =>
  void store.deleted(`${rollout.metadata.namespace}/${name}`, uid);

/** Why it is refused, where the user can mend that: it is told in the status. @throws all other errors: they are retried */
export function refusalText(error: unknown): string {
  if (!(error instanceof ApiError) || error.status === 401 || passingCause(error) !== undefined) throw error;
  const cause = error.cause as { message?: string } | undefined;
  return cause?.message ?? error.message;
}
