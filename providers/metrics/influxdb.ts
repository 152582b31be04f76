/** InfluxDB 2: the values of all records of a Flux query (docs/behaviour/providers.md#influxdb). */
import { InfluxdbMetric } from "../../schema/analysis.ts";
import {
  baseOf,
  type Answered,
  decoded,
  excerpt,
  failed,
  isOk,
  measuredBy,
  memberAt,
  noData,
  readOnly,
  statusText,
} from "./conversation.ts";
import { recordValues } from "./influxdb/annotatedCsv.ts";
import type { Asking, MetricProviderRow, Next, Reading, SecretKey } from "./provider.ts";
import { encodedQuery } from "./query.ts";

const KEYS = ["address", "authToken", "org"] as const;

const keysOf = ({ profile }: InfluxdbMetric): readonly SecretKey[] =>
  KEYS.map((key) => ({
    namespace: undefined,
    name: profile === undefined || profile === "" ? "influxdb" : profile,
    key,
  }));

const credentials = (settings: InfluxdbMetric, asking: Asking): readonly string[] =>
  keysOf(settings).map((key) => asking.secret(key) ?? "");

function begin(settings: InfluxdbMetric, asking: Asking): Next {
  const [address = "", token = "", org = ""] = credentials(settings, asking);
  const place = `the Secret ${keysOf(settings)[0]?.name} in the namespace of the controller`;
  if (address === "" || token === "" || org === "") {
    return failed(`authToken, org, or address not found: ${place} needs all three`);
  }
  const base = baseOf(address);
  if (base === undefined) return failed(`the address in ${place} is not a URL such as http://influxdb:8086`);
  return {
    kind: "ask",
    questions: [
      {
        to: "address",
        method: "POST",
        url: `${base}/api/v2/query?${encodedQuery([["org", org]])}`,
        headers: {
          Authorization: `Token ${token}`,
          "Content-Type": "application/json",
          Accept: "application/csv",
        },
        body: JSON.stringify({
          dialect: { annotations: ["datatype", "group", "default"], delimiter: ",", header: true },
          query: settings.query ?? "",
          type: "flux",
        }),
        timeoutMs: 30_000,
      },
    ],
  };
}

/** `invalid: compilation failed: …`, as InfluxDB answers in JSON; proxies in front of it answer otherwise. */
function refusal({ status, headers, body }: Answered): string {
  const answer = decoded("InfluxDB", body);
  const member = (name: string): string => {
    const value = "json" in answer ? memberAt(answer.json, name) : undefined;
    return typeof value === "string" ? value : "";
  };
  const [code, message] = [member("code"), member("message")];
  if (code !== "" && message !== "") return `${code}: ${excerpt(message)}`;
  const why = excerpt("json" in answer ? (headers["x-influxdb-error"] ?? message) : body);
  const title = statusText(status);
  return why === "" ? `Unexpected status code ${title}` : `${title}: ${why}`;
}

function read(answer: Answered): Reading {
  if (!isOk(answer.status)) return failed(refusal(answer));
  const found = recordValues(answer.body);
  if ("problem" in found) return failed(`${found.problem}, in the answer of InfluxDB`);
  const { values } = found;
  if (values.length === 0) return noData("no results returned from flux query");
  return {
    kind: "value",
    value: values.map(({ value }) => value),
    text: `[${values.map(({ text }) => text).join(" ")}]`,
  };
}

export const influxdb: MetricProviderRow<"influxdb"> = {
  kind: "influxdb",
  title: "InfluxDB",
  conditions: { kind: "checked", results: ["list"] },
  reaches: ["Secret"],
  measure: measuredBy("InfluxDB", InfluxdbMetric, {
    secrets: keysOf,
    confidential: (settings, asking) => [credentials(settings, asking)[1]],
    begin,
    read: (_settings, _asking, answers) => readOnly(answers, read),
  }),
};
