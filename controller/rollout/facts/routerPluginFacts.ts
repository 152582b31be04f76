/** Routers that are plugins: how those of a Rollout stand to the traffic that it wants (docs/plugins.md#traffic-routers). */
import type { Router, RouterQuestion, Traffic, Verification } from "../../../providers/traffic/router.ts";
import { DRIVEN_ROUTERS, routersOf } from "../../../providers/traffic/routers.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { RoutingState } from "../model/model.ts";
import type { RouterPluginFacts } from "../model/routerPlugins.ts";

/** Where they are known; `waiting`: what plugins there are has not been read yet, and the Rollout is queued once it has. */
export interface RouterPluginsKnown {
  /** @param names those that the Rollout names now: of others nothing is kept */
  of(uid: string, names: readonly string[]): RouterPluginFacts | "waiting";
}

export const routerPluginsOf = (rollout: Rollout, routers: readonly Router[] = DRIVEN_ROUTERS): readonly string[] =>
  routersOf(rollout, routers).flatMap(({ asks }) => asks?.plugins(rollout) ?? []);

export const questionsOf = (
  rollout: Rollout,
  traffic: Traffic,
  routers: readonly Router[] = DRIVEN_ROUTERS,
): readonly RouterQuestion[] =>
  routersOf(rollout, routers).flatMap(({ asks }) => asks?.questions(rollout, traffic) ?? []);

/** What the plugins add to how all routers stand. */
export interface PluginsState {
  /** One of them is to be asked. */
  readonly open: boolean;
  readonly fault: string | undefined;
  readonly pending: Omit<Extract<RoutingState, { readonly kind: "pending" }>, "kind" | "open"> | undefined;
  readonly verifications: readonly Verification[];
}

/** Those of a process that asks nobody have never been asked. */
const NOBODY: RouterPluginFacts = { stateOf: () => ({ kind: "unanswered", isAsked: false }) };

export function pluginsState(questions: readonly RouterQuestion[], facts: RouterPluginFacts = NOBODY): PluginsState {
  const states = questions.map((question) => ({ question, state: facts.stateOf(question) }));
  const isOpen = ({ state }: (typeof states)[number]): boolean =>
    state.kind === "answered" ? state.isDue : state.kind === "unanswered" && !state.isAsked;
  const faults = states.flatMap(({ question, state }) => faultOf(question, state));
  const pending = states.flatMap(({ question, state }) => pendingOf(question, state));
  return {
    open: states.some(isOpen),
    fault: faults[0],
    pending: pending[0],
    verifications: states.flatMap(({ question, state }) => verificationOf(question, state)),
  };
}

type State = ReturnType<RouterPluginFacts["stateOf"]>;

const weightOf = ({ traffic: { canaryWeight, total } }: RouterQuestion): string => `${canaryWeight} of ${total}`;

function faultOf(question: RouterQuestion, state: State): readonly string[] {
  const { plugin } = question;
  if (state.kind === "unusable")
    return [`plugin ${plugin} cannot be asked to set the canary's weight to ${weightOf(question)}: ${state.problem}`];
  if (state.kind !== "answered" || state.answer.kind !== "failed") return [];
  return [`setting the canary's weight to ${weightOf(question)} by plugin ${plugin} failed: ${state.answer.message}`];
}

function pendingOf(question: RouterQuestion, state: State): readonly NonNullable<PluginsState["pending"]>[] {
  const { plugin } = question;
  const what = `the canary's weight of ${weightOf(question)}`;
  if (state.kind === "unanswered")
    return [{ message: `plugin ${plugin} has not answered yet that it has set ${what}` }];
  if (state.kind !== "answered" || state.answer.kind !== "running") return [];
  const said = state.answer.message === "" ? "" : `: ${state.answer.message}`;
  return [{ message: `plugin ${plugin} has not set ${what} yet${said}`, dueAt: state.dueAt }];
}

function verificationOf(question: RouterQuestion, state: State): readonly Verification[] {
  if (state.kind !== "answered" || state.answer.kind !== "routes") return [];
  const { verified, message } = state.answer;
  if (verified === undefined) return [];
  if (verified) return [{ kind: "verified" }];
  const said = message === "" ? "" : `: ${message}`;
  const reason = `plugin ${question.plugin} has not verified the canary's weight of ${weightOf(question)} yet${said}`;
  return [{ kind: "notYet", reason }];
}
