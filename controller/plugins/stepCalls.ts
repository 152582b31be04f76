/**
 * Step plugins are asked beside the queue of Rollouts: what this process knows of that beyond their statuses, which are
 * the call in flight and the answers that are not stored yet. A crash or a lost Lease loses it: then the plugin is asked
 * once more, with the same idempotency key.
 */
import { textOf } from "../../kube/client/errorText.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { jsonText } from "../../providers/metrics/text.ts";
import { isObject, type Json } from "../../kube/object/json.ts";
import type { Asking, MetricProviderRow, Reading } from "../../providers/metrics/provider.ts";
import { askPlugin, pluginQuestion, readPlugin, resumeInMs } from "../../providers/metrics/pluginContract.ts";
import { pluginNamed, type PluginService } from "../../providers/metrics/pluginService.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { redactor } from "../../providers/metrics/redact.ts";
import type { ReadSecret } from "../analysis/actions/secrets.ts";
import type { CallStepPlugin } from "../rollout/actions/callStepPlugin.ts";
import type { StepPluginAnswer, StepPluginFacts, StepPluginOutcome } from "../rollout/model/stepPlugins.ts";
import type { PluginsConfigured } from "./configuration.ts";

/** What decisions see of the plugins of one Rollout. */
export interface KnownStepPlugins {
  readonly facts: StepPluginFacts;
  /** The key of the call that is in flight. */
  readonly inFlight: string | undefined;
}

export interface StepCalls {
  /** `waiting`: what plugins there are is not known yet; the Rollout is queued once it is. */
  of(uid: string): KnownStepPlugins | "waiting";
  /** Never throws, and waits for nothing. `arrived` is called when there is an answer. */
  call(rollout: Rollout, call: CallStepPlugin, arrived: () => void): void;
  /** These are in the stored status, or nobody waits for them. */
  taken(uid: string, outcomes: readonly StepPluginOutcome[]): void;
  /** The Rollout is gone. */
  forget(uid: string): void;
}

export interface StepCallPorts {
  readonly clock: Clock;
  readonly configured: PluginsConfigured;
  readonly readSecret: ReadSecret;
  readonly ownNamespace: string;
  /** Sends the question: never throws, and ends in time (providers/metrics/measuring/measure.ts). */
  readonly ask: (row: MetricProviderRow, asking: Asking, signal: AbortSignal) => Promise<Reading>;
  readonly validForMs: () => number;
}

interface Entry {
  flight: { readonly key: string; readonly abort: AbortController } | undefined;
  outcomes: readonly StepPluginOutcome[];
}

export function createStepCalls(ports: StepCallPorts): StepCalls {
  const { clock, configured, validForMs } = ports;
  const known = new Map<string, Entry>();
  const entry = (uid: string): Entry => {
    const found = known.get(uid) ?? { flight: undefined, outcomes: [] };
    known.set(uid, found);
    return found;
  };
  return {
    of(uid) {
      const configuration = configured.known();
      if (configuration === undefined) return "waiting";
      const { flight, outcomes = [] } = known.get(uid) ?? {};
      const find = (name: string) => pluginNamed(configuration, "stepPlugins", name);
      return { facts: { configured: find, outcomes }, inFlight: flight?.key };
    },
    call(rollout, call, arrived) {
      const uid = rollout.metadata.uid ?? "";
      const mine = entry(uid);
      if (mine.flight !== undefined) return;
      const flight = { key: call.key, abort: new AbortController() };
      mine.flight = flight;
      const startedAt = clock.now();
      void answerTo(ports, rollout, call, flight.abort.signal).then((answer) => {
        if (known.get(uid)?.flight !== flight) return;
        mine.flight = undefined;
        // The next leader asks again.
        if (validForMs() <= 0) return;
        mine.outcomes = [...mine.outcomes, { key: call.key, startedAt, arrivedAt: clock.now(), answer }];
        arrived();
      });
    },
    taken(uid, outcomes) {
      const mine = known.get(uid);
      if (mine === undefined) return;
      mine.outcomes = mine.outcomes.filter((each) => !outcomes.includes(each));
      if (mine.flight === undefined && mine.outcomes.length === 0) known.delete(uid);
    },
    forget(uid) {
      known.get(uid)?.flight?.abort.abort();
      known.delete(uid);
    },
  };
}

const failed = (message: string): StepPluginAnswer => ({ kind: "failed", message });

async function answerTo(
  ports: StepCallPorts,
  rollout: Rollout,
  call: CallStepPlugin,
  signal: AbortSignal,
): Promise<StepPluginAnswer> {
  try {
    const found = pluginNamed(await ports.configured.read(), "stepPlugins", call.plugin);
    if (found.kind !== "ready")
      return failed(found.kind === "disabled" ? `plugin ${call.plugin} is disabled` : found.problem);
    return await asked(ports, rollout, call, found.service, signal);
  } catch (error) {
    // Only its kind is shown: what was thrown may quote anything.
    return failed(`asking it failed by a mistake in Sluice (${kindOf(error)}); please report it`);
  }
}

const kindOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

async function asked(
  ports: StepCallPorts,
  rollout: Rollout,
  call: CallStepPlugin,
  service: PluginService,
  signal: AbortSignal,
): Promise<StepPluginAnswer> {
  const key = await keyOf(ports, service);
  if ("problem" in key) return failed(`plugin ${call.plugin} is not asked: ${key.problem}`);
  const { op, plugin, key: idempotencyKey, index, config, status } = call;
  const about = { config, status, step: { index }, rollout };
  const question = pluginQuestion(service, { kind: "step", op, plugin, idempotencyKey, about }, key.value);
  const row: MetricProviderRow = {
    kind: "step plugin",
    title: `plugin ${plugin}`,
    conditions: { kind: "its own" },
    reaches: ["program"],
    measure: {
      begin: () => askPlugin(question),
      read: (_, answers, state) => readPlugin(plugin, answers, state, (value) => ({ kind: "value", value, text: "" })),
    },
  };
  const { metadata } = rollout;
  const asking: Asking = {
    settings: {},
    metric: plugin,
    intervalMs: undefined,
    run: { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid ?? "", labels: {} },
    now: ports.clock.now(),
    secret: () => undefined,
    environment: () => undefined,
  };
  const reading = await ports.ask(row, asking, signal);
  const redact = redactor(key.value === undefined ? [] : [key.value]);
  return readAnswer(reading, ports.clock.now(), redact);
}

async function keyOf(
  { readSecret, ownNamespace }: StepCallPorts,
  { signedBy }: PluginService,
): Promise<{ readonly value: string | undefined } | { readonly problem: string }> {
  if (signedBy === undefined) return { value: undefined };
  const { name, key } = signedBy;
  try {
    const data = await readSecret(ownNamespace, name);
    return data !== undefined && Object.hasOwn(data, key) && data[key] !== ""
      ? { value: data[key] }
      : { problem: `Secret "${name}" has no key "${key}" to sign requests with` };
  } catch (error) {
    return { problem: `Secret "${name}" cannot be read: ${textOf(error)}` };
  }
}

/** Characters: a status holds one for each step. */
const MOST_MESSAGE = 1_024;
const MOST_STATE = 16_384;

function readAnswer(reading: Reading, now: number, redact: (text: string) => string): StepPluginAnswer {
  const cut = (text: string): string => (text.length <= MOST_MESSAGE ? text : `${text.slice(0, MOST_MESSAGE)}…`);
  if (reading.kind !== "value" || !isObject(reading.value))
    return failed(cut(redact("message" in reading ? (reading.message ?? "") : "it did not answer")));
  const { phase, message, status } = reading.value;
  const isNone = status === undefined || status === null;
  if (!isNone && !isObject(status)) return failed("its status is no object");
  const state = isNone ? undefined : redact(jsonText(status));
  if (state !== undefined && state.length > MOST_STATE)
    return failed(`its status has ${state.length} characters, and may have ${MOST_STATE}`);
  const resumeMs = resumeInMs(reading.value, now);
  return {
    kind: "answered",
    phase: typeof phase === "string" ? phase.slice(0, 100) : "",
    message: typeof message === "string" ? cut(redact(message)) : "",
    ...(state !== undefined && { status: JSON.parse(state) as Json }),
    ...(resumeMs !== undefined && { resumeMs }),
  };
}
