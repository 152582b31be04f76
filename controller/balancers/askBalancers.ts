/** Carries out what is asked of load balancers: reads the API server, and sends the calls to AWS, one after the other. */
import { textOf } from "../../kube/client/errorText.ts";
import { isNotFound } from "../../kube/client/apiError.ts";
import { type ApiPath, collectionPath, objectPath } from "../../kube/client/path.ts";
import { ENDPOINT_SLICES, SERVICES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import { type Conversation, describeBalancer, describeTargets } from "../../providers/traffic/elb/describe.ts";
import {
  type Balancer,
  type GroupTargets,
  type Inquiry,
  type InquiryAnswer,
  type TargetInquiry,
  UNKNOWN_GROUP,
} from "../../providers/traffic/elb/inquiry.ts";
import { elbQuestion, elbResult } from "../../providers/traffic/elb/query.ts";
import { boundGroups } from "../../providers/traffic/elb/registration.ts";

export interface AskingPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly http: SendHttp;
  readonly environment: (name: string) => string | undefined;
  /** "elbv2.k8s.aws/v1beta1" */
  readonly bindingsApi: string;
}

/** All calls of a process take turns with each other, and so are a few at once. */
const PARTY = "AWS load balancers";
/** Of one question: pages, target groups and rules of all its load balancers. */
const MOST_CALLS = 400;
const TIMEOUT_MS = 5_000;

class Unanswered extends Error {}

export async function answerTo(
  ports: AskingPorts,
  namespace: string,
  inquiry: Inquiry,
  signal: AbortSignal,
): Promise<InquiryAnswer> {
  let group = UNKNOWN_GROUP;
  const about = (arn: string): void => void (group = arn);
  try {
    if (inquiry.kind === "targets") return await targetsOf(ports, namespace, inquiry, signal, about);
    const balancers: Record<string, Balancer | undefined> = {};
    for (const hostname of inquiry.hostnames)
      balancers[hostname] = await held(ports, describeBalancer(hostname), signal);
    return { kind: "weights", balancers };
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return { kind: "failed", message: error.message, targetGroup: group };
  }
}

/** Holds a conversation. @throws {Unanswered} */
async function held<T>(ports: AskingPorts, conversation: Conversation<T>, signal: AbortSignal): Promise<T> {
  const { http, environment } = ports;
  let step = conversation.next();
  for (let calls = 0; step.done !== true; calls += 1) {
    if (calls === MOST_CALLS) throw new Unanswered(`it would take more than ${MOST_CALLS} calls`);
    const question = elbQuestion(step.value, environment);
    if ("problem" in question) throw new Unanswered(question.problem);
    const result = elbResult(step.value, await http(question, signal, PARTY), environment);
    if ("problem" in result) throw new Unanswered(result.problem);
    step = conversation.next(result);
  }
  return step.value;
}

async function targetsOf(
  ports: AskingPorts,
  namespace: string,
  { service, podPrefix }: TargetInquiry,
  signal: AbortSignal,
  about: (arn: string) => void,
): Promise<InquiryAnswer> {
  const [group = "", version = ""] = ports.bindingsApi.split("/");
  const bindings = await listed(ports, collectionPath({ group, version, plural: "targetgroupbindings" }, namespace));
  if (bindings.length === 0) return { kind: "targets", groups: [] };
  const [object, slices] = await Promise.all([
    read<unknown>(ports, objectPath(SERVICES, { namespace, name: service })),
    listed(ports, collectionPath(ENDPOINT_SLICES, namespace), {
      labelSelector: `kubernetes.io/service-name=${service}`,
    }),
  ]);
  const groups: GroupTargets[] = [];
  for (const { arn, endpoints, gone } of boundGroups({ bindings, service: object, slices, podPrefix })) {
    about(arn);
    const targets = await held(ports, describeTargets(arn), signal);
    const registered = endpoints.filter((endpoint) => targets.has(endpoint)).length;
    groups.push({ arn, registered, total: endpoints.length + gone });
  }
  return { kind: "targets", groups };
}

type Query = Readonly<Record<string, string>>;

/** Of a kind that is not installed there are none. */
async function listed(ports: AskingPorts, path: ApiPath, query: Query = {}): Promise<readonly unknown[]> {
  const list = await read<{ readonly items?: readonly unknown[] | null }>(ports, path, query);
  return list?.items ?? [];
}

/** Undefined: it is not there. @throws {Unanswered} */
async function read<T>({ client }: AskingPorts, path: ApiPath, query: Query = {}): Promise<T | undefined> {
  try {
    return await client.request<T>({ method: "GET", path, query, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new Unanswered(textOf(error));
  }
}
