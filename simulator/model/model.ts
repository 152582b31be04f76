/**
 * The types that the parts of the in-memory API server share. Objects are immutable: a change makes a new object that
 * shares what did not change, so that no defensive copy is needed.
 */
import type { Clock } from "../../kube/clock/clock.ts";

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  /** Absent on cluster-scoped objects. */
  readonly namespace?: string;
  readonly generateName?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly unknown[];
}

/** A stored object. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** An object that is to be written: of its metadata only the name (or generateName) is certain. */
export interface Draft {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: Partial<ObjectMeta>;
  readonly [field: string]: unknown;
}

/** A collection of the API: one kind in one served version. */
export interface Resource {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in paths: "replicasets". */
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** The subresources that are served: "status", "scale", "eviction", …. */
  readonly subresources: readonly string[];
}

/** Which object: `resource` as "replicasets.apps", "pods", "rollouts.argoproj.io" (group omitted for the core). */
export interface ObjectRef {
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** "replicasets.apps". */
  readonly resource: string;
  readonly object: ApiObject;
  /** Before the change. */
  readonly old: ApiObject | undefined;
}

export interface ListOptions {
  readonly namespace?: string | undefined;
  /** In the API's syntax: "app=web,tier!=db". */
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface WriteOptions {
  /** "status" writes the status alone, undefined everything but the status. */
  readonly subresource?: string | undefined;
  /** Does everything except storing the object. */
  readonly dryRun?: boolean;
  /** Unknown and duplicate fields: "Ignore" (default, as in the API) drops them, "Warn" warns, "Strict" refuses. */
  readonly fieldValidation?: "Ignore" | "Warn" | "Strict";
  /** The manager in managedFields; without one no fields are tracked. */
  readonly fieldManager?: string;
}

export interface DeleteOptions {
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

/**
 * The server without HTTP and without admission webhooks: synchronous, for the controllers that run beside it and for
 * what drives tests. Every method @throws {StatusError} as the API would answer.
 */
export interface ApiCore {
  readonly clock: Clock;
  /** By "replicasets.apps". Custom resources come and go with their definitions. */
  resource(name: string): Resource | undefined;
  resources(): readonly Resource[];
  get(ref: ObjectRef): ApiObject | undefined;
  /** In order of namespace and name, as the API lists. */
  list(resource: string, options?: ListOptions): readonly ApiObject[];
  create(resource: string, draft: Draft, options?: WriteOptions): ApiObject;
  /** A resourceVersion in `draft` is a precondition. */
  update(resource: string, draft: Draft, options?: WriteOptions): ApiObject;
  /** Reads, changes, writes; returns the stored object when `change` returns it unchanged. */
  modify(ref: ObjectRef, change: (object: ApiObject) => Draft, options?: WriteOptions): ApiObject;
  delete(ref: ObjectRef, options?: DeleteOptions): ApiObject;
  /** Calls the listener at once for every stored change, in order; it may write. @returns unsubscribes */
  onChange(listener: (change: Change) => void): () => void;
  /** Of the latest change. */
  readonly resourceVersion: string;
}

/** One field that is wrong, as in `status.details.causes`. */
export interface Cause {
  /** "FieldValueInvalid", "FieldValueRequired", … */
  readonly reason: string;
  readonly message: string;
  /** "spec.template.spec.containers[0].name". */
  readonly field: string;
}

/** A request as the server understands it, whether it came over HTTP or from the same process. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded: "/apis/apps/v1/namespaces/default/replicasets/web/scale". */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed already, from JSON or YAML. */
  readonly body?: unknown;
  /** Without parameters: "application/merge-patch+json". */
  readonly contentType?: string;
  readonly accept?: string;
  readonly userAgent?: string;
  readonly user?: string;
}

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: unknown;
}

export type ApiResponse =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      /** Each becomes a Warning header. */
      readonly warnings?: readonly string[];
      readonly retryAfterSeconds?: number;
    }
  | {
      readonly kind: "watch";
      /** Sends past events, then each new one. @returns ends it. `end` is called when the server ends it. */
      readonly start: (send: (event: WatchEvent) => void, end: () => void) => () => void;
    };

/** The whole server, admission included. Never rejects: an error is answered with a Status. */
export interface ApiServer {
  readonly core: ApiCore;
  handle(request: ApiRequest): Promise<ApiResponse>;
}
