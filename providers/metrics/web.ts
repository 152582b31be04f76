/** Any JSON, or text, that an address answers with (docs/behaviour/providers.md#web). */
import { WebMetric } from "../../schema/analysis.ts";
import {
  type Answered,
  authorizationsIn,
  failed,
  isOk,
  jsonReading,
  measuredBy,
  passwordsOf,
  readOnly,
} from "./conversation.ts";
import { type Auth, JSON_SHAPES, type MetricProviderRow, type Next, type Reading } from "./provider.ts";
import { findFirst } from "./web/find.ts";
import { parseJsonPath } from "./web/jsonPath.ts";

const DEFAULT_SECONDS = 10;
const METHODS = ["GET", "POST", "PUT"] as const;
type Method = (typeof METHODS)[number];

const pathOf = ({ jsonPath = "" }: WebMetric) => parseJsonPath(jsonPath === "" ? "{$}" : jsonPath);

function begin(settings: WebMetric): Next {
  const { url, body = "", jsonBody, timeoutSeconds = 0, insecure } = settings;
  const path = pathOf(settings);
  if ("problem" in path) return failed(`jsonPath cannot be read: ${path.problem}`);
  const auth = authOf(settings);
  if ("problem" in auth) return failed(auth.problem);
  const method = methodOf(settings.method);
  if (method === undefined) return failed("method of a web metric is none of GET, POST and PUT");
  const isJson = jsonBody !== undefined && jsonBody !== null;
  if (body !== "" && isJson) return failed("use either Body or JSONBody; both cannot exists for WebMetric payload");
  if ((body !== "" || isJson) && method === "GET")
    return failed("Body/JSONBody can only be used with POST or PUT WebMetric Method types");
  const sent = isJson ? JSON.stringify(jsonBody) : body;
  return {
    kind: "ask",
    questions: [
      {
        to: "address",
        method,
        url,
        headers: headersOf(settings, isJson, "authentication" in auth),
        timeoutMs: (timeoutSeconds > 0 ? timeoutSeconds : DEFAULT_SECONDS) * 1_000,
        insecure: insecure === true,
        ...(sent !== "" && { body: sent }),
        ...auth,
      },
    ],
  };
}

const methodOf = (method = ""): Method | undefined => (method === "" ? "GET" : METHODS.find((each) => each === method));

/** The last of the same name counts; what the metric authenticates by counts more than a header. */
function headersOf({ headers = [] }: WebMetric, isJson: boolean, isAuthenticated: boolean): Record<string, string> {
  const own = headers
    .map(({ key, value }) => [key.trim().toLowerCase(), value] as const)
    .filter(([name]) => !(isAuthenticated && name === "authorization"));
  return { ...Object.fromEntries(own), ...(isJson && { "content-type": "application/json" }) };
}

function authOf({ authentication }: WebMetric): { readonly authentication?: Auth } | { readonly problem: string } {
  const { tokenUrl = "", clientId = "", clientSecret = "", scopes = [] } = authentication?.oauth2 ?? {};
  if (tokenUrl === "") return {};
  if (clientId === "" || clientSecret === "")
    return { problem: "missing mandatory parameter in metric for OAuth2 setup" };
  return { authentication: { kind: "oauth2", tokenUrl, clientId, clientSecret, scopes } };
}

function readAnswer(settings: WebMetric, { status, body }: Answered): Reading {
  if (!isOk(status)) return failed(`received non 2xx response code: ${status}`);
  const json = parsed(body);
  if (json === undefined) return { kind: "value", value: body, text: body };
  const path = pathOf(settings);
  if ("problem" in path) return failed(`jsonPath cannot be read: ${path.problem}`);
  const found = findFirst(path.nodes, json.value);
  if (found === undefined) return failed("result of web metric produced no value");
  if ("problem" in found) return failed(`Could not find JSONPath in body: ${found.problem}`);
  return jsonReading(found.value, "the address");
}

/** Undefined: it is a text. */
function parsed(body: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return undefined;
  }
}

export const web: MetricProviderRow<"web"> = {
  kind: "web",
  title: "Web",
  conditions: { kind: "checked", results: JSON_SHAPES },
  reaches: ["address of the metric"],
  measure: measuredBy("Web", WebMetric, {
    confidential: ({ url, headers, authentication }) => [
      authentication?.oauth2?.clientSecret,
      ...authorizationsIn(headers),
      ...passwordsOf(url),
    ],
    begin,
    read: (settings, _, answers) => readOnly(answers, (answer) => readAnswer(settings, answer)),
  }),
};
