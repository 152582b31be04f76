/**
 * Whether AWS' load balancers have taken the weights over, and which they are (docs/behaviour/traffic.md#alb-verification):
 * a function of what they have answered. The groups of targets that an Ingress leads to are known by a tag of theirs.
 */
import { at, items, root, text } from "../../kube/validation/place.ts";
import type { AlbStatus, Rollout } from "../../schema/rollout.ts";
import type { TargetGroup } from "./albAnnotations.ts";
import { type Answered, type Balancer, type BalancerGroup, UNKNOWN_GROUP } from "./elb/inquiry.ts";
import { ingressRef } from "./ingress.ts";
import type { RoutedObject, RouterEvent, RoutingInput, Verification } from "./router.ts";
import { isOn, type RouterSetting, type RouterSettings, textIn } from "./settings.ts";
import { servicesOf } from "./stableAndCanary.ts";

const verifyTargetGroup: RouterSetting = {
  name: "awsVerifyTargetGroup",
  flag: "aws-verify-target-group",
  kind: "bool",
  value: "false",
  help: "ask AWS whether ALB target groups have the weights and the pods, before going on",
};

const verifyWeight: RouterSetting = {
  name: "albVerifyWeight",
  flag: "alb-verify-weight",
  kind: "bool",
  value: "false",
  help: "the former name of --aws-verify-target-group",
};

const tagKey: RouterSetting = {
  name: "albTagKeyResourceId",
  flag: "alb-tag-key-resource-id",
  kind: "text",
  value: "ingress.k8s.aws/resource",
  help: "tag of target groups that names the Ingress and the Service that they are for",
};

const bindingsApi: RouterSetting = {
  name: "awsTargetGroupBindingApiVersion",
  flag: "aws-target-group-binding-api-version",
  kind: "text",
  value: "elbv2.k8s.aws/v1beta1",
  help: "group and version of TargetGroupBindings",
};

export const verificationSettings: readonly RouterSetting[] = [verifyTargetGroup, verifyWeight, tagKey, bindingsApi];

/** Whether AWS is asked at all. */
export const verifiesAtAws = (settings: RouterSettings): boolean =>
  isOn(settings, verifyTargetGroup) || isOn(settings, verifyWeight);

/** "elbv2.k8s.aws/v1beta1" */
export const bindingsApiOf = (settings: RouterSettings): string => textIn(settings, bindingsApi);

/** What an Ingress is to divide its traffic by. */
interface Routes {
  readonly ingresses: readonly string[];
  /** Canary, experiments, stable, as they stand in the annotation. */
  readonly groups: readonly TargetGroup[];
}

export function verifyWeights(input: RoutingInput, routes: Routes): Verification | undefined {
  const { rollout, settings } = input;
  if (!verifiesAtAws(settings) || input.answers === undefined) return undefined;
  const isNeeded = mustBeVerified(input);
  const { alb, albs } = rollout.status ?? {};
  if (!isNeeded && (alb !== undefined || albs !== undefined)) return { kind: "unneeded" };
  const found = foundBy(input, routes);
  return isNeeded ? found : { ...found, kind: "unneeded" };
}

/** While a step sets a weight, and at the end, before all of the traffic is the new version's for good. */
function mustBeVerified({ rollout: { spec, status }, traffic }: RoutingInput): boolean {
  const { stableRS = "", currentPodHash, currentStepIndex = 0 } = status ?? {};
  if (stableRS === "" || stableRS === currentPodHash) return false;
  const step = spec.strategy?.canary?.steps?.[currentStepIndex];
  return step === undefined ? traffic.canaryWeight === traffic.total : step.setWeight !== undefined;
}

interface Seen {
  readonly name: string;
  readonly hostnames: readonly string[];
}

function foundBy(input: RoutingInput, { ingresses, groups }: Routes): Verification {
  const { rollout, traffic } = input;
  const seen = ingresses.map((name): Seen => ({
    name,
    hostnames: hostnamesOf(input.object(ingressRef(rollout, name))),
  }));
  const hostnames = [...new Set(seen.flatMap((one) => one.hostnames))];
  if (hostnames.length === 0)
    return { kind: "notYet", reason: "no load balancer is allocated yet", ...unknownStatus(input, seen, groups) };
  const versions = ingresses.map((name) => input.object(ingressRef(rollout, name))?.metadata.resourceVersion ?? "");
  const { currentPodHash = "", currentStepIndex = "" } = rollout.status ?? {};
  const wanted = groups.map(({ ServiceName, Weight }) => `${ServiceName}=${Weight}`).join(",");
  const key = ["weights", traffic.canaryHash, currentPodHash, currentStepIndex, wanted, ...versions].join("/");
  const asks = [{ kind: "weights", key, hostnames } as const];
  const answered = input.answers?.(key);
  if (answered === undefined) return { kind: "notYet", reason: "AWS is being asked for the weights", asks };
  return { asks, ...judged(input, seen, groups, answered) };
}

function judged(
  input: RoutingInput,
  seen: readonly Seen[],
  groups: readonly TargetGroup[],
  { answer, isNews }: Answered,
): Verification {
  const told = (events: readonly RouterEvent[]) => (isNews ? { events } : {});
  if (answer.kind !== "weights") {
    const message = answer.kind === "failed" ? answer.message : "";
    const events = [
      warning(
        "TargetGroupVerifyError",
        verifyError(servicesOf(input.rollout, "preferred").canary, UNKNOWN_GROUP, message),
      ),
      warning("WeightVerifyError", `Failed to verify weight: ${message}`),
    ];
    return { kind: "notYet", reason: message, ...told(events), ...unknownStatus(input, seen, groups) };
  }
  const events: RouterEvent[] = [];
  const waits: string[] = [];
  const stable = groups.at(-1);
  for (const { name, hostnames } of seen) {
    const balancers = hostnames.flatMap((hostname) => {
      const balancer = answer.balancers[hostname];
      if (balancer === undefined)
        events.push(warning("LoadBalancerNotFound", `Failed to find load balancer: ${hostname}`));
      return balancer ?? [];
    });
    if (balancers.length < hostnames.length || hostnames.length === 0)
      waits.push(`the load balancer of Ingress ${name} is not there yet`);
    for (const wanted of groups.filter((group) => group !== stable)) {
      const own = balancers
        .flatMap((balancer) => groupsFor(input, balancer, name, wanted))
        .filter(({ weights }) => weights.length > 0);
      if (own.length === 0)
        waits.push(`no target group with a weight is tagged "${resourceId(input.rollout, name, wanted)}"`);
      for (const group of own) {
        const other = group.weights.find((weight) => weight !== wanted.Weight);
        const about = `Service ${wanted.ServiceName} (TargetGroup ${group.arn})`;
        if (other === undefined)
          events.push({
            type: "Normal",
            reason: "TargetGroupVerified",
            message: `${about} verified: canary weight ${wanted.Weight} set`,
          });
        else {
          const message = `${about} not verified: canary weight ${wanted.Weight} not yet set (current: ${other})`;
          events.push(warning("TargetGroupUnverified", message));
          waits.push(message);
        }
      }
    }
  }
  const learned = { ...told(events), balancers: statusOf(input, seen, groups, answer.balancers) };
  return waits[0] === undefined ? { kind: "verified", ...learned } : { kind: "notYet", reason: waits[0], ...learned };
}

const warning = (reason: RouterEvent["reason"], message: string): RouterEvent => ({ type: "Warning", reason, message });

/** The reference's words. */
export const verifyError = (service: string, targetGroup: string, why: string): string =>
  `Failed to verify Service ${service} (TargetGroup ${targetGroup}): ${why}`;

const hostnamesOf = (ingress: RoutedObject | undefined): readonly string[] =>
  items(at(root(ingress?.status), "loadBalancer", "ingress"))
    .map((each) => text(at(each, "hostname")))
    .filter((hostname) => hostname !== "");

/** What the AWS load balancer controller writes into the tag. */
const resourceId = ({ metadata }: Rollout, ingress: string, { ServiceName, ServicePort }: TargetGroup): string =>
  `${metadata.namespace}/${ingress}-${ServiceName}:${ServicePort}`;

const groupsFor = (
  { rollout, settings }: RoutingInput,
  { groups }: Balancer,
  ingress: string,
  wanted: TargetGroup,
): readonly BalancerGroup[] => {
  const key = textIn(settings, tagKey);
  const id = resourceId(rollout, ingress, wanted);
  return groups.filter(({ tags }) => tags[key] === id);
};

/** What is known from before stays; where nothing is, AWS is not asked for it a second time. */
const unknownStatus = (
  input: RoutingInput,
  seen: readonly Seen[],
  groups: readonly TargetGroup[],
): Pick<Verification, "balancers"> =>
  input.rollout.status?.albs === undefined ? { balancers: statusOf(input, seen, groups, {}) } : {};

const NONE = { name: "", arn: "", fullName: "" };

/** Each Ingress's load balancer and target groups; of several that an Ingress has, the last. */
function statusOf(
  input: RoutingInput,
  seen: readonly Seen[],
  groups: readonly TargetGroup[],
  balancers: Readonly<Record<string, Balancer | undefined>>,
): readonly AlbStatus[] {
  const [canary] = groups;
  const stable = groups.at(-1);
  return seen.map(({ name, hostnames }): AlbStatus => {
    const balancer = hostnames.flatMap((hostname) => balancers[hostname] ?? []).at(-1);
    const resource = (wanted: TargetGroup | undefined) => {
      const group = balancer && wanted && groupsFor(input, balancer, name, wanted).at(-1);
      return group === undefined ? NONE : { name: group.name, arn: group.arn, fullName: behind(group.arn, 1) };
    };
    return {
      ingress: name,
      loadBalancer:
        balancer === undefined ? NONE : { name: balancer.name, arn: balancer.arn, fullName: behind(balancer.arn, 2) },
      canaryTargetGroup: resource(canary),
      stableTargetGroup: resource(stable),
    };
  });
}

/** What CloudWatch's dimensions are made of: the end of an ARN. */
const behind = (arn: string, parts: number): string => arn.split("/").slice(parts).join("/");
