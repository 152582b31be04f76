/**
 * Kayenta judges by itself: an analysis is started, and asked for until it has a score; conditions are not read
 * (docs/behaviour/providers.md#kayenta).
 */
import { isList, isObject } from "../../kube/object/json.ts";
import { KayentaMetric, type KayentaScope } from "../../schema/analysis.ts";
import {
  type Answered,
  baseOf,
  decoded,
  decodedObject,
  excerpt,
  failed,
  isFinite,
  measuredBy,
  memberAt,
  passwordsOf,
  readOnly,
  shownAddress,
} from "./conversation.ts";
import type { Ask, Asking, HttpQuestion, MetricProviderRow, Next, Reading, RunningMeasurement } from "./provider.ts";

const AGAIN_MS = 15_000;
const TIMEOUT_MS = 15_000;

/** What the questions that are answered were about. */
type State =
  | { readonly step: "configs" }
  | { readonly step: "start" }
  | { readonly step: "score"; readonly metadata: Readonly<Record<string, string>> };

const ask = (
  { address }: KayentaMetric,
  path: string,
  question: Pick<HttpQuestion, "method" | "headers" | "body">,
  state: State,
): Ask | Reading => {
  const base = baseOf(address);
  if (base === undefined) return failed(`Kayenta address ${shownAddress(address)} is not a valid URL`);
  const url = `${base}/${path}`;
  return { kind: "ask", state, questions: [{ to: "address", url, timeoutMs: TIMEOUT_MS, ...question }] };
};

function begin(settings: KayentaMetric, asking: Asking): Next {
  const scopes = scopesOf(settings, asking);
  if ("problem" in scopes) return failed(scopes.problem);
  const { application, storageAccountName } = settings;
  // Sic: the account where configurations are looked for is the one of the storage.
  const path = `canaryConfig?application=${application}&configurationAccountName=${storageAccountName}`;
  return ask(settings, path, { method: "GET" }, { step: "configs" });
}

type Scopes = { readonly scopes: Readonly<Record<string, object>> } | { readonly problem: string };

/** The times of both scopes, where they are not written. */
interface Window {
  readonly start: string;
  readonly end: string;
}

/** In whole seconds of UTC. */
const written = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function startOf({ lookback }: KayentaMetric, { now, intervalMs, run }: Asking): string | { readonly problem: string } {
  if (lookback === true) {
    return run.startedAt === undefined
      ? { problem: "lookback needs the time at which the AnalysisRun began, and it has none yet" }
      : written(run.startedAt);
  }
  if (intervalMs !== undefined) return written(now - intervalMs);
  return { problem: 'Invalid duration "": time: invalid duration "": the metric needs an interval, or lookback: true' };
}

const scope = ({ scope: name, region, step, start, end }: KayentaScope, window: Window): object => ({
  scope: name,
  location: region,
  step,
  start: start || window.start,
  end: end || window.end,
});

function scopesOf(settings: KayentaMetric, asking: Asking): Scopes {
  const scopes: (readonly [name: string, scope: object])[] = [];
  const isSet = (text: string | undefined): boolean => (text ?? "") !== "";
  for (const { name, controlScope, experimentScope } of settings.scopes) {
    for (const member of ["start", "end"] as const) {
      if (isSet(controlScope[member]) === isSet(experimentScope[member])) continue;
      return { problem: `controlScope.${member} and experimentScope.${member} must both be set or be empty` };
    }
    const start = isSet(controlScope.start) ? "" : startOf(settings, asking);
    if (typeof start !== "string") return start;
    const window = { start, end: written(asking.now) };
    const both = { controlScope: scope(controlScope, window), experimentScope: scope(experimentScope, window) };
    scopes.push([name, both]);
  }
  return { scopes: Object.fromEntries(scopes) };
}

/** Names of members count in any case, as the reference decodes them. */
function caseless(json: unknown, name: string): unknown {
  const found = isObject(json) ? Object.keys(json).find((key) => key.toLowerCase() === name) : undefined;
  return memberAt(json, name) ?? (found === undefined ? undefined : memberAt(json, found));
}

const invalid = ({ status, body }: Answered): Reading => {
  const why = excerpt(body);
  return failed(`Invalid Response: HTTP ${status}${why === "" ? "" : `: ${why}`}`);
};

function start(settings: KayentaMetric, asking: Asking, answer: Answered): Next {
  if (answer.status !== 200) return failed(`Invalid Response: HTTP ${answer.status}`);
  const configs = decoded("Kayenta", answer.body);
  if ("problem" in configs) return failed(configs.problem);
  if (!isList(configs.json)) return failed("the answer of Kayenta is no list of canary configurations");
  const config = configs.json.find((each) => caseless(each, "name") === settings.canaryConfigName);
  if (config === undefined) return failed("Canary config not found");
  const id = caseless(config, "id");
  const scopes = scopesOf(settings, asking);
  if ("problem" in scopes) return failed(scopes.problem);
  const { application, metricsAccountName, configurationAccountName, storageAccountName } = settings;
  const { pass, marginal } = settings.threshold;
  return ask(
    settings,
    `canary/${typeof id === "string" ? encodeURIComponent(id.toWellFormed()) : ""}?application=${application}&metricsAccountName=${metricsAccountName}&configurationAccountName=${configurationAccountName}&storageAccountName=${storageAccountName}`,
    {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ scopes: scopes.scopes, thresholds: { pass, marginal } }),
    },
    { step: "start" },
  );
}

function started(asking: Asking, answer: Answered): Reading {
  if (answer.status !== 200) return invalid(answer);
  const found = decodedObject("Kayenta", answer.body);
  if ("problem" in found) return failed(found.problem);
  const id = memberAt(found.json, "canaryExecutionId");
  if ((typeof id !== "string" || id === "") && typeof id !== "number") return failed("Invalid canaryExecutionId");
  return { kind: "running", resumeAt: asking.now + AGAIN_MS, metadata: { canaryExecutionId: String(id) } };
}

function resume(settings: KayentaMetric, { metadata }: RunningMeasurement): Next {
  const id = metadata["canaryExecutionId"];
  if (id === undefined) return failed("Invalid canaryExecutionId");
  return ask(
    settings,
    `canary/${encodeURIComponent(id.toWellFormed())}`,
    { method: "GET" },
    { step: "score", metadata },
  );
}

type Metadata = Readonly<Record<string, string>>;

function judged({ threshold }: KayentaMetric, asking: Asking, answer: Answered, metadata: Metadata): Reading {
  if (answer.status !== 200) return { ...invalid(answer), metadata };
  const found = decodedObject("Kayenta", answer.body);
  if ("problem" in found) return { ...failed(found.problem), metadata };
  const complete = memberAt(found.json, "complete");
  if (typeof complete !== "boolean") return { ...failed("Missing Complete Status"), metadata };
  if (!complete) return { kind: "running", resumeAt: asking.now + AGAIN_MS, metadata };
  const judged = memberAt(found.json, "result", "judgeResult", "score", "score");
  if (!isFinite(judged)) return { ...failed("Missing Score"), metadata };
  const score = Math.trunc(judged) + 0;
  const phase = score >= threshold.pass ? "Successful" : score >= threshold.marginal ? "Inconclusive" : "Failed";
  return { kind: "decided", phase, text: String(score), metadata };
}

function read(settings: KayentaMetric, asking: Asking, answer: Answered, state: State): Next {
  switch (state.step) {
    case "configs":
      return start(settings, asking, answer);
    case "start":
      return started(asking, answer);
    case "score":
      return judged(settings, asking, answer, state.metadata);
    default:
      return state satisfies never;
  }
}

export const kayenta: MetricProviderRow<"kayenta"> = {
  kind: "kayenta",
  title: "Kayenta",
  conditions: { kind: "ignored" },
  reaches: ["address of the metric"],
  measure: measuredBy("Kayenta", KayentaMetric, {
    begin,
    read: (settings, asking, answers, state) =>
      readOnly(answers, (answer) => read(settings, asking, answer, state as State)),
    resume: (settings, _, running) => resume(settings, running),
    confidential: ({ address }) => passwordsOf(address),
  }),
};
