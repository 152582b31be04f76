/**
 * The conversations with ELBv2, one call after the other: each is a generator that yields a call, is given what its
 * answer holds, and returns what came of all of them. Nothing here sends anything.
 */
import type { Balancer, BalancerGroup } from "./inquiry.ts";
import type { ElbAction, ElbCall } from "./query.ts";
import { type Element, membersAt, textAt } from "./xml.ts";

export type Conversation<T> = Generator<ElbCall, T, Element>;

/** As the reference asks for: AWS gives at most 400. */
const PAGE = "300";
/** AWS takes no more of them at once. */
const TAGS_AT_ONCE = 20;
/** Lists that have more pages are nobody's: a load balancer has 100 target groups and 50 listeners. */
const MOST_PAGES = 20;

/** The members of a list of all pages. */
function* pages(action: ElbAction, parameters: ElbCall["parameters"], list: string): Conversation<readonly Element[]> {
  const found: Element[] = [];
  let marker = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const result: Element = yield { action, parameters: { ...parameters, ...(marker !== "" && { Marker: marker }) } };
    found.push(...membersAt(result, list));
    marker = textAt(result, "NextMarker");
    if (marker === "") break;
  }
  return found;
}

/** The load balancer that has this name in DNS, with its target groups; undefined: there is none. */
export function* describeBalancer(hostname: string): Conversation<Balancer | undefined> {
  const wanted = hostname.toLowerCase();
  const all = yield* pages("DescribeLoadBalancers", { PageSize: PAGE }, "LoadBalancers");
  const found = all.find((each) => textAt(each, "DNSName").toLowerCase() === wanted);
  if (found === undefined) return undefined;
  const arn = textAt(found, "LoadBalancerArn");
  const groups = yield* pages("DescribeTargetGroups", { LoadBalancerArn: arn }, "TargetGroups");
  const arns = groups.map((group) => textAt(group, "TargetGroupArn"));
  const tags = yield* describeTags(arns);
  const weights = yield* describeWeights(arn);
  return {
    name: textAt(found, "LoadBalancerName"),
    arn,
    groups: groups.map((group, index): BalancerGroup => {
      const own = arns[index] ?? "";
      return {
        name: textAt(group, "TargetGroupName"),
        arn: own,
        tags: Object.fromEntries(tags.get(own) ?? []),
        weights: weights.get(own) ?? [],
      };
    }),
  };
}

type Tags = readonly (readonly [key: string, value: string])[];

function* describeTags(arns: readonly string[]): Conversation<ReadonlyMap<string, Tags>> {
  const found = new Map<string, Tags>();
  for (let from = 0; from < arns.length; from += TAGS_AT_ONCE) {
    const some = arns.slice(from, from + TAGS_AT_ONCE);
    const parameters = Object.fromEntries(some.map((arn, index) => [`ResourceArns.member.${index + 1}`, arn]));
    const result: Element = yield { action: "DescribeTags", parameters };
    for (const each of membersAt(result, "TagDescriptions")) {
      const tags = membersAt(each, "Tags").map((tag) => [textAt(tag, "Key"), textAt(tag, "Value")] as const);
      found.set(textAt(each, "ResourceArn"), tags);
    }
  }
  return found;
}

/** By target group: its weight in each rule that divides requests; where it stands in none, in those that lead to it. */
function* describeWeights(balancer: string): Conversation<ReadonlyMap<string, readonly number[]>> {
  const divided = new Map<string, number[]>();
  const alone = new Map<string, number[]>();
  for (const listener of yield* pages("DescribeListeners", { LoadBalancerArn: balancer }, "Listeners")) {
    const rules = yield* pages("DescribeRules", { ListenerArn: textAt(listener, "ListenerArn") }, "Rules");
    for (const action of rules.flatMap((rule) => membersAt(rule, "Actions"))) {
      const tuples = membersAt(action, "ForwardConfig", "TargetGroups");
      const weights = tuples.length > 1 ? divided : alone;
      for (const tuple of tuples) {
        const arn = textAt(tuple, "TargetGroupArn");
        // AWS leaves out no weight that was given: without one the group gets no part that is known.
        const text = textAt(tuple, "Weight");
        if (text !== "") weights.set(arn, [...(weights.get(arn) ?? []), Number(text)]);
      }
    }
  }
  return new Map([...alone, ...divided]);
}

/** `IP:port` of each target of a group, whatever its health: one that is registered gets requests once it is healthy. */
export function* describeTargets(groupArn: string): Conversation<ReadonlySet<string>> {
  const result: Element = yield { action: "DescribeTargetHealth", parameters: { TargetGroupArn: groupArn } };
  const targets = membersAt(result, "TargetHealthDescriptions").map(
    (each) => `${textAt(each, "Target", "Id")}:${textAt(each, "Target", "Port")}`,
  );
  return new Set(targets);
}
