/**
 * Errors that only time mends, each with how it is logged and how soon it is tried again. Whatever changes in the cluster
 * puts an object in line at once; this is for when nothing is heard.
 */
import { ApiError, isBusyServer, isConflict, isLeavingNamespace } from "../../../kube/client/apiError.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import type { Backoff } from "../../../kube/runtime/queue.ts";

export interface PassingCause {
  /** "debug": business as usual, told in debug logs only. */
  readonly level: "debug" | "info" | "warn";
  /** What is said instead of "Cannot …": why nobody has to act. */
  readonly message: string;
  /** What the trouble is about, for who meets the same one; `key`: "namespace/name" of the object in work. */
  readonly about: (key: string) => string;
  /** Undefined: the queue's own. */
  readonly backoff?: Backoff;
  /** More failures in a row than this, and it is an error like others; undefined: however many. */
  readonly patience?: number;
}

interface Row extends PassingCause {
  readonly is: (error: unknown) => boolean;
}

const namespaceOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf("/")));

const slow: Backoff = { firstMs: 30_000, longestMs: 60_000 };

/** Failures in a row in which a watch has caught up, by the queue's own backoff: about 4 s. */
const UNTIL_SEEN = 12;

/** A Kubernetes object by its name; an API that is not served at all is answered without one. */
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
    // The cache is a moment behind; the watch brings the newer object.
    is: isConflict,
    level: "debug",
    message: "Tried again: somebody wrote in between",
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
    // The watches are about to say so.
    is: isGoneRollout,
    level: "info",
    message: "The Rollout was deleted while it was worked on",
    about: (key) => `gone ${key}`,
    backoff: slow,
  },
  {
    is: isGoneObject,
    level: "debug",
    message: "Tried again: an object was deleted in between",
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

/** The cause that passes by itself, undefined for an error that somebody has to look at. */
export const passingCause = (error: unknown): PassingCause | undefined => rows.find(({ is }) => is(error));
