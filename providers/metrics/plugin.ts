/** Providers that are services of the user's (docs/plugins.md#metric-providers): the plugin judges itself. */
import { isObject, type Json } from "../../kube/object/json.ts";
import { keys } from "../../kube/validation/place.ts";
import { askPlugin, type PluginOp, pluginQuestion, readPlugin, resumeInMs } from "./pluginContract.ts";
import { jsonText } from "./text.ts";
import type {
  Asking,
  HttpQuestion,
  MetricProviderRow,
  Next,
  Reading,
  RunningMeasurement,
  SecretKey,
} from "./provider.ts";

/** A measurement that goes on and does not say until when. */
const AGAIN_MS = 10_000;

const nameIn = (settings: unknown): string => (isObject(settings) ? (Object.keys(settings)[0] ?? "") : "");

const keyOf = (asking: Asking): SecretKey | undefined => {
  const found = asking.plugin?.(nameIn(asking.settings));
  return found?.kind === "ready" && found.service.signedBy !== undefined
    ? { namespace: undefined, ...found.service.signedBy }
    : undefined;
};

/** A question, or why the plugin cannot be asked. */
function questionOf(asking: Asking, op: PluginOp, running?: RunningMeasurement): HttpQuestion | string {
  const { settings, metric, run, measured = 0 } = asking;
  const plugin = nameIn(settings);
  const found = asking.plugin?.(plugin);
  if (found?.kind !== "ready") {
    return `unable to get metric plugin: ${found?.kind === "unusable" ? found.problem : `plugin ${plugin} is not configured`}`;
  }
  const key = keyOf(asking);
  const value = key === undefined ? undefined : asking.secret(key);
  if (key !== undefined && value === undefined)
    return `plugin ${plugin} is not asked: Secret "${key.name}" has no key "${key.key}" to sign requests with`;
  // Of what is stored alone: whoever asks again after a crash asks for the same. Each answer that a measurement goes on
  // is stored with another time, and so the next question about it is another one.
  const since = `${running?.startedAt ?? 0}`;
  const place = running === undefined ? `${measured}` : `${since}/${op === "resume" ? (running.resumeAt ?? "") : ""}`;
  const about: Json = {
    config: isObject(settings) ? settings[plugin] : undefined,
    metric: { name: metric },
    run: { namespace: run.namespace, name: run.name, uid: run.uid, labels: run.labels },
    ...(running && {
      measurement: {
        ...(running.startedAt !== undefined && { startedAt: new Date(running.startedAt).toISOString() }),
        metadata: running.metadata,
      },
    }),
  };
  const idempotencyKey = [run.uid, metric, op, place].join("/");
  return pluginQuestion(found.service, { kind: "metric", op, plugin, idempotencyKey, about }, value);
}

function begun(asking: Asking, op: PluginOp, running?: RunningMeasurement): Next {
  const question = questionOf(asking, op, running);
  return typeof question === "string" ? { kind: "error", message: question } : askPlugin(question);
}

const textOf = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : jsonText(value);
};

function texts(answer: Json): { readonly metadata?: Readonly<Record<string, string>>; readonly message?: string } {
  const { message, metadata } = answer;
  const named = isObject(metadata) ? Object.entries(metadata) : [];
  return {
    ...(typeof message === "string" && message !== "" && { message }),
    ...(named.length > 0 && { metadata: Object.fromEntries(named.map(([name, each]) => [name, textOf(each) ?? ""])) }),
  };
}

function readingOf(answer: Json, plugin: string, now: number): Reading {
  const { phase, value } = answer;
  const text = textOf(value);
  const said = texts(answer);
  switch (phase) {
    case "Successful":
    case "Failed":
    case "Inconclusive":
      return { kind: "decided", phase, ...(text === undefined ? {} : { text }), ...said };
    case "Running":
      return { kind: "running", resumeAt: now + (resumeInMs(answer, now) ?? AGAIN_MS), ...said };
    case "Error":
      return { kind: "error", ...said, message: said.message ?? `plugin ${plugin} reports an error` };
    default:
      return { kind: "error", message: `plugin ${plugin}: phase ${phaseText(phase)} is not valid` };
  }
}

const phaseText = (phase: unknown): string => `'${(textOf(phase) ?? "").slice(0, 100)}'`;

const asked = (asking: Asking, op: PluginOp, running: RunningMeasurement): readonly HttpQuestion[] => {
  const question = questionOf(asking, op, running);
  return typeof question === "string" ? [] : [question];
};

export const plugin: MetricProviderRow<"plugin"> = {
  kind: "plugin",
  title: "plugins",
  conditions: { kind: "its own" },
  reaches: ["program"],
  // Each plugin counts; an empty map has no names.
  names: (settings) => keys(settings).map((name) => `plugin ${name}`),
  measure: {
    secrets: (asking) => {
      const key = keyOf(asking);
      return key === undefined ? [] : [key];
    },
    begin: (asking) => begun(asking, "run"),
    read: (asking, answers, state) => {
      const name = nameIn(asking.settings);
      return readPlugin(name, answers, state, (answer) => readingOf(answer, name, asking.now));
    },
    resume: (asking, running) => begun(asking, "resume", running),
    terminate: (asking, running) => asked(asking, "terminate", running),
    collect: (asking, running) => asked(asking, "gc", running),
  },
};
