/** What is looked for among the Rollouts. */
import { Icon } from "../parts/icons.tsx";
import { CHOICES, type Chosen, type Filter } from "./filter.ts";

export interface FiltersProps {
  readonly filter: Filter;
  readonly counts: Readonly<Record<Chosen, number>>;
  /** That can be chosen. */
  readonly namespaces: readonly string[];
  /** Whether Rollouts of all namespaces can be listed. */
  readonly isAll: boolean;
  readonly change: (next: Filter) => void;
}

const toneOfChoice: Partial<Record<Chosen, string>> = {
  attention: "bad",
  Progressing: "moving",
  Paused: "paused",
  Degraded: "bad",
  Healthy: "good",
};

const Chips = ({ filter, counts, change }: FiltersProps) => (
  <div class="chips" role="group" aria-label="Show">
    {CHOICES.map(([chosen, words]) => (
      <button
        key={chosen}
        type="button"
        class={`chip ${toneOfChoice[chosen] ?? ""}${counts[chosen] === 0 ? " none" : ""}`}
        aria-pressed={filter.chosen === chosen}
        onClick={() => change({ ...filter, chosen: filter.chosen === chosen ? "all" : chosen })}
      >
        {words} <span class="count">{counts[chosen]}</span>
      </button>
    ))}
  </div>
);

function Namespaces({ filter, namespaces, isAll, change }: FiltersProps) {
  const others = filter.namespace === "" || namespaces.includes(filter.namespace) ? [] : [filter.namespace];
  return (
    <label class="namespaces">
      <span class="unseen">Namespace</span>
      <select
        value={filter.namespace}
        onChange={({ currentTarget }) => change({ ...filter, namespace: currentTarget.value })}
      >
        <option value="">{isAll ? "all namespaces" : "all that I may list"}</option>
        {[...others, ...namespaces].map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export const Filters = (props: FiltersProps) => {
  const { filter, change } = props;
  return (
    <search class="filters">
      <div class="field">
        <Icon name="search" />
        <label class="unseen" for="search">
          Search names, images and labels
        </label>
        <input
          id="search"
          type="search"
          autocomplete="off"
          spellcheck={false}
          placeholder="Search names, images, labels"
          value={filter.text}
          onInput={({ currentTarget }) => change({ ...filter, text: currentTarget.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <Namespaces {...props} />
      <Chips {...props} />
    </search>
  );
};
