/** CloudWatch: the results of GetMetricData (docs/behaviour/providers.md#cloudwatch). */
import { goDurationMs, goDurationProblem } from "../../kube/object/goDuration.ts";
import { goFloat } from "../../kube/object/goFloat.ts";
import { isList } from "../../kube/object/json.ts";
import { CloudWatchMetric, type CloudWatchQuery } from "../../schema/analysis.ts";
import type { IntOrString } from "../../schema/scalars.ts";
import { awsEndpoint } from "./awsEndpoint.ts";
import { type Answered, decodedObject, excerpt, failed, isOk, measuredBy, memberAt, readOnly } from "./conversation.ts";
import type { Asking, MetricProviderRow, Next, Reading } from "./provider.ts";

const TITLE = "CloudWatch";
const SERVICE = "monitoring";

const ENDPOINT = { title: TITLE, host: SERVICE, variable: "AWS_ENDPOINT_URL_CLOUDWATCH" };

/** A number, or one in a text; as in the reference a text that is none counts as 0. */
const whole = (amount: IntOrString | undefined): number => {
  if (typeof amount === "string") return /^[+-]?\d{1,10}$/.test(amount) ? Number(amount) : 0;
  return amount === undefined ? 0 : Math.trunc(amount);
};

function metricStat({ metric = {}, period, stat, unit }: NonNullable<CloudWatchQuery["metricStat"]>): object {
  const { dimensions, metricName, namespace } = metric;
  return {
    Metric: {
      ...(namespace !== undefined && { Namespace: namespace }),
      MetricName: metricName ?? "",
      ...(dimensions && { Dimensions: dimensions.map(({ name = "", value = "" }) => ({ Name: name, Value: value })) }),
    },
    Period: whole(period),
    Stat: stat ?? "",
    ...(unit !== undefined && unit !== "" && { Unit: unit }),
  };
}

const metricDataQuery = (query: CloudWatchQuery): object => ({
  Id: query.id ?? "",
  ...(query.expression !== undefined && { Expression: query.expression }),
  ...(query.label !== undefined && { Label: query.label }),
  ...(query.metricStat && { MetricStat: metricStat(query.metricStat) }),
  ...(query.period !== undefined && { Period: whole(query.period) }),
  ...(query.returnData !== undefined && { ReturnData: query.returnData }),
});

function begin({ interval = "", metricDataQueries }: CloudWatchMetric, asking: Asking): Next {
  const written = interval === "" ? "5m" : interval;
  const problem = goDurationProblem(written);
  if (problem !== undefined) return failed(problem);
  const endpoint = awsEndpoint(ENDPOINT, asking.environment);
  if ("problem" in endpoint) return failed(endpoint.problem);
  const { region, url } = endpoint;
  return {
    kind: "ask",
    questions: [
      {
        to: "address",
        method: "POST",
        url,
        headers: {
          "Content-Type": "application/x-amz-json-1.0",
          "X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData",
        },
        body: JSON.stringify({
          StartTime: (asking.now - (goDurationMs(written) ?? 0)) / 1000,
          EndTime: asking.now / 1000,
          MetricDataQueries: metricDataQueries.map(metricDataQuery),
        }),
        timeoutMs: 30_000,
        authentication: { kind: "sigv4", service: SERVICE, region, profile: undefined, roleArn: undefined },
      },
    ],
  };
}

/** JSON has no word for these; AWS writes them as texts. */
const SPECIAL: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, "-Infinity": -Infinity };

/** What conditions see: the members by the names that they have in the reference. */
interface MetricDataResult {
  readonly Id: string | null;
  readonly Label: string | null;
  readonly Messages: readonly Message[];
  readonly StatusCode: string;
  /** RFC 3339. */
  readonly Timestamps: readonly string[];
  /** The newest first. */
  readonly Values: readonly number[];
}

interface Message {
  readonly Code: string | null;
  readonly Value: string | null;
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

function listAt(json: unknown, name: string): readonly unknown[] | undefined {
  const found = memberAt(json, name) ?? [];
  return isList(found) ? found : undefined;
}

const messagesAt = (json: unknown): readonly Message[] =>
  (listAt(json, "Messages") ?? []).map((each) => ({
    Code: textOrNull(memberAt(each, "Code")),
    Value: textOrNull(memberAt(each, "Value")),
  }));

/** Times are seconds with a fraction. */
function timestamp(value: unknown): string {
  const time = typeof value === "number" ? new Date(value * 1000) : new Date(String(value));
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

function resultOf(json: unknown): MetricDataResult | undefined {
  const values = listAt(json, "Values")?.map((value) => (typeof value === "string" ? SPECIAL[value] : value));
  if (values === undefined || !values.every((value) => typeof value === "number")) return undefined;
  return {
    Id: textOrNull(memberAt(json, "Id")),
    Label: textOrNull(memberAt(json, "Label")),
    Messages: messagesAt(json),
    StatusCode: textOrNull(memberAt(json, "StatusCode")) ?? "",
    Timestamps: (listAt(json, "Timestamps") ?? []).map(timestamp),
    Values: values,
  };
}

const printed = (values: readonly number[]): string => `[${values.map(goFloat).join(" ")}]`;

/** `ValidationError: …` of an answer that is an error. */
function refusal({ status, body }: Answered): string {
  const answer = decodedObject(TITLE, body);
  const member = (...names: readonly string[]): string => {
    const values = names.map((name) => ("json" in answer ? memberAt(answer.json, name) : undefined));
    return values.find((value) => typeof value === "string") ?? "";
  };
  const type = member("__type", "code").replace(/^.*#/, "");
  const message = member("message", "Message");
  const why = type === "" && message === "" ? excerpt(body) : [type, excerpt(message)].filter(Boolean).join(": ");
  return `${TITLE} answered GetMetricData with HTTP ${status}${why === "" ? "" : `: ${why}`}`;
}

function read(answer: Answered): Reading {
  if (!isOk(answer.status)) return failed(refusal(answer));
  const found = decodedObject(TITLE, answer.body);
  if ("problem" in found) return failed(found.problem);
  const results = listAt(found.json, "MetricDataResults")?.map(resultOf);
  if (results === undefined) return failed(`MetricDataResults is no list in the answer of ${TITLE}`);
  const value = results.filter((result) => result !== undefined);
  if (value.length < results.length) return failed(`a result in the answer of ${TITLE} has values that are no numbers`);
  const messages = messagesAt(found.json).map(({ Code, Value }) => `{Code:${Code ?? ""} Value:${Value ?? ""}}`);
  return {
    kind: "value",
    value,
    text: `[${value.map(({ Values }) => printed(Values)).join(" ")}]`,
    ...(messages.length > 0 && { metadata: { messages: `[${messages.join(" ")}]` } }),
  };
}

export const cloudWatch: MetricProviderRow<"cloudWatch"> = {
  kind: "cloudWatch",
  title: TITLE,
  conditions: { kind: "checked", results: ["any list"] },
  reaches: ["AWS"],
  measure: measuredBy(TITLE, CloudWatchMetric, {
    begin,
    read: (_settings, _asking, answers) => readOnly(answers, read),
  }),
};
