/** What the keys do. */
import { Dialog } from "../parts/dialog.tsx";
import { createStore } from "../state/store.ts";

export const helpIsOpen = createStore(false);

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "search"],
  ["↑ ↓", "go through the list; also j and k"],
  ["Home End", "to its beginning, to its end"],
  ["Enter", "open the chosen Rollout"],
  ["s", "star it, or no longer"],
  ["Esc", "clear the search; close what is open; back to the list"],
  ["?", "show this"],
];

const close = (): void => helpIsOpen.set(false);

export const Help = () => (
  <Dialog title="Keys" close={close}>
    <dl class="keys">
      {KEYS.map(([keys, does]) => (
        <div key={keys}>
          <dt>
            {keys.split(" ").map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
    <p class="faint">
      The search takes words of a name, namespace, image or label; <code>team:shop</code> a label, <code>!web</code>{" "}
      what is not to match, <code>web, api</code> one or the other.
    </p>
    <div class="buttons">
      <button type="button" onClick={close}>
        Close
      </button>
    </div>
  </Dialog>
);
