/** The next update of a Rollout, played without a cluster: what would happen, and when. */
import type { TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { SimulationView } from "../../../model.ts";
import { percent, podMinutes, timeText } from "../../../../simulator/simulate/words.ts";
import { Link } from "../parts/link.tsx";
import { Panel } from "../parts/panel.tsx";
import { get } from "../state/session.ts";
import { Stages } from "./stages.tsx";
import { Timeline } from "./timeline.tsx";

interface Named {
  readonly namespace: string;
  readonly name: string;
}

type Played =
  | { readonly kind: "playing" }
  | { readonly kind: "played"; readonly view: SimulationView }
  | { readonly kind: "failed"; readonly why: string };

const imageOf = (search: string): string => new URLSearchParams(search).get("image") ?? "";

function usePlayed({ namespace, name }: Named, image: string): Played {
  const [played, setPlayed] = useState<Played>({ kind: "playing" });
  useEffect(() => {
    let isOver = false;
    setPlayed({ kind: "playing" });
    const query = image === "" ? "" : `?image=${encodeURIComponent(image)}`;
    const path = `rollouts/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/simulation${query}`;
    const ask = async (): Promise<void> => {
      try {
        const view = await get<SimulationView>(path);
        if (!isOver) setPlayed({ kind: "played", view });
      } catch (error) {
        if (!isOver) setPlayed({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
      }
    };
    void ask();
    return () => void (isOver = true);
  }, [namespace, name, image]);
  return played;
}

export function SimulationPage(named: Named) {
  const [image, setImage] = useState(() => imageOf(location.search));
  const played = usePlayed(named, image);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = `Simulation of ${named.name} – Sluice`;
  }, [named.name]);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const next = field.current?.value.trim() ?? "";
    setImage(next);
    history.replaceState(null, "", next === "" ? location.pathname : `?image=${encodeURIComponent(next)}`);
  };
  return (
    <main id="main" tabIndex={-1} class="one">
      <div class="head">
        <div class="title">
          <h1>
            <span class="kind">The next update of</span> <Link to={{ page: "rollout", ...named }}>{named.name}</Link>
          </h1>
        </div>
        <p class="faint">Played by the controller's own code in a cluster of its own: nothing is changed in yours.</p>
        <form class="play" onSubmit={submit}>
          <label for="image">Image</label>
          <input id="image" ref={field} defaultValue={image} placeholder="a made-up one" spellcheck={false} />
          <button type="submit" disabled={played.kind === "playing"}>
            Play
          </button>
        </form>
      </div>
      <div aria-live="polite" aria-busy={played.kind === "playing"}>
        {played.kind === "playing" && <p class="faint">Playing the update…</p>}
        {played.kind === "failed" && <p class="notice">{played.why}</p>}
        {played.kind === "played" && <Result view={played.view} />}
      </div>
    </main>
  );
}

const OUTCOMES: Readonly<Record<SimulationView["outcome"]["kind"], string>> = {
  healthy: "Healthy after",
  aborted: "Aborted after",
  stuck: "Stuck: its deadline is exceeded after",
  waits: "Waits for a person who does not come, from",
  unfinished: "Not finished after",
};

function Result({ view }: { readonly view: SimulationView }) {
  const { outcome, mostShare, worstCapacity, extra, notes, images } = view;
  const figures: readonly (readonly [what: string, value: string])[] = [
    ["most requests to the new version before its end", percent(mostShare)],
    ["least capacity", `${percent(worstCapacity.value)} at ${timeText(worstCapacity.atMs)}`],
    ["pods beyond its size", `at most ${extra.most}, ${podMinutes(extra.podMs)} pod minutes`],
  ];
  return (
    <div class="column">
      <Panel title="Outcome" class={`standing ${outcome.kind === "healthy" ? "good" : "bad"}`}>
        <p class="sentence">
          {OUTCOMES[outcome.kind]} {timeText(outcome.atMs)}.
        </p>
        {outcome.why !== "" && <p>{outcome.why}</p>}
        <dl class="figures">
          {figures.map(([what, value]) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <p class="faint">
          <code>{images.old}</code> → <code>{images.new}</code>
        </p>
      </Panel>
      <Panel title="Timeline">
        <Timeline view={view} />
      </Panel>
      <Stages view={view} />
      {notes.length > 0 && (
        <Panel title="What was made up or left out">
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}
