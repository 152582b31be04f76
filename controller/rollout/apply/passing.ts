/**
 * Errors that pass by themselves, each with how it is logged and how soon it is tried again. A change in the cluster
 * queues an object at once; this is for when no change comes.
 */
import { ApiError, isBusyServer, isConflict, isLeavingNamespace } from "../../../kube/client/apiError.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import type { Backoff } from "../../../kube/runtime/queue.ts";

export interface PassingCause {
  /** "debug": normal operation, logged at debug level only. */
  readonly level: "debug" | "info" | "warn";
  /** What is logged instead of "Cannot …": why no one has to act. */
  readonly message: string;
  /** What the error is about, equal for all objects with the same cause; `key`: "namespace/name" of the object. */
  readonly about: (key: string) => string;
  /** Undefined: the queue's own backoff. */
  readonly backoff?: Backoff;
  /** More failures in a row than this, and it is an error like others; undefined: however many. */
  readonly patience?: number;
}

interface Row extends PassingCause {
  readonly is: (error: unknown) => boolean;
}

const namespaceOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf("/")));

const slow: Backoff = { firstMs: 30_000, longestMs: 60_000 };

/** After so many failures in a row, with the queue's own backoff (about 4 s), a watch has caught up. */
const UNTIL_SEEN = 12;

/** A Kubernetes object by its name; the error for an API that is not served at all has no name. */
const isGoneObject = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 404 && error.details?.name !== undefined;

const isGoneRollout = (error: unknown): boolean => isGoneObject(error) && error.details?.kind === "rollouts";

const rows: readonly Row[] = [
  {
    is: (error) => error instanceof NotLeaderError,
    level: "debug",
    message: "Not written: the Lease may run out before the answer",
    about: () => "lease",
  },
  {
    // The cache is a moment behind; the watch will deliver the newer object.
    is: isConflict,
    level: "debug",
    message: "Trying again: the object was changed in the meantime",
    about: (key) => key,
    patience: UNTIL_SEEN,
  },
  {
    is: isLeavingNamespace,
    level: "info",
    message: "Nothing can be created: the namespace is being deleted, or gone",
    about: (key) => `namespace ${namespaceOf(key)}`,
    backoff: slow,
  },
  {
    // The watches are about to report it.
    is: isGoneRollout,
    level: "info",
    message: "The Rollout was deleted while it was reconciled",
    about: (key) => `gone ${key}`,
    backoff: slow,
  },
  {
    is: isGoneObject,
    level: "debug",
    message: "Trying again: an object was deleted in the meantime",
    about: (key) => key,
    patience: UNTIL_SEEN,
  },
  {
    is: isBusyServer,
    level: "warn",
    message: "The API server does not answer as it should; trying again",
    about: () => "server",
    backoff: { firstMs: 100, longestMs: 10_000 },
  },
];

/** The cause that passes by itself, undefined for an error that needs attention. */
export const passingCause = (error: unknown): PassingCause | undefined => rows.find(({ is }) => is(error));
