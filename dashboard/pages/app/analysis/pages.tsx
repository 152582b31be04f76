/** An AnalysisRun, and an Experiment, by itself. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { ExperimentView, RunView } from "../../../model.ts";
import { ObjectButtons } from "../actions/buttons.tsx";
import { ofExperiment } from "../actions/words.ts";
import { Link } from "../parts/link.tsx";
import { Panel } from "../parts/panel.tsx";
import { Phase } from "../parts/phase.tsx";
import { Ago } from "../parts/time.tsx";
import { object, refusal, useLive } from "../state/live.ts";
import { useStore } from "../state/store.ts";
import { Metrics } from "./metric.tsx";
import { Templates } from "./templates.tsx";

interface Named {
  readonly namespace: string;
  readonly name: string;
}

interface FrameProps extends Named {
  readonly kind: "AnalysisRun" | "Experiment";
  readonly view: RunView | ExperimentView | undefined;
  readonly children: ComponentChildren;
}

/** Undefined: not told yet, or there is none. @param kind as the stream is asked for it */
function useObject(kind: "run" | "experiment", { namespace, name }: Named): RunView | ExperimentView | undefined {
  useLive(`?${kind}=${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`);
  const whole = useStore(object);
  return whole?.namespace === namespace && whole.name === name ? whole : undefined;
}

function Frame({ kind, name, view, children }: FrameProps) {
  const why = useStore(refusal);
  useEffect(() => {
    document.title = `${name} – Sluice`;
  }, [name]);
  return (
    <main id="main" tabIndex={-1} class="one">
      <div class="head">
        <div class="title">
          <h1>
            <span class="kind">{kind}</span> {name}
          </h1>
        </div>
        {view !== undefined && <Facts view={view} />}
      </div>
      {view === undefined && why === undefined && (
        <p class="faint" role="status">
          Loading…
        </p>
      )}
      {why !== undefined && (
        <p class="notice" role="alert">
          {why}
        </p>
      )}
      {children}
    </main>
  );
}

function Facts({ view }: { readonly view: RunView | ExperimentView }) {
  const [kind, owner = ""] = view.owner.split("/");
  const { namespace, name, may } = view;
  const verbs = "metrics" in view ? (["terminate-run"] as const) : ofExperiment;
  const isOver = !["", "Pending", "Running"].includes(view.phase);
  return (
    <>
      <p class="facts">
        <Phase phase={view.phase} big />
        {kind === "Rollout" && (
          <span>
            of <Link to={{ page: "rollout", namespace, name: owner }}>{owner}</Link>
          </span>
        )}
        {kind === "Experiment" && (
          <span>
            of <Link to={{ page: "experiment", namespace, name: owner }}>{owner}</Link>
          </span>
        )}
        {"role" in view && view.role !== "" && <span>{view.role}</span>}
        {view.revision > 0 && <span>revision {view.revision}</span>}
        {view.startedAt !== "" && (
          <span>
            began <Ago at={view.startedAt} />
          </span>
        )}
      </p>
      <div class="doing">
        <ObjectButtons
          verbs={verbs.filter((verb) => (verb === "retry-experiment") === isOver)}
          may={may}
          namespace={namespace}
          name={name}
        />
      </div>
    </>
  );
}

const Told = ({ view }: { readonly view: RunView | ExperimentView }) => (
  <Panel title="How it stands" class="standing">
    <p class="sentence">{view.sentence}</p>
    {view.message !== "" && <p class="problem">{view.message}</p>}
    {view.explanation.goesOnWhen.length > 0 && (
      <>
        <h3>It goes on when</h3>
        <ul>
          {view.explanation.goesOnWhen.map((clause) => (
            <li key={clause}>{clause}</li>
          ))}
        </ul>
      </>
    )}
  </Panel>
);

const Arguments = ({ args }: Pick<RunView, "args">) =>
  args.length === 0 ? null : (
    <Panel title="Arguments">
      <dl class="table">
        {args.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );

export function RunPage(named: Named) {
  const view = useObject("run", named);
  return (
    <Frame kind="AnalysisRun" {...named} view={view}>
      {view !== undefined && "metrics" in view && (
        <div class="columns two">
          <div class="column">
            <Told view={view} />
            <Arguments args={view.args} />
          </div>
          <div class="column wide">
            <Panel title="Metrics">
              <h3 class="unseen">Each metric</h3>
              <Metrics metrics={view.metrics} />
            </Panel>
          </div>
        </div>
      )}
    </Frame>
  );
}

export function ExperimentPage(named: Named) {
  const view = useObject("experiment", named);
  return (
    <Frame kind="Experiment" {...named} view={view}>
      {view !== undefined && "templates" in view && (
        <div class="columns two">
          <div class="column">
            <Told view={view} />
          </div>
          <div class="column wide">
            <Panel title="Templates" aside={view.duration === "" ? undefined : `for ${view.duration}`}>
              <Templates templates={view.templates} />
            </Panel>
            {view.runs.map((run) => (
              <Panel key={run.name} title={`Analysis ${run.name}`} aside={<Phase phase={run.phase} />}>
                <h3 class="unseen">Each metric</h3>
                <p>
                  {run.sentence} <Link to={{ page: "run", namespace: run.namespace, name: run.name }}>By itself</Link>
                </p>
                <Metrics metrics={run.metrics} />
              </Panel>
            ))}
          </div>
        </div>
      )}
    </Frame>
  );
}
