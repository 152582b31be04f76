/** Wavefront: of each series the point nearest to now (docs/behaviour/providers.md#wavefront). */
import { goFixed } from "../../kube/object/goFloat.ts";
import { isList } from "../../kube/object/json.ts";
import { WavefrontMetric } from "../../schema/analysis.ts";
import {
  type Answered,
  decodedObject,
  excerpt,
  failed,
  isFinite,
  measuredBy,
  memberAt,
  noData,
  readOnly,
  statusText,
} from "./conversation.ts";
import type { Asking, MetricProviderRow, Next, Reading, SecretKey } from "./provider.ts";
import { encodedQuery } from "./query.ts";

/** The names of its keys are the addresses, and their values the tokens. */
const SECRET = "wavefront-api-tokens";

const tokenKey = ({ address = "" }: WavefrontMetric): SecretKey => ({
  namespace: undefined,
  name: SECRET,
  key: address,
});

const tokenOf = (settings: WavefrontMetric, asking: Asking): string | undefined =>
  (settings.address ?? "") === "" ? undefined : asking.secret(tokenKey(settings));

const seconds = ({ now }: Asking): number => Math.floor(now / 1000);

function begin(settings: WavefrontMetric, asking: Asking): Next {
  const { address = "", query = "" } = settings;
  const token = tokenOf(settings, asking);
  if (token === undefined) {
    return failed(
      `API token not found: the Secret ${SECRET} in the namespace of the controller has no key ${address || "for a metric without an address"}`,
    );
  }
  const now = `${seconds(asking)}000`;
  // A window of no width: series that have their points outside of it are wanted, and of each the nearest point.
  const parameters = encodedQuery([
    ["q", query],
    ["s", now],
    ["e", now],
    ["g", "s"],
    ["p", "1"],
    ["i", "true"],
    ["autoEvents", "false"],
    ["listmode", "false"],
    ["strict", "false"],
    ["includeObsoleteMetrics", "false"],
  ]);
  const url = `https://${address}/api/v2/chart/api?${parameters}`;
  if (!URL.canParse(url)) return failed(`the address ${address} of Wavefront is not that of a host`);
  const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
  return { kind: "ask", questions: [{ to: "address", method: "GET", url, headers, timeoutMs: 30_000 }] };
}

interface Nearest {
  readonly value: number;
  /** In seconds since the epoch. */
  readonly time: number;
  readonly drift: number;
}

/** What the reference finds in a series without points: the drift is what Go makes of an infinite one. */
const NONE: Nearest = { value: 0, time: 0, drift: -Infinity };
const NO_DRIFT = "-9223372036854775808";

/** Undefined where it has no list of points, and a point that is no pair of numbers. */
function nearestPoint(series: unknown, now: number): Nearest | undefined {
  const points = memberAt(series, "data") ?? [];
  if (!isList(points)) return undefined;
  let nearest = NONE;
  for (const point of points) {
    if (!isList(point)) return undefined;
    const [time, value] = point;
    if (!isFinite(time) || !isFinite(value)) return undefined;
    if (Math.abs(time - now) < Math.abs(nearest.drift)) nearest = { value, time, drift: time - now };
  }
  return nearest;
}

const integer = (value: number): string => (Number.isFinite(value) ? String(BigInt(Math.trunc(value))) : NO_DRIFT);

function read({ status, body }: Answered, asking: Asking): Reading {
  if (status !== 200) {
    return failed(`server returned ${statusText(status)}\n${excerpt(body)}`.trim());
  }
  const answer = decodedObject("Wavefront", body);
  if ("problem" in answer) return failed(answer.problem);
  const text = (name: string): string => {
    const value = memberAt(answer.json, name);
    return typeof value === "string" ? value : "";
  };
  const warnings = text("warnings") === "" ? {} : { warnings: text("warnings") };
  const list = memberAt(answer.json, "timeseries") ?? [];
  if (!isList(list)) return failed("timeseries is no list in the answer of Wavefront");
  const points = list.map((series) => nearestPoint(series, seconds(asking)));
  const found = points.filter((point) => point !== undefined);
  if (found.length < points.length) {
    return failed("a series in the answer of Wavefront has points that are no pairs of a time and a number");
  }
  const [first] = found;
  if (first === undefined) {
    const nothing = "No TimeSeries found in response from Wavefront";
    const why = text("errorMessage");
    return why === ""
      ? { ...noData(nothing), metadata: warnings }
      : { ...failed(`${nothing}: ${excerpt(why)}`), metadata: warnings };
  }
  const isOne = found.length === 1;
  const each = (print: (point: Nearest) => string): string =>
    isOne ? print(first) : `[${found.map(print).join(",")}]`;
  return {
    kind: "value",
    value: isOne ? first.value : found.map(({ value }) => value),
    text: each(({ value }) => goFixed(value, 2)),
    metadata: {
      ...warnings,
      timestamps: each(({ time }) => integer(time)),
      drift: each(({ drift }) => integer(drift)),
    },
  };
}

export const wavefront: MetricProviderRow<"wavefront"> = {
  kind: "wavefront",
  title: "Wavefront",
  conditions: { kind: "checked", results: ["number", "numbers"] },
  reaches: ["address of the metric", "Secret"],
  measure: measuredBy("Wavefront", WavefrontMetric, {
    secrets: (settings) => ((settings.address ?? "") === "" ? [] : [tokenKey(settings)]),
    confidential: (settings, asking) => [tokenOf(settings, asking)],
    begin,
    read: (_, asking, answers) => readOnly(answers, (answer) => read(answer, asking)),
  }),
};
