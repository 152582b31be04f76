/** What was said about it lately. */
import type { ConditionView, EventView } from "../../../model.ts";
import { Panel } from "../parts/panel.tsx";
import { Ago } from "../parts/time.tsx";

const AT_FIRST = 8;

const Event = ({ type, reason, message, count, at, about }: EventView) => (
  <li class={type === "Warning" ? "event warning" : "event"}>
    <p>
      <strong>
        {type === "Warning" && <span class="unseen">Warning: </span>}
        {reason}
      </strong>
      <span class="faint">
        {" "}
        <Ago at={at} />
        {count > 1 && `, ${count} times`}
        {!about.startsWith("Rollout/") && ` · ${about}`}
      </span>
    </p>
    <p>{message}</p>
  </li>
);

const keyOf = ({ about, reason, message }: EventView): string => `${about} ${reason} ${message}`;

export function Events({ events }: { readonly events: readonly EventView[] }) {
  const [first, rest] = [events.slice(0, AT_FIRST), events.slice(AT_FIRST)];
  const list = (some: readonly EventView[]) => (
    <ol class="events">
      {some.map((event, index) => (
        <Event key={`${keyOf(event)} ${index}`} {...event} />
      ))}
    </ol>
  );
  return (
    <Panel title="Events">
      {events.length === 0 && <p class="faint">None. The cluster forgets events after an hour.</p>}
      {list(first)}
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} older</summary>
          {list(rest)}
        </details>
      )}
    </Panel>
  );
}

export const Conditions = ({ conditions }: { readonly conditions: readonly ConditionView[] }) => (
  <Panel title="Conditions">
    <ul class="conditions">
      {conditions.map(({ type, status, reason, message, changedAt }) => (
        <li key={type}>
          <p>
            <strong>{type}</strong> {status}
            <span class="faint">
              {" "}
              {reason} · <Ago at={changedAt} />
            </span>
          </p>
          {message !== "" && <p class="faint">{message}</p>}
        </li>
      ))}
    </ul>
  </Panel>
);
