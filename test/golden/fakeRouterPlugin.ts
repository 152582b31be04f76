/** The routers of a golden world that are plugins: each answers after a while, as a test says at that time. */
import { pluginsState, questionsOf } from "../../controller/rollout/facts/routerPluginFacts.ts";
import type { RoutingState } from "../../controller/rollout/model/model.ts";
import {
  type RouterPluginAnswer,
  type RouterPluginState,
  stateOfAsked,
} from "../../controller/rollout/model/routerPlugins.ts";
import { equal } from "../../kube/object/equality.ts";
import type { RouterQuestion, Traffic } from "../../providers/traffic/router.ts";
import type { Rollout } from "../../schema/rollout.ts";

/** Undefined: it hangs. */
export type RouterAnswers = (
  question: RouterQuestion,
) => { readonly afterMs: number; readonly answer: RouterPluginAnswer } | undefined;

interface Asked {
  readonly question: RouterQuestion;
  flight: { readonly at: number; readonly answer: RouterPluginAnswer } | "hangs" | undefined;
  answer: { readonly it: RouterPluginAnswer; readonly dueAt: number } | undefined;
}

export interface RouterPlugins {
  answers: RouterAnswers;
  /** Those that are configured. */
  configured: readonly string[];
  /** All that was asked, in order. */
  readonly questions: RouterQuestion[];
  readonly asked: Map<string, Asked>;
}

const AGAIN_MS = 10_000;

export const routes: RouterPluginAnswer = { kind: "routes", verified: undefined, message: "" };

export const routerPluginsBy = (
  answers: RouterAnswers = () => ({ afterMs: 500, answer: routes }),
  configured = ["acme/edge"],
): RouterPlugins => ({ answers, configured, questions: [], asked: new Map() });

export function askRouters(plugins: RouterPlugins, rollout: Rollout, traffic: Traffic, now: number): void {
  for (const question of questionsOf(rollout, traffic)) {
    if (!plugins.configured.includes(question.plugin)) continue;
    const before = plugins.asked.get(question.plugin);
    const isSame = before !== undefined && equal(before.question, question);
    const asked: Asked = isSame ? before : { question, flight: undefined, answer: undefined };
    plugins.asked.set(question.plugin, asked);
    if (asked.flight !== undefined || now < (asked.answer?.dueAt ?? 0)) continue;
    plugins.questions.push(question);
    const said = plugins.answers(question);
    asked.flight = said === undefined ? "hangs" : { at: now + said.afterMs, answer: said.answer };
  }
}

/** When the next answer arrives. */
export const nextRouterAnswer = ({ asked }: RouterPlugins): number =>
  Math.min(...[...asked.values()].map(({ flight }) => (typeof flight === "object" ? flight.at : Infinity)), Infinity);

/** What has arrived by `now`. */
export function answerRouters({ asked }: RouterPlugins, now: number): void {
  for (const one of asked.values()) {
    if (typeof one.flight !== "object" || one.flight.at > now) continue;
    const { answer: it } = one.flight;
    const isLasting = it.kind === "routes" && it.verified !== false;
    one.answer = { it, dueAt: isLasting ? Infinity : now + AGAIN_MS };
    one.flight = undefined;
  }
}

function stateOf({ configured, asked }: RouterPlugins, question: RouterQuestion, now: number): RouterPluginState {
  if (!configured.includes(question.plugin)) return { kind: "unusable", problem: "nobody has configured it" };
  const one = asked.get(question.plugin);
  if (one === undefined || !equal(one.question, question)) return { kind: "unanswered", isAsked: false };
  return stateOfAsked(one, now);
}

/** What the plugins make of how the other routers stand. */
export function withRouterPlugins(
  others: RoutingState,
  plugins: RouterPlugins,
  { rollout, traffic, now }: { readonly rollout: Rollout; readonly traffic: Traffic; readonly now: number },
): RoutingState {
  const questions = questionsOf(rollout, traffic);
  if (questions.length === 0 || others.kind === "fault" || others.kind === "pending") return others;
  const state = pluginsState(questions, { stateOf: (question) => stateOf(plugins, question, now) });
  const open = others.kind === "open" || state.open;
  if (state.fault !== undefined) return { kind: "fault", message: state.fault, open, events: [] };
  if (state.pending !== undefined) return { kind: "pending", open, ...state.pending };
  const [verification] = state.verifications;
  return { kind: open ? "open" : "settled", ...(verification === undefined ? {} : { verification }) };
}
