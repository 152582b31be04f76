/**
 * Asks about load balancers (docs/behaviour/traffic.md#alb-verification). Nothing is written: the answer is a fact of a
 * later pass.
 */
import type { Inquiry } from "../../../providers/traffic/elb/inquiry.ts";
import type { ActionRow } from "./row.ts";

export interface AskBalancer {
  readonly kind: "askBalancer";
  readonly inquiry: Inquiry;
}

const subjectOf = (inquiry: Inquiry): string =>
  inquiry.kind === "weights"
    ? `the weights of load balancer ${inquiry.hostnames.map((name) => `"${name}"`).join(", ")}`
    : `the registered targets of Service "${inquiry.service}"`;

export const askBalancer = {
  effect: (world, { inquiry }) => ({ ...world, inquiry: inquiry.key }),
  requests: () => [],
  words: ({ inquiry }) => `ask AWS for ${subjectOf(inquiry)}`,
  target: () => "load balancer",
} as const satisfies ActionRow<AskBalancer>;
