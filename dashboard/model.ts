/**
 * What the dashboard's pages are told, as JSON: one place for the server that makes it and the pages that draw it. Types
 * alone. Times are RFC 3339 unless a name says otherwise; "" is a text that is not known; weights are of `fullWeight`.
 */
import type { Explanation } from "../controller/rollout/explain/explain.ts";
import type {
  AnalysisRunInfo,
  ContainerInfo,
  ExperimentInfo,
  PodInfo,
  ReplicaSetInfo,
} from "../controller/view/info.ts";
import type { Report } from "../simulator/simulate/report.ts";

/** `Healthy`, `Progressing`, `Paused`, `Degraded`, …: as the command line words it. */
export type Phase = string;

/** A verb of a Rollout, and the right that it needs. */
export type RolloutVerb =
  "promote" | "promote-full" | "abort" | "retry" | "restart" | "undo" | "set-image" | "pause" | "resume";

/** A verb of an AnalysisRun or an Experiment. */
export type ObjectVerb = "terminate-run" | "terminate-experiment" | "retry-experiment";

export type Verb = RolloutVerb | ObjectVerb;

/** What this user may do in one namespace: a button that is not `true` here is not shown. */
export type May = Readonly<Partial<Record<Verb, boolean>>>;

/** Pods of one revision, for a card. */
export interface PodCounts {
  readonly desired: number;
  readonly current: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
}

/** One Rollout in the overview. */
export interface Card {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: Phase;
  /** One character that stands for the phase. */
  readonly icon: string;
  /** Of its status; "": none. */
  readonly message: string;
  /** It waits for a person or has failed: Degraded, Unknown, invalid, or paused by something else than a pause step. */
  readonly needsAttention: boolean;
  readonly strategy: "Canary" | "BlueGreen" | "";
  /** Steps that are behind it, of `steps`; undefined: none has begun, or there are none. */
  readonly step?: number;
  readonly steps: number;
  /** The step where it stands, in words: `pause: 10m`. "": none. */
  readonly stepText: string;
  /** What the steps ask for and what is reached, of `fullWeight`; undefined: blue-green. */
  readonly setWeight?: number;
  readonly actualWeight?: number;
  readonly fullWeight: number;
  readonly pods: PodCounts;
  /** Of its pod template, or of the newest revision where the template is a workload's. */
  readonly images: readonly string[];
  /** The newest revision; 0: none. */
  readonly revision: number;
  /** One sentence: why it does not move, or that it does. */
  readonly sentence: string;
  readonly createdAt: string;
}

/** The first event of the stream of an overview. Cards are ordered by namespace and name. */
export interface Overview {
  readonly cards: readonly Card[];
  /** By namespace; one that is not named has no rights but reading. */
  readonly may: Readonly<Record<string, May>>;
  /** What could not be read, a sentence each: what is shown may be less than there is. */
  readonly troubles: readonly string[];
}

/** Cards that are new or have changed; each replaces the one of its namespace and name. */
export interface Changed {
  readonly cards: readonly Card[];
}

export interface Gone {
  readonly cards: readonly { readonly namespace: string; readonly name: string }[];
}

/** `done`: behind it; `current`: it is at this step; `ahead`. */
export type StepState = "done" | "current" | "ahead";

export interface StepView {
  /** From 0. */
  readonly index: number;
  /** `setWeight`, `pause`, `analysis`, … */
  readonly kind: string;
  /** In words: `set weight 20`, `pause: 10m`. */
  readonly text: string;
  readonly state: StepState;
  /** The weight that holds during it, of `fullWeight`. */
  readonly weight: number;
  /** When time alone ends it, for the current step. */
  readonly until?: string;
  /** Why it is not done, for the current step: a clause. */
  readonly why?: string;
  /** The AnalysisRun or the Experiment of the step, where there is one. */
  readonly run?: string;
  readonly experiment?: string;
}

/** `stable`, `canary`, `active`, `preview`, `ping`, `pong`. */
export type RevisionTag = string;

export interface RevisionView {
  /** 0: not known. */
  readonly revision: number;
  readonly tags: readonly RevisionTag[];
  readonly replicaSet: ReplicaSetInfo;
  readonly images: readonly string[];
  /** Why it cannot be gone back to; undefined: `undo` with this revision works. */
  readonly notUndoable?: string;
  readonly pods: readonly PodInfo[];
  /** Names of what judged it: they are in `runs` and `experiments` of the detail. */
  readonly runs: readonly string[];
  readonly experiments: readonly string[];
}

export interface Traffic {
  readonly fullWeight: number;
  readonly stable: { readonly hash: string; readonly service: string; readonly weight: number };
  readonly canary: { readonly hash: string; readonly service: string; readonly weight: number };
  /** Experiments' templates and the like that have a share of their own. */
  readonly additional: readonly { readonly hash: string; readonly service: string; readonly weight: number }[];
  /** What the steps ask for. */
  readonly wanted: number;
  /** Undefined: the router is not asked whether it routes so. */
  readonly verified?: boolean;
  /** Of the routers that the Rollout configures: `nginx`, `istio`. Empty: pods alone make the split. */
  readonly routers: readonly string[];
}

/** Blue-green: who answers where. */
export interface Switch {
  readonly active: { readonly service: string; readonly hash: string };
  readonly preview: { readonly service: string; readonly hash: string };
}

export interface MeasurementView {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly phase: string;
  /** As it was written. */
  readonly value: string;
  /**
   * The numbers in it that a chart can draw, by name: one number is `value`; `[1.5]` is `0`; `{"p99": 3}` is `p99`.
   * Empty: nothing to draw.
   */
  readonly numbers: Readonly<Record<string, number>>;
  readonly message: string;
  /** Texts of the provider, such as the query; never a header or a secret. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A line in the chart: `result[0] >= 0.95` is `{ name: "0", op: ">=", value: 0.95 }`. */
export interface ConditionLine {
  /** The condition that it is of. */
  readonly of: "success" | "failure";
  /** Which of the `numbers`. */
  readonly name: string;
  readonly op: "<" | "<=" | ">" | ">=" | "==" | "!=";
  readonly value: number;
}

export interface MetricView {
  readonly name: string;
  /** `prometheus`, `web`, `job`, …; "": not known. */
  readonly provider: string;
  /** What is asked, such as the query, where it is a text without secrets; "": none. */
  readonly query: string;
  readonly phase: string;
  readonly dryRun: boolean;
  readonly message: string;
  readonly successCondition: string;
  readonly failureCondition: string;
  /** What of the two conditions a chart can draw. */
  readonly lines: readonly ConditionLine[];
  readonly interval: string;
  /** Undefined: without end. */
  readonly count?: number;
  readonly taken: number;
  readonly successful: number;
  readonly failed: number;
  readonly failureLimit: number;
  readonly inconclusive: number;
  readonly inconclusiveLimit: number;
  /** In all, and in a row. */
  readonly errors: number;
  readonly consecutiveErrors: number;
  readonly errorLimit: number;
  readonly nextAt?: string;
  /** Oldest first; the API keeps the last ten of a metric. */
  readonly measurements: readonly MeasurementView[];
}

/** An AnalysisRun by itself: `GET runs/NS/NAME`, and in a Rollout's detail. */
export interface RunView {
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly phase: string;
  readonly icon: string;
  readonly message: string;
  /** `step 2`, `background`, `pre-promotion`, `post-promotion`; "": of an Experiment, or of nobody. */
  readonly role: string;
  /** `Rollout/web`, `Experiment/web-1`; "": of nobody. */
  readonly owner: string;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly args: readonly { readonly name: string; readonly value: string }[];
  readonly metrics: readonly MetricView[];
  /** One sentence of what it has found so far. */
  readonly sentence: string;
  readonly explanation: Explanation;
  /** As the reference's API has it, for counts and Jobs. */
  readonly info: Omit<AnalysisRunInfo, "specAndStatus">;
  readonly may: May;
}

/** An Experiment by itself: `GET experiments/NS/NAME`, and in a Rollout's detail. */
export interface ExperimentView {
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly phase: string;
  readonly icon: string;
  readonly message: string;
  readonly owner: string;
  readonly startedAt: string;
  readonly duration: string;
  readonly templates: readonly {
    readonly name: string;
    readonly phase: string;
    readonly message: string;
    readonly replicas: number;
    readonly available: number;
    /** Percent of the traffic of the Rollout that it is of, as reached; undefined: it gets no share of its own. */
    readonly weight?: number;
  }[];
  readonly runs: readonly RunView[];
  readonly sentence: string;
  readonly explanation: Explanation;
  readonly info: Omit<ExperimentInfo, "analysisRuns">;
  readonly may: May;
}

export interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly changedAt: string;
}

export interface EventView {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** Last seen. */
  readonly at: string;
  /** `Rollout/web`, `AnalysisRun/web-1-2`. */
  readonly about: string;
}

/** All of one Rollout: the event `rollout` of a stream with `?rollout=NS/NAME`, whole each time. */
export interface Detail {
  readonly card: Card;
  readonly steps: readonly StepView[];
  readonly explanation: Explanation;
  /** Newest first. */
  readonly revisions: readonly RevisionView[];
  /** Of a canary. */
  readonly traffic?: Traffic;
  /** Of blue-green. */
  readonly switch?: Switch;
  readonly runs: readonly RunView[];
  readonly experiments: readonly ExperimentView[];
  readonly conditions: readonly ConditionView[];
  /** Newest first; at most 100. */
  readonly events: readonly EventView[];
  readonly containers: readonly ContainerInfo[];
  readonly initContainers: readonly ContainerInfo[];
  /** `Deployment/web`: where its pod template is; "": its own. */
  readonly workload: string;
  /** "": never. */
  readonly restartedAt: string;
  readonly may: May;
  /** What could not be read, a sentence each. */
  readonly troubles: readonly string[];
}

/** The stream is about something that this user may not read (any more). */
export interface Denied {
  /** A sentence: what, where, and which right is missing. */
  readonly why: string;
}

/** The session is over, and with it the stream. */
export interface Ended {
  readonly why: "logout" | "idle" | "expired" | "revoked" | "shutdown";
}

/** What the stream is about is not there. */
export type Missing = Pick<Card, "namespace" | "name">;

/** Events of `GET live`, by their name; `data` is one line of JSON. A comment (`: `) every 15 s keeps it open. */
export interface LiveEvents {
  readonly overview: Overview;
  readonly changed: Changed;
  readonly gone: Gone;
  readonly rollout: Detail;
  /** Of a stream with `?run=NS/NAME` or `?experiment=NS/NAME`. */
  readonly object: RunView | ExperimentView;
  readonly missing: Missing;
  /** What this user may do has changed. */
  readonly may: Readonly<Record<string, May>>;
  readonly denied: Denied;
  readonly ended: Ended;
}

/** `GET session`; without a session it answers 200, too, with `user` undefined: the page shows the login then. */
export interface Session {
  readonly user?: { readonly name: string; readonly groups: readonly string[] };
  /** `kubeconfig`: on one's own machine, nothing to log in or out. */
  readonly how: "kubeconfig" | "token" | "oidc";
  /** How one may log in, in the cluster. */
  readonly logins: readonly ("token" | "oidc")[];
  readonly readOnly: boolean;
  /** The header `X-CSRF-Token` of every POST, login included. */
  readonly csrf: string;
  readonly version: string;
  /** All namespaces with Rollouts that this user may list; the one of the kubeconfig first. */
  readonly namespaces: readonly string[];
  /** Where it begins: the namespace of the kubeconfig, or "" for all. */
  readonly namespace: string;
  /** Whether Rollouts of all namespaces can be listed at once. */
  readonly allNamespaces: boolean;
  /** The cluster, as the kubeconfig names it; "" in the cluster. */
  readonly cluster: string;
  /** Why a login at the identity provider has just failed, told once. `endsAt`: at the latest; absent: it does not. */
  readonly loginFailure?: string;
  readonly endsAt?: string;
}

/** `POST act` and `POST preview`. */
export interface Act {
  readonly verb: Verb;
  readonly namespace: string;
  /** Of the Rollout, AnalysisRun or Experiment. */
  readonly name: string;
  /** `undo`: 0 is the one before the latest. */
  readonly revision?: number;
  /** `set-image`. `*`: all containers. */
  readonly container?: string;
  readonly image?: string;
}

/** `POST preview`: what the button will do. */
export interface Preview {
  /** False: it does not apply, or nothing would change; `sentences` say why. */
  readonly applies: boolean;
  /** What happens, in order: a sentence each. */
  readonly sentences: readonly string[];
  /** The same on the command line. */
  readonly command: string;
}

/** `POST act`. */
export interface Acted {
  /** False: nothing had to change. */
  readonly changed: boolean;
  /** What was done, or why nothing. */
  readonly sentence: string;
}

/** Answers with a status of 400 and above, other than those of the reference's API. */
export interface Failure {
  /** What was tried, on what, why it failed, what to do. */
  readonly error: string;
  /** `login`: no session; `csrf`, `origin`, `read-only`, `forbidden`, `not-found`, `conflict`, `rate`, `invalid`, `server`. */
  readonly code: string;
}

/**
 * `GET rollouts/NS/NAME/simulation?image=…`: the next update, as `sluice simulate` plays it. Times in ms since it begins;
 * each of the moments holds until the next one; `notes` tell what was made up or left out.
 */
export type SimulationView = Omit<Report, "requests">;
