/** Requests to ELBv2, AWS' API of load balancers, and what its answers say: form fields to it, XML from it. */
import { awsEndpoint } from "../../metrics/awsEndpoint.ts";
import type { Answer, HttpQuestion } from "../../metrics/provider.ts";
import { redactor } from "../../metrics/redact.ts";
import { type Element, elementAt, readXml, textAt } from "./xml.ts";

export type ElbAction =
  | "DescribeLoadBalancers"
  | "DescribeTargetGroups"
  | "DescribeTags"
  | "DescribeListeners"
  | "DescribeRules"
  | "DescribeTargetHealth";

export interface ElbCall {
  readonly action: ElbAction;
  readonly parameters: Readonly<Record<string, string>>;
}

type Environment = (name: string) => string | undefined;

const SERVICE = "elasticloadbalancing";
const ENDPOINT = {
  title: "Elastic Load Balancing",
  host: SERVICE,
  variable: "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
};
const VERSION = "2015-12-01";
const TIMEOUT_MS = 10_000;

/** Signed by what sends it; an administrator of Sluice names its address. */
export function elbQuestion(
  { action, parameters }: ElbCall,
  environment: Environment,
): HttpQuestion | { readonly problem: string } {
  const endpoint = awsEndpoint(ENDPOINT, environment);
  if ("problem" in endpoint) return endpoint;
  const { region, url } = endpoint;
  return {
    to: "address",
    method: "POST",
    url,
    headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8", Accept: "application/xml" },
    body: new URLSearchParams({ Action: action, Version: VERSION, ...parameters }).toString(),
    timeoutMs: TIMEOUT_MS,
    authentication: { kind: "sigv4", service: SERVICE, region, profile: undefined, roleArn: undefined },
    ownAddress: true,
  };
}

/** What an answer has inside of `<ActionResult>`, or why there is none. */
export function elbResult(
  { action }: ElbCall,
  answer: Answer,
  environment: Environment,
): Element | { readonly problem: string } {
  if (answer.kind === "failed") return { problem: `${action}: ${answer.message}` };
  const xml = readXml(answer.body);
  const result = elementAt(xml, `${action}Result`);
  if (answer.status >= 200 && answer.status <= 299)
    return result ?? { problem: `${action}: the answer is not that of ELBv2` };
  const why = [textAt(xml, "Error", "Code"), firstLine(textAt(xml, "Error", "Message"))].filter(Boolean).join(": ");
  const problem = `${action}: HTTP ${answer.status}${why === "" ? "" : ` ${why}`}`;
  return { problem: redactor(secretsIn(environment))(problem) };
}

const MOST_MESSAGE = 400;

/** Where a signature does not fit, AWS goes on with the whole request that should have been signed. */
function firstLine(text: string): string {
  const [line = ""] = text.split("\n");
  return line.length <= MOST_MESSAGE ? line : `${line.slice(0, MOST_MESSAGE).toWellFormed()}…`;
}

const secretsIn = (environment: Environment): readonly string[] =>
  ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    .map((name) => environment(name) ?? "")
    .filter(({ length }) => length >= 4);
