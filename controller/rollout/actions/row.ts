/**
 * What has to be known of a kind of action: a row of the table in actions.ts. Everything here is pure; sending the
 * requests, and handling refusals, is in apply/.
 */
import type { Resource } from "../../../schema/kube.ts";
import type { World } from "../model/model.ts";
import type { Action } from "./action.ts";

/** What a decision depends on besides its world. */
export interface Basis {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `templateDigest`: of the Rollout's template. */
  readonly snapshot: { readonly templateDigest: string };
}

/** One write to the API server, as data. The object is in the Rollout's namespace unless the write names another. */
export interface WriteRequest {
  /** `patch`: by a merge patch (RFC 7386). */
  readonly verb: "create" | "patch" | "delete";
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
  /** "eviction", … */
  readonly subresource?: string;
  /**
   * The version of the object that the action was decided on, which a patch names in its metadata. A sender that has
   * written the object since uses the version of that write.
   */
  readonly resourceVersion?: string;
  readonly body: object;
}

/** `Needs`: what its requests need besides the action, read by the writer just before it sends them. */
export interface ActionRow<A extends { readonly kind: string }, Needs = unknown> {
  /**
   * The world as it is to be afterwards; the same one where the action changes nothing in it. ReplicaSets that the world
   * does not know stay unknown.
   */
  readonly effect: (world: World, action: A, basis: Basis) => World;
  /** What is sent, in this order. */
  readonly requests: (action: A, needs: Needs) => readonly WriteRequest[];
  /** For logs and `explain`: one sentence without a full stop, which completes "Sluice wants to …". */
  readonly words: (action: A) => string;
  /** The object that it changes: only actions on the same object are ever joined. */
  readonly target: (action: A) => string;
  /** The one action that does what an earlier one and this one do; undefined, or without `join`: they stay two. */
  readonly join?: (first: Action, second: A) => Action | undefined;
  /**
   * Whether others keep their order around it: around changes of sizes, or there would be too many or too few pods
   * between two writes, and around changes of the traffic.
   */
  readonly divides?: (action: A) => "sizes" | "traffic" | undefined;
}
