/** Graphite: the values of the first target that the render API answers with (docs/behaviour/providers.md#graphite). */
import { goFixed } from "../../kube/object/goFloat.ts";
import { isList, isObject } from "../../kube/object/json.ts";
import { GraphiteMetric } from "../../schema/analysis.ts";
import {
  type Answered,
  baseOf,
  decoded,
  excerpt,
  failed,
  isFinite,
  measuredBy,
  memberAt,
  noData,
  passwordsOf,
  readOnly,
  shownAddress,
  shownJson,
} from "./conversation.ts";
import type { MetricProviderRow, Next, Reading } from "./provider.ts";
import { encodedQuery } from "./query.ts";

/** `target=…&from=-5min`: parameters, as users write them, without the blanks that make them readable. */
function parametersOf(query: string): string {
  const [written = ""] = query.replaceAll(/[\t\n\f\r ]+/g, "").split("#");
  const given = [...new URLSearchParams(written)].filter(([name]) => name !== "format");
  return encodedQuery([...given, ["format", "json"]]);
}

function begin({ address = "", query = "" }: GraphiteMetric): Next {
  const base = baseOf(address);
  if (base === undefined) return failed(`Graphite address ${shownAddress(address)} is not a valid URL`);
  const url = `${base}/render?${parametersOf(query)}`;
  return { kind: "ask", questions: [{ to: "address", method: "GET", url, timeoutMs: 10_000 }] };
}

/** A value, or null where there is none; undefined for what is no point. Numbers may be texts. */
function valueOf(point: unknown): number | null | undefined {
  if (!isList(point) || point.length !== 2) return undefined;
  const [value, time] = point;
  if (time !== null && !isFinite(time) && !(typeof time === "string" && /^[+-]?\d+$/.test(time))) return undefined;
  if (value === null) return null;
  const number = typeof value === "string" && value.trim() === value && value !== "" ? Number(value) : value;
  return isFinite(number) ? number : undefined;
}

const odd = (what: string): Reading => failed(`${what} in the answer of Graphite`);

function read({ status, body }: Answered): Reading {
  if (status >= 400) return failed(`error response: ${excerpt(body)}`);
  const answer = decoded("Graphite", body);
  if ("problem" in answer) return failed(answer.problem);
  const targets = answer.json;
  if (!isList(targets) || !targets.every((target) => isObject(target))) return odd("there is no list of targets");
  const points = memberAt(targets[0], "datapoints") ?? [];
  if (!isList(points)) return odd("the datapoints are no list");
  if (points.length === 0) return noData("no values found");
  const values: number[] = [];
  for (const point of points) {
    const value = valueOf(point);
    if (value === undefined) {
      return failed(`error unmarshaling data point: ${shownJson(point)} in the answer of Graphite`);
    }
    if (value !== null) values.push(value);
  }
  return { kind: "value", value: values, text: `[${values.map((value) => goFixed(value, 6)).join(",")}]` };
}

export const graphite: MetricProviderRow<"graphite"> = {
  kind: "graphite",
  title: "Graphite",
  conditions: { kind: "checked", results: ["numbers"] },
  reaches: ["address of the metric"],
  measure: measuredBy("Graphite", GraphiteMetric, {
    begin,
    confidential: ({ address }) => passwordsOf(address),
    read: (_settings, _asking, answers) => readOnly(answers, read),
  }),
};
