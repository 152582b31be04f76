/**
 * Routers that are plugins are asked beside the queue of Rollouts (docs/plugins.md#traffic-routers): what this process
 * knows of their answers. Nothing of it is stored: whoever knows nothing asks for the same once more.
 */
import { jsonText } from "../../providers/metrics/text.ts";
import { resumeInMs } from "../../providers/metrics/pluginContract.ts";
import {
  type ConfiguredPlugin,
  PLUGIN_CONFIG_MAP,
  pluginNamed,
  type PluginConfiguration,
  type PluginService,
} from "../../providers/metrics/pluginService.ts";
import { givenBack } from "../../providers/traffic/pluginTraffic.ts";
import type { RouterQuestion } from "../../providers/traffic/router.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { RouterPluginsKnown } from "../rollout/facts/routerPluginFacts.ts";
import { type RouterPluginAnswer, type RouterPluginState, stateOfAsked } from "../rollout/model/routerPlugins.ts";
import { askService, cutMessage, mistake, type ServiceAnswer, type ServicePorts } from "./askService.ts";
import type { PluginsConfigured } from "./configuration.ts";

export interface RouterCalls extends RouterPluginsKnown {
  /**
   * Asks those that have not answered, are not being asked and are due; one that is being asked for something else is
   * not waited for any longer. Never throws, and waits for nothing. `arrived` is called when there is an answer.
   */
  ask(rollout: Rollout, questions: readonly RouterQuestion[], arrived: () => void): void;
  /** The Rollout is gone: stable gets all, as where a Rollout names a plugin no longer. */
  forget(uid: string): void;
}

export interface RouterCallPorts extends ServicePorts {
  readonly configured: PluginsConfigured;
  readonly validForMs: () => number;
}

/** One that has failed, is at it, or has not verified the weights is asked again after this. */
const AGAIN_MS = 10_000;
/** What a plugin wants sooner or later than this is not granted. */
const SOONEST_MS = 1_000;
const LATEST_MS = 3_600_000;
/** Of what is asked for, within AGAIN_MS: more often it is another router that holds the Rollout back and forth. */
const MOST_CHANGES = 4;
/** A service that has forgotten what it was asked is told again. */
const REFRESH_MS = 600_000;

/** What one plugin was asked last for one Rollout. */
interface Asked {
  readonly rollout: Rollout;
  readonly question: RouterQuestion;
  readonly service: PluginService;
  /** All that the answer holds for. */
  readonly text: string;
  /** When it was asked for something else than before, lately. */
  readonly changes: readonly number[];
  flight: AbortController | undefined;
  answer: { readonly it: RouterPluginAnswer; readonly dueAt: number } | undefined;
}

/** By Rollout and plugin. */
type Known = Map<string, Map<string, Asked>>;

export function createRouterCalls(ports: RouterCallPorts): RouterCalls {
  const { clock, configured, validForMs } = ports;
  const known: Known = new Map();
  let last = 0;
  // Whoever comes after us begins higher.
  const sequence = (): number => (last = Math.max(last + 1, clock.now()));
  // Once, and whatever it answers: nobody holds on to it any longer.
  const giveBack = ({ rollout, question, service }: Asked): void => {
    const last = validForMs() > 0 ? givenBack(question) : undefined;
    if (last !== undefined) void answerTo(ports, rollout, last, service, sequence(), new AbortController().signal);
  };
  const drop = (uid: string, isKept: (plugin: string) => boolean): void => {
    for (const [plugin, asked] of known.get(uid) ?? []) {
      if (isKept(plugin)) continue;
      asked.flight?.abort();
      known.get(uid)?.delete(plugin);
      giveBack(asked);
    }
    if (known.get(uid)?.size === 0) known.delete(uid);
  };
  const begin = (rollout: Rollout, question: RouterQuestion, service: PluginService, arrived: () => void): void => {
    const uid = rollout.metadata.uid ?? "";
    const own = known.get(uid) ?? new Map<string, Asked>();
    known.set(uid, own);
    const text = textOf(question, service);
    const before = own.get(question.plugin);
    if (before?.text !== text) before?.flight?.abort();
    const now = clock.now();
    const changes = [...(before?.changes ?? []).filter((at) => now - at < AGAIN_MS), now];
    const asked: Asked =
      before?.text === text
        ? before
        : { rollout, question, service, text, changes, flight: undefined, answer: undefined };
    own.set(question.plugin, asked);
    if (asked.flight !== undefined || now < (asked.answer?.dueAt ?? 0)) return;
    const flight = (asked.flight = new AbortController());
    void answerTo(ports, rollout, question, service, sequence(), flight.signal).then(({ answer, againMs }) => {
      if (asked.flight !== flight || known.get(uid)?.get(question.plugin) !== asked) return;
      asked.flight = undefined;
      // The next leader asks for itself.
      if (validForMs() <= 0) return;
      asked.answer = { it: answer, dueAt: clock.now() + againMs };
      // Each pass may ask for something else again, as long as another router can not be written.
      if (asked.changes.length > MOST_CHANGES) clock.after(AGAIN_MS, arrived);
      else arrived();
    });
  };
  return {
    of(uid, names) {
      if (known.has(uid)) drop(uid, (plugin) => names.includes(plugin));
      if (names.length === 0) return { stateOf: () => ({ kind: "unanswered", isAsked: false }) };
      const configuration = configured.known();
      if (configuration === undefined) return "waiting";
      const now = clock.now();
      return { stateOf: (question) => stateOf(known.get(uid), configuration, question, now) };
    },
    ask(rollout, questions, arrived) {
      const configuration = configured.known();
      for (const question of configuration === undefined ? [] : questions) {
        const found = serviceOf(configuration, question);
        if (found.kind === "ready") begin(rollout, question, found.service, arrived);
      }
    },
    forget: (uid) => drop(uid, () => false),
  };
}

const textOf = (question: RouterQuestion, { url, signedBy }: PluginService): string =>
  jsonText([url, signedBy ?? null, question]);

const serviceOf = (configuration: PluginConfiguration | undefined, { plugin }: RouterQuestion): ConfiguredPlugin =>
  pluginNamed(configuration ?? { kind: "unread", problem: "" }, "trafficRouterPlugins", plugin);

function stateOf(
  own: ReadonlyMap<string, Asked> | undefined,
  configuration: PluginConfiguration,
  question: RouterQuestion,
  now: number,
): RouterPluginState {
  const found = serviceOf(configuration, question);
  if (found.kind !== "ready") {
    const problem = found.kind === "disabled" ? "it is disabled" : found.problem;
    const help = `name its service under trafficRouterPlugins in the ConfigMap "${PLUGIN_CONFIG_MAP}" of Sluice's own namespace (docs/plugins.md#configuration)`;
    return { kind: "unusable", problem: `${problem}; ${help}` };
  }
  const asked = own?.get(question.plugin);
  if (asked === undefined || asked.text !== textOf(question, found.service))
    return { kind: "unanswered", isAsked: false };
  return stateOfAsked(asked, now);
}

interface Answered {
  readonly answer: RouterPluginAnswer;
  readonly againMs: number;
}

const failed = (message: string): Answered => ({ answer: { kind: "failed", message }, againMs: AGAIN_MS });

async function answerTo(
  ports: RouterCallPorts,
  rollout: Rollout,
  { plugin, config, traffic }: RouterQuestion,
  service: PluginService,
  sequence: number,
  signal: AbortSignal,
): Promise<Answered> {
  const { name, uid = "" } = rollout.metadata;
  const about = { config, sequence, traffic, rollout };
  const call = { kind: "traffic", op: "route", plugin, idempotencyKey: `${uid}/${sequence}`, about } as const;
  // Requests to one plugin wait for each other, whoever's they are: if it hangs, it holds up no other.
  const party = { namespace: `plugin ${plugin}`, name, uid };
  try {
    const answer = await askService(ports, service, call, party, signal);
    return answer.kind === "failed" ? failed(answer.message) : read(plugin, answer, ports.clock.now());
  } catch (error) {
    return failed(mistake(error));
  }
}

/** What it answers, and when it is asked again. */
function read(
  plugin: string,
  { json, redact }: Extract<ServiceAnswer, { readonly kind: "answered" }>,
  now: number,
): Answered {
  const { phase, verified } = json;
  const message = typeof json["message"] === "string" ? cutMessage(redact(json["message"])) : "";
  const said = message === "" ? "" : `: ${message}`;
  switch (phase) {
    case "Successful": {
      if (verified !== undefined && verified !== null && typeof verified !== "boolean")
        return failed(`plugin ${plugin} answered with a verified that is neither true nor false`);
      const isVerified = typeof verified === "boolean" ? verified : undefined;
      const againMs = isVerified === false ? AGAIN_MS : REFRESH_MS;
      return { answer: { kind: "routes", verified: isVerified, message }, againMs };
    }
    case "Running": {
      const againMs = Math.min(LATEST_MS, Math.max(SOONEST_MS, resumeInMs(json, now) ?? AGAIN_MS));
      return { answer: { kind: "running", message }, againMs };
    }
    case "Failed":
    case "Error":
      return failed(`plugin ${plugin} answered ${phase}${said}`);
    default:
      return failed(`plugin ${plugin} answered without a phase that there is: Successful, Running, Failed or Error`);
  }
}
