/** What a decision about one Deployment that migrates, or has migrated, is made from. */
import type { Json } from "../../../kube/object/json.ts";
import type { RolloutStatus } from "../../../schema/rollout.ts";
import type { Profile } from "../convert/profile.ts";
import type { Follower } from "../plan/followers.ts";
import type { Obstacle } from "../plan/obstacles.ts";
import type { Autoscaler } from "./autoscalers.ts";
import type { DeploymentFacts } from "./caches.ts";
import type { ManagedFields } from "./managers.ts";

/** What its user, or the user of its Namespace, has asked for. */
export interface Wish {
  /** As written: it may be no mode at all. */
  readonly mode: string;
  /** "Deployment": it was asked for this one alone. */
  readonly from: "Deployment" | "Namespace";
}

/** The Rollout of the Deployment's name. */
export interface RolloutFacts {
  readonly uid: string;
  readonly resourceVersion: string;
  /** The mode of the migration that made it; undefined: somebody else made it. */
  readonly migrated: string | undefined;
  readonly deleting: boolean;
  /** `spec.replicas`; undefined where it has none. */
  readonly replicas: number | undefined;
  /** The wanted replicas that were last written to its size. */
  readonly carried: string | undefined;
  /** It has been Healthy in the Deployment's place. */
  readonly tookOver: boolean;
  readonly status: RolloutStatus | undefined;
}

export interface MigrationFacts {
  readonly deployment: DeploymentFacts;
  readonly wish: Wish | undefined;
  readonly rollout: RolloutFacts | undefined;
  /** The Deployment as the API server has it, read where a Rollout is to be made of it. */
  readonly whole: Json | undefined;
  /** The strategy that it is to get, or why there is none. */
  readonly profile: Profile | { readonly problem: string };
  /** Names of the HorizontalPodAutoscalers that scale the Deployment, read where a Rollout is to be made of it. */
  readonly autoscalers: readonly string[];
  /** What stands in the way, looked for where it is about to begin. */
  readonly obstacles: readonly Obstacle[];
  /** What looks at its pods or names it, looked for where a Rollout is to be made of it. */
  readonly followers: readonly Follower[];
  /** HorizontalPodAutoscalers that name its Rollout, read where that has gone and nobody asks for another. */
  readonly leftBehind: readonly Autoscaler[];
  /** A HorizontalPodAutoscaler scales the Rollout; read where the owner wants a size that the Rollout does not have yet. */
  readonly autoscaled: boolean;
  /** Who has written which of its fields; read where its size of 0 is ours. */
  readonly claims: { readonly resourceVersion: string; readonly entries: readonly ManagedFields[] } | undefined;
}
