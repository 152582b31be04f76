/**
 * The labels and annotations that the controller, the webhook and users put on objects
 * (docs/behaviour/hashes-and-names.md#labels-and-annotations).
 */

/** Binds ReplicaSets, pods and Service selectors to one revision. */
export const HASH_LABEL = "rollouts-pod-template-hash";
export const REVISION = "rollout.argoproj.io/revision";
export const REVISION_HISTORY = "rollout.argoproj.io/revision-history";
export const DESIRED_REPLICAS = "rollout.argoproj.io/desired-replicas";
export const MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts";
/** Has no prefix; value RFC 3339 UTC in whole seconds. */
export const SCALE_DOWN_DEADLINE = "scale-down-deadline";
export const EPHEMERAL_METADATA = "rollout.argoproj.io/ephemeral-metadata";

/** Set by users on objects of all kinds: which of several controllers and webhooks is responsible for them. */
export const INSTANCE_LABEL = "argo-rollouts.argoproj.io/controller-instance-id";

/** On an AnalysisRun of a Rollout: what it is for, and for a step its index. */
export const ROLLOUT_TYPE = "rollout-type";
export const STEP_INDEX = "step-index";
/** On a ReplicaSet and a Service of an Experiment: its name, and the name of the template. */
export const EXPERIMENT_NAME = "experiment.argoproj.io/name";
export const EXPERIMENT_TEMPLATE = "experiment.argoproj.io/template-name";

/** On an AnalysisRun, by us: the generations of the templates that it was made of, as "Kind/name:generation", by commas. */
export const TEMPLATE_GENERATIONS = "sluice.dev/template-generations";

/** On the Rollout: the workload's generation that was last taken into account. */
export const WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation";
/** On a ReplicaSet, by us: the annotations of its template that metadata by role stands for at the moment, as JSON. */
export const TEMPLATE_ANNOTATIONS = "sluice.dev/template-annotations";
/** On the Rollout, by users: who is told of what; beginnings of annotations' names (docs/notifications.md#subscriptions). */
export const SUBSCRIBE = "notifications.argoproj.io/subscribe.";
export const SUBSCRIPTIONS = "notifications.argoproj.io/subscriptions";
/** On the Rollout, by us: what has been told (docs/notifications.md#once-per). */
export const NOTIFIED = "notified.notifications.argoproj.io";
/** On the Deployment, by us: how many replicas it had before the Rollout took its place. */
export const REPLICAS_BEFORE = "sluice.dev/replicas-before-rollout";
/** On the Rollout, by the user: "true" holds its deletion back until the Deployment is up again. Also the finalizer. */
export const RESTORE_WORKLOAD = "sluice.dev/restore-workload";

/**
 * On analysis templates and runs, by the user: what no data of a metric means ("errors=inconclusive, latency=success"), how
 * many samples it needs ("errors=100"), and groups of which one success is enough ("errors|latency").
 */
export const NO_DATA = "sluice.dev/no-data";
export const MIN_SAMPLES = "sluice.dev/min-samples";
export const ANY_OF = "sluice.dev/any-of";

/** On an analysis template, by the user: "true" refuses edits that would hold Rollouts which use it. */
export const PROTECT = "sluice.dev/protect";

/**
 * On a Deployment that is to become a Rollout, or has: both own the same pods on purpose. The first by the user, there or
 * on the Namespace: "reference", "adopt", or on a Deployment "none"; the second by us, with the name of the Rollout.
 */
export const MIGRATE = "sluice.dev/migrate";
export const MANAGED_BY_ROLLOUT = "sluice.dev/managed-by-rollout";
/** On the Deployment or the Namespace, by the user: the name of a strategy profile. */
export const PROFILE = "sluice.dev/profile";
/** On the Deployment, by us: how many replicas its owner wants, in decimal, while `spec.replicas` is our 0. */
export const REPLICAS_WANTED = "sluice.dev/replicas-wanted";
/**
 * On the Deployment, by us: the size that we gave it last while a Rollout has its pods. Another size is what somebody wrote
 * while the webhook was away.
 */
export const REPLICAS_LEFT = "sluice.dev/replicas-left";
/** On the Deployment, by us: `spec.paused` is ours: tools are not to call it a success yet, or its Rollout has failed. */
export const PAUSED_FOR_ROLLOUT = "sluice.dev/paused-for-rollout";
/** On a Rollout that migration has made: "reference" or "adopt". */
export const MIGRATED = "sluice.dev/migrated";
/** On the Rollout of mode adopt while it is held, by us: uids of the ReplicaSets that its Deployment had, by commas. */
export const ADOPTS = "sluice.dev/adopts";
/**
 * On a router's object that is the user's, by us, while a Rollout divides its traffic: by the names of such Rollouts what
 * plays stable and canary there, as JSON.
 */
export const TRAFFIC_SPLIT = "sluice.dev/traffic-split";
/** On a HorizontalPodAutoscaler, by us: the scaleTargetRef that it had before it scaled the Rollout, as JSON. */
export const SCALE_TARGET_BEFORE = "sluice.dev/scale-target-before";
/** On a Rollout that migration has made: the Deployment's wanted replicas that were last written to its size. */
export const REPLICAS_CARRIED = "sluice.dev/replicas-carried";
/** Of a Deployment in mode reference alone, until that is undone. */
export const REFERENCE_MARKS: readonly string[] = [REPLICAS_BEFORE, REPLICAS_LEFT, PAUSED_FOR_ROLLOUT];
/** On a ConfigMap, by users: "true" makes each key of its data a profile. */
export const PROFILES = "sluice.dev/profiles";

/**
 * On the Rollout, by the user: "true" adds the conditions that kstatus knows, "false" leaves them out where a flag adds
 * them to all (docs/behaviour/kstatus.md).
 */
export const KSTATUS = "sluice.dev/kstatus";

/**
 * On the Rollout, by whoever begins an update: the W3C traceparent of the trace that the release is to be a part of
 * (docs/tracing.md#one-trace-with-your-pipeline).
 */
export const TRACEPARENT = "sluice.dev/traceparent";

/** Set by users: "warn" admits an object against the rules. When it changes, an unchanged spec is judged again, too. */
export const BREAK_GLASS = "sluice.dev/admission";

/**
 * The value of `INSTANCE_LABEL` on a Rollout that is still taking over the pods of its Deployment: no controller answers
 * to it, so none makes pods for the Rollout until the label goes.
 */
export const ADOPTING = "sluice-adopting";
