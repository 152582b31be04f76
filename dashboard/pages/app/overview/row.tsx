/** One Rollout in the list. */
import { memo } from "../parts/memo.ts";
import type { Card } from "../../../model.ts";
import { Icon } from "../parts/icons.tsx";
import { shortImage } from "../parts/images.ts";
import { Link } from "../parts/link.tsx";
import { Phase } from "../parts/phase.tsx";
import { clauseOf } from "../parts/sentence.ts";
import { toggleStar } from "../state/starred.ts";
import { keyOf } from "./filter.ts";

export interface RowProps {
  readonly card: Card;
  /** From 0. */
  readonly index: number;
  readonly isStarred: boolean;
  readonly isChosen: boolean;
  readonly height: number;
}

const percentOf = (weight: number, full: number): number => (full === 0 ? 0 : Math.round((weight / full) * 100));

function Progress({ card }: { readonly card: Card }) {
  const { step, steps, stepText, strategy, actualWeight, fullWeight } = card;
  if (strategy === "BlueGreen") return <span class="faint">blue-green</span>;
  if (steps === 0 || step === undefined)
    return <span class="faint">canary{steps === 0 ? "" : `, ${steps} steps`}</span>;
  if (step >= steps)
    return (
      <span class="faint" title="All steps are done">
        {steps}/{steps}
      </span>
    );
  const words = `${step + 1}/${steps}`;
  return (
    <span class="progress" title={`step ${words}: ${stepText}`}>
      <svg viewBox="0 0 64 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="64" height="4" />
        <rect class="done" width={(step / steps) * 64} height="4" />
      </svg>
      <span class="words">
        <span class="count">{words}</span> {stepText}
        {actualWeight !== undefined && actualWeight > 0 && (
          <span class="faint"> · {percentOf(actualWeight, fullWeight)}%</span>
        )}
      </span>
    </span>
  );
}

const Pods = ({ pods }: Pick<Card, "pods">) => {
  const { available, desired } = pods;
  return (
    <span class={available < desired ? "pods less" : "pods"} title={`${available} of ${desired} pods are available`}>
      {available}/{desired}
      <span class="unseen"> pods available</span>
    </span>
  );
};

function Star({ card, isStarred }: Pick<RowProps, "card" | "isStarred">) {
  const { name } = card;
  return (
    <button
      type="button"
      class={isStarred ? "star on" : "star"}
      aria-pressed={isStarred}
      aria-label={`Star ${name}`}
      tabIndex={-1}
      onClick={() => toggleStar(keyOf(card))}
    >
      <Icon name="star" filled={isStarred} />
    </button>
  );
}

export const Row = memo(({ card, index, isStarred, isChosen, height }: RowProps) => {
  const { namespace, name, phase, needsAttention, images, sentence } = card;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`row${isChosen ? " chosen" : ""}${needsAttention ? " attention" : ""}`}
      style={{ height: `${height}px` }}
    >
      <span role="cell" class="c-star">
        <Star card={card} isStarred={isStarred} />
      </span>
      <span role="rowheader" class="c-name">
        <Link to={{ page: "rollout", namespace, name }}>{name}</Link>
        <span class="namespace">{namespace}</span>
      </span>
      <span role="cell" class="c-phase">
        <Phase phase={phase} />
      </span>
      <span role="cell" class="c-steps">
        <Progress card={card} />
      </span>
      <span role="cell" class="c-pods">
        <Pods pods={card.pods} />
      </span>
      <span role="cell" class="c-image" title={images.join("\n")}>
        {images.map(shortImage).join(", ")}
      </span>
      <span role="cell" class="c-why" title={sentence}>
        {clauseOf(sentence, name, Date.now())}
      </span>
    </div>
  );
});
