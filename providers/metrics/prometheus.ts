/** Prometheus: the result of a query, at an instant or over a range (docs/behaviour/providers.md#prometheus). */
import { type Authentication, PrometheusMetric } from "../../schema/analysis.ts";
import { goDurationNs, goDurationProblem } from "../../kube/object/goDuration.ts";
import { isFields } from "../../kube/object/goJson.ts";
import { encodedQuery } from "./query.ts";
import { authorizationsIn, failed, measuredBy, passwordsOf, readOnly } from "./conversation.ts";
import type { Answer, Asking, Auth, HttpQuestion, MetricProviderRow, Next, Reading } from "./provider.ts";
import { numbersText, numberText } from "./text.ts";

const ADDRESS = "ARGO_ROLLOUTS_PROMETHEUS_ADDRESS";
const DEFAULT_SECONDS = 30;

type Problem = { readonly problem: string };
type Fields = readonly (readonly [name: string, value: string])[];

const addressOf = ({ address = "" }: PrometheusMetric, { environment }: Asking): string =>
  address === "" ? (environment(ADDRESS) ?? "") : address;

function begin(settings: PrometheusMetric, asking: Asking): Next {
  const { timeout = DEFAULT_SECONDS } = settings;
  const address = addressOf(settings, asking);
  if (address === "") return failed("prometheus address is not configured");
  if (!URL.canParse(address) || new URL(address).host === "") return failed("prometheus address is not is url format");
  const auth = authOf(settings.authentication ?? {}, address);
  if ("problem" in auth) return failed(auth.problem);
  if (timeout < 0) return failed("prometheus timeout should not be negative");
  const query = queryOf(asking, settings);
  if ("problem" in query) return failed(query.problem);
  const { byPost, byGet } = questionsOf(settings, new URL(address), query, auth);
  return { kind: "ask", questions: [byPost], state: { retry: byGet } };
}

/** Of several the one that the reference lets through: a signature before a token before a password. */
function authOf(
  { basicAuth, sigv4, oauth2 }: Authentication,
  address: string,
): { readonly authentication?: Auth } | Problem {
  const { username = "", password = "" } = basicAuth ?? {};
  const setup = "missing mandatory parameter in metric for basic auth setup";
  if (username === "" && password !== "") return { problem: `${setup}: username` };
  if (username !== "" && password === "") return { problem: `${setup}: password` };
  const { tokenUrl = "", clientId = "", clientSecret = "", scopes = [] } = oauth2 ?? {};
  if (tokenUrl !== "" && (clientId === "" || clientSecret === ""))
    return { problem: "missing mandatory parameter in metric for OAuth2 setup" };
  const { region, profile, roleArn } = sigv4 ?? {};
  if (address.includes("aps-workspaces") && [region, profile, roleArn].some(Boolean))
    return { authentication: { kind: "sigv4", service: "aps", region, profile, roleArn } };
  if (tokenUrl !== "") return { authentication: { kind: "oauth2", tokenUrl, clientId, clientSecret, scopes } };
  return username === "" ? {} : { authentication: { kind: "basic", username, password } };
}

interface Query {
  /** The last part of the path. */
  readonly endpoint: "query" | "query_range";
  readonly fields: Fields;
}

const seconds = (ms: number): string => numberText(ms / 1_000);

function queryOf({ now, time }: Asking, { query = "", rangeQuery: range }: PrometheusMetric): Query | Problem {
  if (range === undefined) {
    const fields: Fields = [
      ["query", query],
      ["time", seconds(now)],
    ];
    return { endpoint: "query", fields };
  }
  const none = { problem: "expressions of time are not evaluated here" };
  const start = time?.(range.start ?? "") ?? none;
  if ("problem" in start) return { problem: `failed to parse rangeQuery.start as time: ${start.problem}` };
  const end = time?.(range.end ?? "") ?? none;
  if ("problem" in end) return { problem: `failed to parse rangeQuery.end as time: ${end.problem}` };
  const step = range.step ?? "";
  const wrong = goDurationProblem(step);
  if (wrong !== undefined) return { problem: `failed to parse rangeQuery.step as duration: ${wrong}` };
  const fields: Fields = [
    ["query", query],
    ["start", seconds(start.ms)],
    ["end", seconds(end.ms)],
    ["step", numberText(Number(goDurationNs(step)) / 1e9)],
  ];
  return { endpoint: "query_range", fields };
}

/** The question by POST, and the same by GET for servers that allow only that. */
function questionsOf(
  { headers = [], timeout = 0, insecure }: PrometheusMetric,
  address: URL,
  { endpoint, fields }: Query,
  auth: { readonly authentication?: Auth },
): { readonly byPost: HttpQuestion; readonly byGet: HttpQuestion } {
  // A query in the address is sent along, as part of the form as well.
  const form = encodedQuery([...address.searchParams, ...fields]);
  const post = new URL(address);
  post.pathname = `${address.pathname.replace(/\/+$/, "")}/${["api", "v1", endpoint].join("/")}`;
  post.hash = "";
  const get = new URL(post);
  get.search = form;
  const own = Object.fromEntries(headers.map(({ key, value }) => [key.toLowerCase(), value]));
  const base = {
    to: "address",
    timeoutMs: (timeout === 0 ? DEFAULT_SECONDS : timeout) * 1_000,
    insecure: insecure === true,
    ...auth,
  } as const;
  const byForm = { "content-type": "application/x-www-form-urlencoded", ...own };
  return {
    byPost: { ...base, method: "POST", url: post.href, headers: byForm, body: form },
    byGet: { ...base, method: "GET", url: get.href, headers: own },
  };
}

function read(answers: readonly Answer[], state: unknown): Next {
  return readOnly(answers, ({ status, body }) => {
    const { retry } = state as { readonly retry?: HttpQuestion };
    const isOnlyGet = [403, 405, 501].includes(status);
    if (isOnlyGet && retry !== undefined) return { kind: "ask", questions: [retry], state: {} };
    return readAnswer(status, body);
  });
}

/** Errors have the words of Prometheus' client: `bad_data: parse error`. */
function readAnswer(status: number, body: string): Reading {
  const isError = status === 400 || status === 422;
  if (!isError && Math.trunc(status / 100) === 4) return failed(`client_error: client error: ${status}`);
  if (Math.trunc(status / 100) === 5) return failed(`server_error: server error: ${status}`);
  if (!isError && Math.trunc(status / 100) !== 2) return failed(`bad_response: bad response code ${status}`);
  const json = parsed(body);
  if (json === undefined) return failed("bad_response: the answer is not the JSON of Prometheus");
  if (json["status"] === "error") return failed(`${texts(json["errorType"])}: ${texts(json["error"])}`);
  if (isError || json["status"] !== "success") return failed("bad_response: inconsistent body for response code");
  return withWarnings(valueOf(json["data"]), json["warnings"]);
}

const texts = (value: unknown): string => (typeof value === "string" ? value : "");

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return isFields(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function valueOf(data: unknown): Reading {
  const { resultType, result } = isFields(data) ? data : {};
  switch (resultType) {
    case "scalar": {
      const value = sample(result);
      return typeof value === "number" ? { kind: "value", value, text: numberText(value) } : failed(value.problem);
    }
    case "vector":
      return numbers(list(result).map((series) => sampleOf(series)));
    case "matrix":
      return numbers(list(result).flatMap(samplesOf));
    default:
      return failed("Prometheus metric type not supported");
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const HISTOGRAM =
  "the query gives native histograms, which are no numbers: apply a function such as histogram_quantile to it";

const sampleOf = (series: unknown): number | Problem =>
  isFields(series) && "histogram" in series && !("value" in series)
    ? { problem: HISTOGRAM }
    : sample(isFields(series) ? series["value"] : undefined);

function samplesOf(series: unknown): readonly (number | Problem)[] {
  if (!isFields(series)) return [{ problem: NO_SAMPLE }];
  if ("histograms" in series && !("values" in series)) return [{ problem: HISTOGRAM }];
  return list(series["values"]).map(sample);
}

const NO_SAMPLE = "bad_response: a sample is not a time and a number";

/** `[1700000000.1, "0.25"]` */
function sample(pair: unknown): number | Problem {
  const text: unknown = Array.isArray(pair) ? pair[1] : undefined;
  if (typeof text !== "string") return { problem: NO_SAMPLE };
  if (text === "NaN") return Number.NaN;
  if (/^[+-]?Inf$/.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : { problem: NO_SAMPLE };
}

function numbers(samples: readonly (number | Problem)[]): Reading {
  const value: number[] = [];
  for (const each of samples) {
    if (typeof each !== "number") return failed(each.problem);
    value.push(each);
  }
  return { kind: "value", value, text: numbersText(value) };
}

function withWarnings(reading: Reading, warnings: unknown): Reading {
  const given = list(warnings).filter((each) => typeof each === "string");
  if (reading.kind !== "value" || given.length === 0) return reading;
  return { ...reading, metadata: { warnings: given.map((each) => `"${each}"`).join(", ") } };
}

/** A server that repeats them would bring them into a status. */
function confidential(settings: PrometheusMetric, asking: Asking): readonly (string | undefined)[] {
  const { basicAuth, oauth2 } = settings.authentication ?? {};
  return [
    basicAuth?.password,
    oauth2?.clientSecret,
    ...authorizationsIn(settings.headers),
    ...passwordsOf(addressOf(settings, asking)),
  ];
}

export const prometheus: MetricProviderRow<"prometheus"> = {
  kind: "prometheus",
  title: "Prometheus",
  conditions: { kind: "checked", results: ["numbers", "number"] },
  reaches: ["address of the metric", "Secret"],
  measure: measuredBy("Prometheus", PrometheusMetric, {
    confidential,
    begin,
    read: (_, __, answers, state) => read(answers, state),
    metadata: ({ query = "" }) => (query === "" ? {} : { ResolvedPrometheusQuery: query }),
  }),
};
