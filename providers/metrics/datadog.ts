/**
 * Datadog, by version 1 or 2 of its API: the last point of a query, or a number a group
 * (docs/behaviour/providers.md#datadog).
 */
import { goDurationMs, goDurationNs, goDurationProblem } from "../../kube/object/goDuration.ts";
import { isList } from "../../kube/object/json.ts";
import { DatadogMetric } from "../../schema/analysis.ts";
import {
  type Answered,
  decodedObject,
  excerpt,
  failed,
  isFinite,
  measuredBy,
  memberAt,
  readOnly,
  shownJson,
} from "./conversation.ts";
import { groupsMetadata, scalarValues } from "./datadog/scalar.ts";
import type { Asking, HttpQuestion, MetricProviderRow, Next, Reading, SecretKey } from "./provider.ts";
import { encodedQuery } from "./query.ts";
import { jsonText, numbersText, numberText } from "./text.ts";

const KEYS = ["address", "api-key", "app-key"] as const;

const isV2 = ({ apiVersion }: DatadogMetric): boolean => apiVersion === "v2";

/** Undefined where the metric says that its Secret is in its own namespace, and not which one. */
function secretOf({ secretRef }: DatadogMetric, asking: Asking): Pick<SecretKey, "namespace" | "name"> | undefined {
  const name = secretRef?.name ?? "";
  if (secretRef?.namespaced === true) return name === "" ? undefined : { namespace: asking.run.namespace, name };
  return { namespace: undefined, name: name === "" ? "datadog" : name };
}

interface Credentials {
  readonly address: string;
  readonly apiKey: string;
  readonly appKey: string;
  /** In a sentence. */
  readonly from: string;
}

type Found = Credentials | { readonly problem: string };

function inEnvironment({ environment }: Asking): Credentials | undefined {
  const [address, apiKey, appKey] = [
    environment("DD_ADDRESS"),
    environment("DD_API_KEY"),
    environment("DD_APP_KEY"),
  ] as const;
  // All three, as in the reference: with the address left out the Secret counts.
  if (address === undefined || apiKey === undefined || appKey === undefined) return undefined;
  return { address, apiKey, appKey, from: "DD_ADDRESS" };
}

function credentialsOf(settings: DatadogMetric, asking: Asking): Found {
  const secret = secretOf(settings, asking);
  if (secret === undefined) return { problem: "secret name is required for namespaced credentials" };
  const isNamed = (settings.secretRef?.name ?? "") !== "";
  const given = isNamed ? undefined : inEnvironment(asking);
  if (given !== undefined && given.apiKey !== "" && given.appKey !== "") return given;
  const [address = "", apiKey = "", appKey = ""] = KEYS.map((key) => asking.secret({ ...secret, key }));
  if (apiKey !== "" && appKey !== "") return { address, apiKey, appKey, from: `the Secret ${secret.name}` };
  const where =
    secret.namespace === undefined ? "the namespace of the controller" : `the namespace ${secret.namespace}`;
  const environment = isNamed ? "" : ", and DD_ADDRESS, DD_API_KEY and DD_APP_KEY are not all set";
  return {
    problem: `failed to find the credentials for datadog metrics provider: no Secret ${secret.name} with api-key and app-key in ${where}${environment}`,
  };
}

const REVIEW = "Please review the Analysis Template.";

/** Why settings that the schema allows are none; the sentences are the reference's. */
function problemOf(settings: DatadogMetric): string | undefined {
  const { query = "", queries = {}, formula = "", aggregator, requestTimeout = "" } = settings;
  const count = Object.keys(queries).length;
  if (query === "" && count === 0) return `Must have either a query or queries. ${REVIEW}`;
  if (query !== "" && count > 0) return `Cannot have both a query and queries. ${REVIEW}`;
  if (!isV2(settings) && query === "") {
    return "Query is empty. API Version v1 only supports using the query parameter in your Analysis Template.";
  }
  if (formula !== "" && count === 0) return `Formula are only valid when queries are set. ${REVIEW}`;
  if (formula === "" && count > 1) return "When multiple queries are provided you must include a formula.";
  if (!isV2(settings) && aggregator !== undefined) return `Aggregator is not supported in v1. ${REVIEW}`;
  if (requestTimeout === "") return undefined;
  const problem = goDurationProblem(requestTimeout);
  if (problem !== undefined) return `Could not parse the request timeout: ${problem}. ${REVIEW}`;
  const isPositive = (goDurationNs(requestTimeout) ?? 0n) > 0n;
  return isPositive ? undefined : `Request timeout must be a positive duration (e.g. 30s). ${REVIEW}`;
}

function begin(settings: DatadogMetric, asking: Asking): Next {
  const credentials = credentialsOf(settings, asking);
  if ("problem" in credentials) return failed(credentials.problem);
  const interval = settings.interval ?? "5m";
  const problem = problemOf(settings) ?? goDurationProblem(interval);
  if (problem !== undefined) return failed(problem);
  const base = credentials.address === "" ? "https://api.datadoghq.com" : credentials.address;
  const url = `${base}${isV2(settings) ? "/api/v2/query/scalar" : "/api/v1/query"}`;
  if (!URL.canParse(url)) return failed(`the address of Datadog in ${credentials.from} is not a URL`);
  const to = Math.floor(asking.now / 1000);
  const question: Pick<HttpQuestion, "to" | "headers" | "timeoutMs"> = {
    to: "address",
    headers: {
      "Content-Type": "application/json",
      "DD-API-KEY": credentials.apiKey,
      "DD-APPLICATION-KEY": credentials.appKey,
    },
    timeoutMs: goDurationMs(settings.requestTimeout || "10s") ?? 10_000,
  };
  const from = to - Number((goDurationNs(interval) ?? 0n) / 1_000_000_000n);
  if (isV2(settings)) {
    return { kind: "ask", questions: [{ ...question, method: "POST", url, body: scalarRequest(settings, from, to) }] };
  }
  const query = encodedQuery([
    ["from", String(from)],
    ["query", settings.query ?? ""],
    ["to", String(to)],
  ]);
  return { kind: "ask", questions: [{ ...question, method: "GET", url: `${url}?${query}` }] };
}

/** Times in seconds; the API takes ms. */
function scalarRequest({ query, queries, formula, aggregator }: DatadogMetric, from: number, to: number): string {
  const named = query === undefined || query === "" ? (queries ?? {}) : { query };
  return JSON.stringify({
    data: {
      attributes: {
        from: from * 1000,
        to: to * 1000,
        queries: Object.entries(named).map(([name, text]) => ({
          aggregator: aggregator ?? "last",
          data_source: "metrics",
          name,
          query: text,
        })),
        formulas: formula === undefined || formula === "" ? [] : [{ formula }],
      },
      type: "scalar_request",
    },
  });
}

function read(settings: DatadogMetric, { status, body }: Answered): Reading {
  if (status === 401 || status === 403) {
    return failed(`received authentication error response code: ${status} ${excerpt(body)}`);
  }
  if (status !== 200) return failed(`received non 2xx response code: ${status} ${excerpt(body)}`);
  const answer = decodedObject("Datadog", body);
  if ("problem" in answer) return failed(`Could not parse JSON body: ${answer.problem}`);
  return isV2(settings) ? scalarReading(answer.json) : lastPoint(answer.json);
}

const odd = (what: string): Reading => failed(`Could not parse JSON body: ${what} in the answer of Datadog`);

/** The last point of the first series; nothing where there is none. */
function lastPoint(json: unknown): Reading {
  const series = memberAt(json, "series") ?? null;
  if (series !== null && !isList(series)) return odd("series is no list");
  const lists = (series ?? []).map((each) => memberAt(each, "pointlist") ?? null);
  if (!lists.every((list) => list === null || isList(list))) return odd("a pointlist is no list");
  const point = lists[0]?.at(-1);
  if (point === undefined) {
    const shown = series === null ? null : lists.map((pointlist) => ({ pointlist }));
    return { kind: "value", value: null, text: jsonText(shown) };
  }
  if (!isList(point) || point.length !== 2) return failed("Datapoint does not have 2 values");
  const value = point[1];
  // A time at which nothing was measured is no nought.
  if (value === null) return { kind: "value", value: null, text: "null" };
  return isFinite(value) ? { kind: "value", value, text: numberText(value) } : odd("a point is no number");
}

function scalarReading(json: unknown): Reading {
  const errors = memberAt(json, "data", "errors") ?? "";
  if (errors !== "") {
    return failed(
      `There were errors in your query: ${typeof errors === "string" ? excerpt(errors) : shownJson(errors)}`,
    );
  }
  const found = scalarValues(json);
  if ("problem" in found) return failed(found.problem);
  const { values, groups } = found;
  const [first] = values;
  if (first === undefined) return { kind: "value", value: null, text: "[]" };
  if (groups === undefined) return { kind: "value", value: first, text: numberText(first) };
  return {
    kind: "value",
    value: values,
    text: numbersText(values),
    metadata: groupsMetadata(groups),
  };
}

export const datadog: MetricProviderRow<"datadog"> = {
  kind: "datadog",
  title: "Datadog",
  conditions: { kind: "checked", results: ["number", "numbers", "nothing"] },
  reaches: ["Secret"],
  measure: measuredBy("Datadog", DatadogMetric, {
    secrets: (settings, asking) => {
      const secret = secretOf(settings, asking);
      return secret === undefined ? [] : KEYS.map((key) => ({ ...secret, key }));
    },
    confidential: (settings, asking) => {
      const found = credentialsOf(settings, asking);
      return "problem" in found ? [] : [found.apiKey, found.appKey];
    },
    begin,
    read: (settings, _, answers) => readOnly(answers, (answer) => read(settings, answer)),
  }),
};
