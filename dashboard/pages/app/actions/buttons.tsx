/** Buttons that change something. Each asks in a dialog first. */
import type { Act, Card, May, ObjectVerb } from "../../../model.ts";
import { Icon } from "../parts/icons.tsx";
import { createStore } from "../state/store.ts";
import { barOf, primaryOf, WORDS } from "./words.ts";

/** What the dialog asks about; `choices`: images and containers to choose from. */
export interface Asked {
  readonly act: Act;
  readonly containers?: readonly { readonly name: string; readonly image: string }[];
  /** Images that were in use: suggestions. */
  readonly images?: readonly string[];
}

export const asked = createStore<Asked | undefined>(undefined);

export interface ActButtonProps {
  readonly ask: Asked;
  readonly kind?: "primary" | "quiet";
  readonly label?: string;
}

export function ActButton({ ask, kind, label }: ActButtonProps) {
  const words = WORDS[ask.act.verb];
  return (
    <button type="button" class={`act ${kind ?? ""} ${words.isHarsh ? "harsh" : ""}`} onClick={() => asked.set(ask)}>
      <Icon name={words.icon} />
      {label ?? words.label}
    </button>
  );
}

export interface BarProps {
  readonly card: Card;
  readonly may: May;
  readonly reason: string;
}

export function RolloutBar({ card, may, reason }: BarProps) {
  const verbs = barOf(may, card, reason);
  const primary = primaryOf(verbs, card);
  const { namespace, name } = card;
  if (verbs.length === 0) return null;
  return (
    <div class="buttons" role="group" aria-label="What you can do">
      {verbs.map((verb) => (
        <ActButton key={verb} ask={{ act: { verb, namespace, name } }} {...(verb === primary && { kind: "primary" })} />
      ))}
    </div>
  );
}

export interface ObjectButtonsProps {
  readonly verbs: readonly ObjectVerb[];
  readonly may: May;
  readonly namespace: string;
  readonly name: string;
}

export const ObjectButtons = ({ verbs, may, namespace, name }: ObjectButtonsProps) => (
  <>
    {verbs
      .filter((verb) => may[verb] === true)
      .map((verb) => (
        <ActButton key={verb} ask={{ act: { verb, namespace, name } }} kind="quiet" />
      ))}
  </>
);
