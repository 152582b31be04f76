/** Why it is where it is, and what would let it go on. */
import type { Detail } from "../../../model.ts";
import { Copyable } from "../parts/copy.tsx";
import { Panel } from "../parts/panel.tsx";
import { withClock } from "../parts/sentence.ts";
import { For, Until } from "../parts/time.tsx";

const TONE = { done: "good", moving: "moving", waiting: "paused", stopped: "bad" } as const;

export function Standing({ whole: { explanation } }: { readonly whole: Detail }) {
  const { standing, sentence, since, until, goesOnWhen, facts, commands } = explanation;
  return (
    <Panel title="How it stands" class={`standing ${TONE[standing]}`}>
      <p class="sentence">{withClock(sentence, Date.now())}</p>
      {(since !== undefined || until !== undefined) && (
        <p class="faint">
          {since !== undefined && (
            <>
              for <For at={since} />
            </>
          )}
          {since !== undefined && until !== undefined && ", "}
          {until !== undefined && (
            <>
              goes on <Until at={until} />
            </>
          )}
        </p>
      )}
      {goesOnWhen.length > 0 && (
        <>
          <h3>It goes on when</h3>
          <ul>
            {goesOnWhen.map((clause) => (
              <li key={clause}>{clause}</li>
            ))}
          </ul>
        </>
      )}
      {facts.length > 0 && (
        <details>
          <summary>What this is known from</summary>
          <dl class="table">
            {facts.map(({ about, text }, index) => (
              <div key={index}>
                <dt>{about}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {commands.length > 0 && (
        <details>
          <summary>On the command line</summary>
          {commands.map(({ command, does }) => (
            <div key={command} class="command">
              <Copyable text={command} />
              <span class="faint">{does}</span>
            </div>
          ))}
        </details>
      )}
    </Panel>
  );
}
