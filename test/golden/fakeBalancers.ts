/** The load balancers of a golden world: each question about them is answered after a second, as a script says. */
import type { BalancerFacts, Snapshot, RoutingState } from "../../controller/rollout/model/model.ts";
import { alb } from "../../providers/traffic/alb.ts";
import type { Answered, Inquiry, InquiryAnswer } from "../../providers/traffic/elb/inquiry.ts";
import type { RoutedObject, Traffic } from "../../providers/traffic/router.ts";
import { servicesOf } from "../../providers/traffic/stableAndCanary.ts";
import { settingsBy } from "../../providers/traffic/settings.ts";
import type { Rollout } from "../../schema/rollout.ts";

/** @param now ms since the epoch */
export type BalancerAnswerOf = (inquiry: Inquiry, now: number) => InquiryAnswer;

export interface Balancers {
  readonly answerOf: BalancerAnswerOf | undefined;
  flight: { readonly key: string; readonly at: number; readonly answered: Answered } | undefined;
  answers: readonly Answered[];
}

const ANSWERS_AFTER_MS = 1_000;

export const balancersOf = (answerOf: BalancerAnswerOf | undefined): Balancers => ({
  answerOf,
  flight: undefined,
  answers: [],
});

export function askFake(balancers: Balancers, inquiry: Inquiry, now: number): void {
  if (balancers.flight !== undefined || balancers.answerOf === undefined) return;
  const { key } = inquiry;
  const answer = balancers.answerOf(inquiry, now);
  balancers.flight = { key, at: now + ANSWERS_AFTER_MS, answered: { key, askedAt: now, isNews: true, answer } };
}

/** What has arrived by `now`. */
export function runBalancers(balancers: Balancers, now: number): void {
  const { flight } = balancers;
  if (flight === undefined || flight.at > now) return;
  const [kind] = flight.key.split("/");
  balancers.answers = [...balancers.answers.filter(({ key }) => key.split("/")[0] !== kind), flight.answered];
  balancers.flight = undefined;
}

export function answersTold(balancers: Balancers): void {
  balancers.answers = balancers.answers.map((answered) => ({ ...answered, isNews: false }));
}

/** The controller starts again: it waits for nothing that its predecessor has asked. */
export function forgetAnswers(balancers: Balancers): void {
  balancers.flight = undefined;
  balancers.answers = [];
}

export function factsOfBalancers(balancers: Balancers): Pick<Snapshot, "balancers" | "inquiry"> {
  const { answerOf, answers, flight } = balancers;
  if (answerOf === undefined) return {};
  const isAlb = ({ spec }: Rollout): boolean => spec.strategy?.canary?.trafficRouting?.alb !== undefined;
  const facts: BalancerFacts = {
    answers,
    registered: (rollout) => (isAlb(rollout) ? servicesOf(rollout, "preferred").stable : undefined),
  };
  return { balancers: facts, ...(flight !== undefined && { inquiry: flight.key }) };
}

export const HOSTNAME = "web-1.eu-west-1.elb.amazonaws.com";
const settings = settingsBy(alb.settings, ({ name }) => (name === "awsVerifyTargetGroup" ? true : undefined));
const ingress: RoutedObject = {
  metadata: { name: "web", namespace: "default", resourceVersion: "1" },
  status: { loadBalancer: { ingress: [{ hostname: HOSTNAME }] } },
};

/** As `routingState` of the controller: nobody is asked about weights that are not written yet. */
export function verificationBy(
  { answerOf, answers }: Balancers,
  rollout: Rollout,
  traffic: Traffic,
  open: boolean,
): Pick<Extract<RoutingState, { kind: "open" }>, "verification"> {
  if (answerOf === undefined) return {};
  const answerTo = (key: string) => answers.find((answered) => answered.key === key);
  const verification = alb.verify?.({ rollout, traffic, settings, object: () => ingress, answers: answerTo });
  if (verification === undefined) return {};
  if (!open || verification.kind === "unneeded") return { verification: open ? { kind: "unneeded" } : verification };
  return { verification: { kind: "notYet", reason: "the objects of its routers are being written" } };
}
