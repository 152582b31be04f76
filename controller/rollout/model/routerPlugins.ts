/** What a decision knows of the routers that are plugins (docs/plugins.md#traffic-routers). */
import type { RouterQuestion } from "../../../providers/traffic/router.ts";

/** What a plugin has answered. No text of it holds a secret. */
export type RouterPluginAnswer =
  /** It routes as asked. `verified` undefined: it cannot tell whether the weights are in force. */
  | { readonly kind: "routes"; readonly verified: boolean | undefined; readonly message: string }
  /** It is at it. */
  | { readonly kind: "running"; readonly message: string }
  /** Why it does not, in one sentence. */
  | { readonly kind: "failed"; readonly message: string };

/** How a plugin stands to a question. */
export type RouterPluginState =
  /** Why it cannot be asked at all, in one sentence without a full stop. */
  | { readonly kind: "unusable"; readonly problem: string }
  /** It is to be asked, or (`isAsked`) has been, and has not answered. */
  | { readonly kind: "unanswered"; readonly isAsked: boolean }
  | {
      readonly kind: "answered";
      readonly answer: RouterPluginAnswer;
      /** It is to be asked again now. */
      readonly isDue: boolean;
      /** ms since the epoch: when it is asked again, where that matters. */
      readonly dueAt: number;
    };

/** Of one that was asked this question. @param asked `flight` while it is being asked, its last answer, and until when that holds */
export function stateOfAsked(
  {
    answer,
    flight,
  }: {
    readonly answer: { readonly it: RouterPluginAnswer; readonly dueAt: number } | undefined;
    readonly flight: unknown;
  },
  now: number,
): RouterPluginState {
  if (answer === undefined) return { kind: "unanswered", isAsked: flight !== undefined };
  const { it, dueAt } = answer;
  return { kind: "answered", answer: it, isDue: flight === undefined && dueAt <= now, dueAt };
}

export interface RouterPluginFacts {
  readonly stateOf: (question: RouterQuestion) => RouterPluginState;
}
