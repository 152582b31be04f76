/** The analyses and experiments of a Rollout: of each what it has found so far; the last ones whole. */
import type { ExperimentView, RunView } from "../../../model.ts";
import { Metrics } from "../analysis/metric.tsx";
import { Templates } from "../analysis/templates.tsx";
import { Link } from "../parts/link.tsx";
import { Panel } from "../parts/panel.tsx";
import { Phase } from "../parts/phase.tsx";
import { Ago } from "../parts/time.tsx";

const isOver = (phase: string): boolean => !["", "Pending", "Running"].includes(phase);

const Run = ({ run, isWhole }: { readonly run: RunView; readonly isWhole: boolean }) => (
  <li class="judge">
    <div class="line">
      <h3>
        <Link to={{ page: "run", namespace: run.namespace, name: run.name }}>{run.name}</Link>
      </h3>
      <Phase phase={run.phase} />
      <span class="faint">
        {[run.role, run.revision > 0 ? `revision ${run.revision}` : ""].filter((text) => text !== "").join(", ")}
        {run.startedAt !== "" && (
          <>
            {" · "}
            <Ago at={run.startedAt} />
          </>
        )}
      </span>
    </div>
    <p class={isWhole ? "" : "faint"}>{run.sentence}</p>
    {isWhole && <Metrics metrics={run.metrics} />}
  </li>
);

/** Those that go on, or the last one, are shown with their measurements. */
export function Runs({ runs }: { readonly runs: readonly RunView[] }) {
  if (runs.length === 0) return null;
  const going = runs.filter(({ phase }) => !isOver(phase));
  const whole = going.length > 0 ? going : runs.slice(0, 1);
  const rest = runs.filter((run) => !whole.includes(run));
  return (
    <Panel title="Analysis" aside={`${runs.length} ${runs.length === 1 ? "run" : "runs"}`}>
      <ul class="judges">
        {whole.map((run) => (
          <Run key={run.name} run={run} isWhole />
        ))}
      </ul>
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} earlier</summary>
          <ul class="judges">
            {rest.map((run) => (
              <Run key={run.name} run={run} isWhole={false} />
            ))}
          </ul>
        </details>
      )}
    </Panel>
  );
}

export function Experiments({ experiments }: { readonly experiments: readonly ExperimentView[] }) {
  if (experiments.length === 0) return null;
  return (
    <Panel title="Experiments" aside={`${experiments.length}`}>
      <ul class="judges">
        {experiments.map((experiment) => (
          <li class="judge" key={experiment.name}>
            <div class="line">
              <h3>
                <Link to={{ page: "experiment", namespace: experiment.namespace, name: experiment.name }}>
                  {experiment.name}
                </Link>
              </h3>
              <Phase phase={experiment.phase} />
            </div>
            <p>{experiment.sentence}</p>
            {!isOver(experiment.phase) && <Templates templates={experiment.templates} />}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
