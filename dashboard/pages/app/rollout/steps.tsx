/** The steps of a canary: what is behind it, where it stands and why, what is ahead. */
import type { Detail, StepView } from "../../../model.ts";
import { Icon } from "../parts/icons.tsx";
import { Link } from "../parts/link.tsx";
import { Panel } from "../parts/panel.tsx";
import { clauseOf } from "../parts/sentence.ts";
import { Until } from "../parts/time.tsx";

const MARKS = { done: "done", current: "it is here", ahead: "ahead" } as const;

interface StepProps {
  readonly step: StepView;
  readonly namespace: string;
  /** Of the Rollout. */
  readonly name: string;
  readonly fullWeight: number;
}

function Step({ step, namespace, name, fullWeight }: StepProps) {
  const { index, text, state, weight, until, why, run, experiment } = step;
  return (
    <li class={`step ${state}`} {...(state === "current" && { "aria-current": "step" })}>
      <span class="mark" aria-hidden="true">
        {state === "done" ? <Icon name="check" /> : index + 1}
      </span>
      <div class="text">
        <p>
          {text}
          <span class="unseen"> ({MARKS[state]})</span>
          {until !== undefined && (
            <span class="faint">
              {" "}
              <Until at={until} />
            </span>
          )}
        </p>
        {why !== undefined && why !== "" && <p class="why">{clauseOf(why, name, Date.now())}</p>}
        {run !== undefined && <Link to={{ page: "run", namespace, name: run }}>{run}</Link>}
        {experiment !== undefined && <Link to={{ page: "experiment", namespace, name: experiment }}>{experiment}</Link>}
      </div>
      <span class="weight" title="The canary's weight during this step">
        {Math.round((weight / fullWeight) * 100)}%<span class="unseen"> to the canary</span>
      </span>
    </li>
  );
}

export function Steps({ whole: { steps, card } }: { readonly whole: Detail }) {
  const done = steps.filter(({ state }) => state === "done").length;
  return (
    <Panel title="Steps" aside={`${done} of ${steps.length} done`}>
      <ol class="steps">
        {steps.map((step) => (
          <Step
            key={step.index}
            step={step}
            namespace={card.namespace}
            name={card.name}
            fullWeight={card.fullWeight || 100}
          />
        ))}
      </ol>
    </Panel>
  );
}
