/** Asks a plugin one thing, signed where its configuration says so (docs/plugins.md#the-contract). */
import { textOf } from "../../kube/client/errorText.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { isObject, type Json } from "../../kube/object/json.ts";
import type { Asking, AskingRun, MetricProviderRow, Reading } from "../../providers/metrics/provider.ts";
import { askPlugin, type PluginCall, pluginQuestion, readPlugin } from "../../providers/metrics/pluginContract.ts";
import type { PluginService } from "../../providers/metrics/pluginService.ts";
import { redactor } from "../../providers/metrics/redact.ts";
import type { ReadSecret } from "../analysis/actions/secrets.ts";

export interface ServicePorts {
  readonly clock: Clock;
  readonly readSecret: ReadSecret;
  readonly ownNamespace: string;
  /** Sends the question: never throws, and ends in time (providers/metrics/measuring/measure.ts). */
  readonly ask: (row: MetricProviderRow, asking: Asking, signal: AbortSignal) => Promise<Reading>;
}

export type ServiceAnswer =
  | {
      readonly kind: "answered";
      readonly json: Json;
      /** Takes the signing key out of a text of the answer. */
      readonly redact: (text: string) => string;
    }
  /** Why there is no answer, in one sentence without secrets. */
  | { readonly kind: "failed"; readonly message: string };

/** Characters: a status may hold one for each step. */
const MOST_MESSAGE = 1_024;

export const cutMessage = (text: string): string =>
  text.length <= MOST_MESSAGE ? text : `${text.slice(0, MOST_MESSAGE)}…`;

const failed = (message: string): ServiceAnswer => ({ kind: "failed", message });

/** @param party who waits for its turn when many requests are under way: those of one party wait for each other */
export async function askService(
  ports: ServicePorts,
  service: PluginService,
  call: PluginCall,
  party: Pick<AskingRun, "namespace" | "name" | "uid">,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const { kind, plugin } = call;
  const key = await keyOf(ports, service);
  if ("problem" in key) return failed(`plugin ${plugin} is not asked: ${key.problem}`);
  const question = pluginQuestion(service, call, key.value);
  const row: MetricProviderRow = {
    kind: `${kind} plugin`,
    title: `plugin ${plugin}`,
    conditions: { kind: "its own" },
    reaches: ["program"],
    measure: {
      begin: () => askPlugin(question),
      read: (_, answers, state) => readPlugin(plugin, answers, state, (value) => ({ kind: "value", value, text: "" })),
    },
  };
  const asking: Asking = {
    settings: {},
    metric: plugin,
    intervalMs: undefined,
    run: { ...party, labels: {} },
    now: ports.clock.now(),
    secret: () => undefined,
    environment: () => undefined,
  };
  const reading = await ports.ask(row, asking, signal);
  const redact = redactor(key.value === undefined ? [] : [key.value]);
  if (reading.kind !== "value" || !isObject(reading.value))
    return failed(cutMessage(redact("message" in reading ? (reading.message ?? "") : "it did not answer")));
  return { kind: "answered", json: reading.value, redact };
}

async function keyOf(
  { readSecret, ownNamespace }: ServicePorts,
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

/** What asking failed with by a mistake of ours. Only its kind is shown: what was thrown may quote anything. */
export const mistake = (error: unknown): string =>
  `asking it failed by a mistake in Sluice (${error instanceof Error ? error.name : typeof error}); please report it`;
