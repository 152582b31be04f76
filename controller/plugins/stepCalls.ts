/**
 * Step plugins are asked beside the queue of Rollouts: what this process knows of that beyond their statuses, which are
 * the call in flight and the answers that are not stored yet. A crash or a lost Lease loses it: then the plugin is asked
 * once more, with the same idempotency key.
 */
import { jsonText } from "../../providers/metrics/text.ts";
import { isObject, type Json } from "../../kube/object/json.ts";
import { resumeInMs } from "../../providers/metrics/pluginContract.ts";
import { pluginNamed, type PluginService } from "../../providers/metrics/pluginService.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { CallStepPlugin } from "../rollout/actions/callStepPlugin.ts";
import type { StepPluginAnswer, StepPluginFacts, StepPluginOutcome } from "../rollout/model/stepPlugins.ts";
import { askService, cutMessage, mistake, type ServiceAnswer, type ServicePorts } from "./askService.ts";
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

export interface StepCallPorts extends ServicePorts {
  readonly configured: PluginsConfigured;
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
    return failed(mistake(error));
  }
}

async function asked(
  ports: StepCallPorts,
  rollout: Rollout,
  call: CallStepPlugin,
  service: PluginService,
  signal: AbortSignal,
): Promise<StepPluginAnswer> {
  const { op, plugin, key: idempotencyKey, index, config, status } = call;
  const about = { config, status, step: { index }, rollout };
  const { namespace, name, uid = "" } = rollout.metadata;
  const answer = await askService(
    ports,
    service,
    { kind: "step", op, plugin, idempotencyKey, about },
    { namespace, name, uid },
    signal,
  );
  return answer.kind === "failed" ? answer : readAnswer(answer, ports.clock.now());
}

/** Characters. */
const MOST_STATE = 16_384;

function readAnswer(
  { json, redact }: Extract<ServiceAnswer, { readonly kind: "answered" }>,
  now: number,
): StepPluginAnswer {
  const { phase, message, status } = json;
  const isNone = status === undefined || status === null;
  if (!isNone && !isObject(status)) return failed("its status is no object");
  const state = isNone ? undefined : redact(jsonText(status));
  if (state !== undefined && state.length > MOST_STATE)
    return failed(`its status has ${state.length} characters, and may have ${MOST_STATE}`);
  const resumeMs = resumeInMs(json, now);
  return {
    kind: "answered",
    phase: typeof phase === "string" ? phase.slice(0, 100) : "",
    message: typeof message === "string" ? cutMessage(redact(message)) : "",
    ...(state !== undefined && { status: JSON.parse(state) as Json }),
    ...(resumeMs !== undefined && { resumeMs }),
  };
}
