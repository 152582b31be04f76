/** SkyWalking: the data of a GraphQL query (docs/behaviour/providers.md#skywalking). */
import { goDurationMs, goDurationProblem } from "../../kube/object/goDuration.ts";
import { isList, isObject } from "../../kube/object/json.ts";
import { SkyWalkingMetric } from "../../schema/analysis.ts";
import {
  type Answered,
  baseOf,
  decodedObject,
  excerpt,
  failed,
  isOk,
  jsonReading,
  measuredBy,
  memberAt,
  noData,
  passwordsOf,
  readOnly,
  shownAddress,
} from "./conversation.ts";
import { type Asking, JSON_SHAPES, type MetricProviderRow, type Next, type Reading } from "./provider.ts";

/** Of texts like 2024-01-02 0304, in the time zone of the controller: SkyWalking reads them in its own. */
function clock({ environment }: Asking): (ms: number) => string {
  const format = formatOf(environment("TZ") || "UTC") ?? formatOf("UTC");
  return (ms) => {
    const parts = new Map(format?.formatToParts(ms).map(({ type, value }) => [type, value]));
    const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? "";
    return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}${part("minute")}`;
  };
}

/** Undefined where there is no such time zone. */
function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const two = "2-digit";
  try {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
    });
  } catch {
    return undefined;
  }
}

function begin({ address = "", query = "", interval = "" }: SkyWalkingMetric, asking: Asking): Next {
  const problem = goDurationProblem(interval);
  if (problem !== undefined) return failed(problem);
  const base = baseOf(address);
  if (base === undefined) return failed(`SkyWalking address ${shownAddress(address)} is not a valid URL`);
  const time = clock(asking);
  const duration = {
    start: time(asking.now - (goDurationMs(interval) ?? 0)),
    end: time(asking.now),
    step: "MINUTE",
  };
  return {
    kind: "ask",
    questions: [
      {
        to: "address",
        method: "POST",
        url: `${base}/graphql`,
        headers: {
          "Content-Type": "application/json; charset=utf-8",
          Accept: "application/json; charset=utf-8",
        },
        body: JSON.stringify({ query, variables: { duration } }),
        timeoutMs: 30_000,
      },
    ],
  };
}

function read({ status, body }: Answered): Reading {
  const answer = decodedObject("SkyWalking", body);
  const errors = "json" in answer ? memberAt(answer.json, "errors") : undefined;
  if (isList(errors) && errors.length > 0) {
    const message = memberAt(errors[0], "message");
    return failed(`graphql: ${typeof message === "string" ? excerpt(message) : ""}`.trim());
  }
  if (!isOk(status)) return failed(`SkyWalking answered with HTTP ${status}: ${excerpt(body)}`);
  if ("problem" in answer) return failed(answer.problem);
  const data = answer.json["data"] ?? null;
  if (data === null) return noData("no results returned from SkyWalking query");
  if (!isObject(data) && !isList(data)) return failed("the data in the answer of SkyWalking is no object");
  return jsonReading(data, "SkyWalking");
}

export const skywalking: MetricProviderRow<"skywalking"> = {
  kind: "skywalking",
  title: "SkyWalking",
  conditions: { kind: "checked", results: JSON_SHAPES },
  reaches: ["address of the metric"],
  measure: measuredBy("SkyWalking", SkyWalkingMetric, {
    begin,
    confidential: ({ address }) => passwordsOf(address),
    read: (_settings, _asking, answers) => readOnly(answers, read),
  }),
};
