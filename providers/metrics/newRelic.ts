/** New Relic: the rows of an NRQL query, asked through NerdGraph (docs/behaviour/providers.md#new-relic). */
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { NewRelicMetric } from "../../schema/analysis.ts";
import {
  type Answered,
  decodedObject,
  excerpt,
  failed,
  isOk,
  jsonReading,
  measuredBy,
  memberAt,
  noData,
  readOnly,
} from "./conversation.ts";
import type { Asking, MetricProviderRow, Next, Reading, SecretKey } from "./provider.ts";

/** Not `base-url-rest`: nothing is asked of that API. */
const KEYS = ["personal-api-key", "account-id", "region", "base-url-nerdgraph"] as const;

const secretOf = ({ profile }: NewRelicMetric): Pick<SecretKey, "namespace" | "name"> => ({
  namespace: undefined,
  name: profile === undefined || profile === "" ? "newrelic" : profile,
});

const apiKeyOf = (settings: NewRelicMetric, asking: Asking): string =>
  asking.secret({ ...secretOf(settings), key: "personal-api-key" }) ?? "";

/** NerdGraph of each region that New Relic's own client knows. */
const REGIONS = new Map([
  ["us", "https://api.newrelic.com/graphql"],
  ["eu", "https://api.eu.newrelic.com/graphql"],
  ["jp", "https://api.jp.newrelic.com/graphql"],
  ["gov", "https://gov-api.newrelic.com/graphql"],
  ["fedramp", "https://gov-api.newrelic.com/graphql"],
  ["staging", "https://staging-api.newrelic.com/graphql"],
  ["local", "http://localhost:3000/graphql"],
]);

const DOCUMENT =
  "query($query: Nrql!, $accountId: Int!, $timeout: Seconds!) { actor { account(id: $accountId) { nrql(query: $query, timeout: $timeout) { results } } } }";

/** How long the answer to a query takes on its way, in ms: the query's own timeout is New Relic's. */
const TRAVEL_MS = 25_000;

function begin(settings: NewRelicMetric, asking: Asking): Next {
  const secret = secretOf(settings);
  const value = (key: (typeof KEYS)[number]): string => asking.secret({ ...secret, key }) ?? "";
  const [apiKey, account] = [apiKeyOf(settings, asking), value("account-id").trim()];
  const place = `the Secret ${secret.name} in the namespace of the controller`;
  if (apiKey === "" || account === "") {
    return failed(`account ID or personal API key not found: ${place} needs personal-api-key and account-id`);
  }
  const accountId = /^[+-]?\d{1,15}$/.test(account) ? Number(account) : undefined;
  if (accountId === undefined)
    return failed(`could not parse account ID: account-id of ${place} is not a whole number`);
  const region = value("region") || "us";
  const url = value("base-url-nerdgraph").replace(/\/$/, "") || REGIONS.get(region.toLowerCase());
  if (url === undefined) return failed(`unknown region in ${place}: it is one of ${[...REGIONS.keys()].join(", ")}`);
  if (!URL.canParse(url)) return failed(`base-url-nerdgraph of ${place} is not a URL`);
  const { query, timeout = 5 } = settings;
  if (timeout < 0) return failed("timeout value needs to be a positive value");
  return {
    kind: "ask",
    questions: [
      {
        to: "address",
        method: "POST",
        url,
        headers: { "Content-Type": "application/json", "Api-Key": apiKey },
        body: JSON.stringify({ query: DOCUMENT, variables: { accountId, query, timeout } }),
        timeoutMs: timeout * 1000 + TRAVEL_MS,
      },
    ],
  };
}

/** NerdGraph answers errors with status 200, too; a warning of a deprecated field is none. */
function errorsOf(json: unknown): string {
  const errors = memberAt(json, "errors");
  const messages = (isList(errors) ? errors : [])
    .map((error) => memberAt(error, "message"))
    .filter((message) => typeof message === "string" && message !== "");
  const isDeprecation = messages.some((message) => String(message).startsWith("This field is deprecated!"));
  return isDeprecation ? "" : messages.join(", ");
}

const NOTHING = "no results returned from NRQL query";

function read({ status, body }: Answered): Reading {
  const answer = decodedObject("New Relic", body);
  const errors = "json" in answer ? errorsOf(answer.json) : "";
  if (status === 404) return failed("resource not found");
  if (!isOk(status)) return failed(`${status} response returned${errors === "" ? "" : `: ${excerpt(errors)}`}`);
  if ("problem" in answer) return failed(answer.problem);
  if (errors !== "") return failed(excerpt(errors));
  const results = memberAt(answer.json, "data", "actor", "account", "nrql", "results") ?? [];
  if (!isList(results)) return failed("the results in the answer of New Relic are no list");
  const rows = results.map((row) => row ?? {});
  if (!rows.every((row) => isObject(row))) return failed("a result in the answer of New Relic is no object");
  const [first, second] = rows as readonly Json[];
  if (first === undefined) return noData(NOTHING);
  if (second !== undefined) return jsonReading(rows, "New Relic");
  return Object.keys(first).length === 0 ? noData(NOTHING) : jsonReading(first, "New Relic");
}

export const newRelic: MetricProviderRow<"newRelic"> = {
  kind: "newRelic",
  title: "New Relic",
  conditions: { kind: "checked", results: ["map", "maps"] },
  reaches: ["Secret"],
  measure: measuredBy("New Relic", NewRelicMetric, {
    secrets: (settings) => KEYS.map((key) => ({ ...secretOf(settings), key })),
    confidential: (settings, asking) => [apiKeyOf(settings, asking)],
    begin,
    read: (_settings, _asking, answers) => readOnly(answers, read),
    metadata: ({ query }): Readonly<Record<string, string>> => (query === "" ? {} : { ResolvedNewRelicQuery: query }),
  }),
};
