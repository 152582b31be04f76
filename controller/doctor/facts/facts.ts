/** What is known of a cluster when it is examined: data alone, so that the checks are functions of it. */
import type { Json } from "../../../kube/object/json.ts";
import type { Findings } from "../../../kube/validation/findings.ts";
import type { PluginConfiguration } from "../../../providers/metrics/pluginService.ts";
import type { Read } from "./finding.ts";
import type { ServerClock } from "./serverClock.ts";

/** A Deployment that runs a controller. */
export interface InstalledController {
  readonly program: "Sluice" | "Argo Rollouts";
  readonly namespace: string;
  readonly name: string;
  readonly instanceId: string;
  /** The only namespace whose Rollouts it drives; undefined: all. */
  readonly watches: string | undefined;
  readonly electsLeader: boolean;
  /** Takes no Lease, and works only while no other controller holds it. */
  readonly isEdge: boolean;
  readonly servesWebhook: boolean;
  /** Whether Deployments that migrate are sent to its webhook. */
  readonly rewritesDeployments: boolean;
  readonly wanted: number;
  readonly ready: number;
}

/** A Lease by which controllers of an instance agree who works. Times in milliseconds since the epoch. */
export interface ControllerLease {
  readonly namespace: string;
  readonly name: string;
  /** One that only earlier versions of Sluice take, beside the other. */
  readonly isOlder: boolean;
  readonly instanceId: string;
  /** "" where it was given back. */
  readonly holder: string;
  readonly renewedMs: number | undefined;
  readonly durationMs: number;
}

/** A right that a controller needs. */
export interface NeededRight {
  /** `sluice` as `argo-rollouts/sluice`. */
  readonly controller: string;
  readonly account: string;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly name: string | undefined;
  /** Undefined: in all namespaces. */
  readonly namespace: string | undefined;
  readonly why: string;
  readonly isGranted: boolean;
}

/** The outcome of a dry run of a Rollout that the webhook must refuse. */
export type WrongRollout =
  | { readonly kind: "refused" }
  /** The API server would have stored it. */
  | { readonly kind: "admitted" }
  /** The webhook did not answer, and its policy is Fail. */
  | { readonly kind: "unanswered"; readonly why: string };

/** Whether the API server reaches the webhook. */
export type Reached = { readonly kind: "reached" } | { readonly kind: "unreached"; readonly why: string };

/** Sluice's configuration of one instance in the API server. */
export interface WebhookFacts {
  readonly configuration: string;
  readonly instanceId: string;
  /** Undefined: objects are not sent yet, only probes. */
  readonly failurePolicy: "Fail" | "Ignore" | undefined;
  /** Undefined: an address outside of the cluster. */
  readonly service: { readonly namespace: string; readonly name: string } | undefined;
  /** Pods that are ready behind the Service. */
  readonly readyEndpoints: Read<number>;
  /** Of each certificate in the bundle that can be read. */
  readonly authorities: readonly { readonly notBeforeMs: number; readonly notAfterMs: number }[];
  readonly reached: Read<Reached>;
  readonly wrongRollout: Read<WrongRollout>;
}

/** An object of ours with what admission would say of it now. */
export interface Judged {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly findings: Findings;
}

/** A kind of objects by which a router works. */
export interface RoutedKind {
  readonly router: string;
  readonly group: string;
  readonly plural: string;
  /** Rollouts that name the router. */
  readonly users: readonly string[];
  readonly isServed: Read<boolean>;
}

/** A Secret that something names. */
export interface NamedSecret {
  readonly namespace: string;
  readonly name: string;
  /** `AnalysisTemplate shop/latency` */
  readonly usedBy: string;
  readonly isThere: Read<boolean>;
}

/** A HorizontalPodAutoscaler of a Deployment that is not there, though a Rollout of its name is. */
export interface StrandedAutoscaler {
  readonly namespace: string;
  readonly name: string;
  /** The name of the Deployment, and of the Rollout. */
  readonly target: string;
}

export interface Silence {
  readonly url: string;
  /** What asks it: `metric "latency" of AnalysisTemplate 'web'`. */
  readonly of: string;
  readonly rollouts: readonly string[];
  readonly why: string;
}

export interface DoctorFacts {
  /** By the API server's clock where that is known, in milliseconds since the epoch, as are all times. */
  readonly nowMs: number;
  /** Where a controller is expected. */
  readonly controllerNamespace: string;
  /** `v1.36.3` */
  readonly version: Read<string>;
  readonly serverClock: Read<ServerClock>;
  readonly definitions: Read<readonly Json[]>;
  readonly controllers: Read<readonly InstalledController[]>;
  readonly leases: Read<readonly ControllerLease[]>;
  readonly rights: Read<readonly NeededRight[]>;
  readonly webhooks: Read<readonly WebhookFacts[]>;
  /** Instance ids of Sluice's MutatingWebhookConfigurations. */
  readonly mutating: Read<readonly string[]>;
  readonly rollouts: Read<readonly Json[]>;
  readonly judged: readonly Judged[];
  /** Kinds that judging would need and that could not be read, with the reason. */
  readonly unjudged: readonly { readonly kind: string; readonly why: string }[];
  /** None where the Deployments are not known. */
  readonly stranded: readonly StrandedAutoscaler[];
  readonly routed: readonly RoutedKind[];
  readonly plugins: PluginConfiguration;
  /** Templates of analyses, with their kinds. */
  readonly templates: readonly Json[];
  readonly secrets: readonly NamedSecret[];
  /** Addresses of metrics that do not answer; undefined: nobody asked for that. */
  readonly silences: readonly Silence[] | undefined;
}
