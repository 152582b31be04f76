/**
 * What is asked of AWS' load balancers, and what they have answered, as data: deciding asks by an action, and the answer
 * is a fact of a later pass (docs/behaviour/traffic.md#alb-verification).
 */

export type Inquiry = WeightInquiry | TargetInquiry;

/** Which weights the target groups of some load balancers have. */
export interface WeightInquiry {
  readonly kind: "weights";
  /** By which its answer is known again: it changes with whatever makes an older answer worthless. */
  readonly key: string;
  /** Names in DNS, as an Ingress has them in its status. */
  readonly hostnames: readonly string[];
}

/** Which pods of a Service are registered in the target groups that are bound to it. */
export interface TargetInquiry {
  readonly kind: "targets";
  readonly key: string;
  /** In the Rollout's namespace. */
  readonly service: string;
  /** How the names of its pods begin; others are pods that it has selected before. "" where that is not known. */
  readonly podPrefix: string;
}

export interface Balancer {
  readonly name: string;
  readonly arn: string;
  readonly groups: readonly BalancerGroup[];
}

export interface BalancerGroup {
  readonly name: string;
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  /** In each rule that divides its requests between this group and others; else in each that leads to it. */
  readonly weights: readonly number[];
}

/** The endpoints of a Service that one target group is to have. */
export interface GroupTargets {
  readonly arn: string;
  readonly registered: number;
  readonly total: number;
}

export type InquiryAnswer =
  | {
      readonly kind: "weights";
      /** By hostname; undefined: AWS has no load balancer of that name. */
      readonly balancers: Readonly<Record<string, Balancer | undefined>>;
    }
  /** Of each target group that is bound to the Service and has pods as its targets. */
  | { readonly kind: "targets"; readonly groups: readonly GroupTargets[] }
  /** Why there is no answer, in one sentence without a secret, and where that was. */
  | { readonly kind: "failed"; readonly message: string; readonly targetGroup: string };

export interface Answered {
  readonly key: string;
  /** ms since the epoch. */
  readonly askedAt: number;
  /** No decision on it has been carried out yet: its events are due. */
  readonly isNews: boolean;
  readonly answer: InquiryAnswer;
}

/** The group is not known. */
export const UNKNOWN_GROUP = "unknown";
