/** One Rollout, live. */
import { useEffect, useRef } from "preact/hooks";
import type { Detail } from "../../../model.ts";
import { RolloutBar } from "../actions/buttons.tsx";
import { Icon } from "../parts/icons.tsx";
import { Link } from "../parts/link.tsx";
import { Troubles } from "../parts/panel.tsx";
import { Phase } from "../parts/phase.tsx";
import { detail, refusal, useLive } from "../state/live.ts";
import { starred, toggleStar } from "../state/starred.ts";
import { useStore } from "../state/store.ts";
import { spoken } from "../state/toasts.ts";
import { Containers } from "./containers.tsx";
import { Conditions, Events } from "./events.tsx";
import { Experiments, Runs } from "./judges.tsx";
import { Revisions } from "./revisions.tsx";
import { Standing } from "./standing.tsx";
import { Steps } from "./steps.tsx";
import { SwitchPanel, TrafficPanel } from "./traffic.tsx";

export interface Named {
  readonly namespace: string;
  readonly name: string;
}

function Title({ namespace, name }: Named) {
  const key = `${namespace}/${name}`;
  const isOn = useStore(starred).has(key);
  return (
    <div class="title">
      <h1>
        <span class="unseen">Rollout </span>
        {name}
      </h1>
      <button
        type="button"
        class={isOn ? "star on" : "star"}
        aria-pressed={isOn}
        aria-label={`Star ${name}`}
        onClick={() => toggleStar(key)}
      >
        <Icon name="star" filled={isOn} />
      </button>
    </div>
  );
}

/** Says aloud what has changed of a Rollout since it was last heard of. */
function useSpoken({ card, explanation }: Detail): void {
  const place = `${card.phase} ${card.step ?? ""}`;
  const before = useRef(place);
  useEffect(() => {
    if (before.current !== place) spoken.set(`${card.name} is ${card.phase}. ${explanation.sentence}`);
    before.current = place;
  }, [place]);
}

export function RolloutPage({ namespace, name }: Named) {
  useLive(`?rollout=${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`);
  const whole = useStore(detail);
  const why = useStore(refusal);
  const isIt = whole !== undefined && whole.card.name === name && whole.card.namespace === namespace;
  useEffect(() => {
    document.title = `${name} – Sluice`;
  }, [name]);
  return (
    <main id="main" tabIndex={-1} class="one">
      {isIt ? (
        <Shown whole={whole} />
      ) : (
        <>
          <Title namespace={namespace} name={name} />
          {why === undefined ? (
            <p class="faint" role="status">
              Loading…
            </p>
          ) : (
            <p class="notice" role="alert">
              {why} <Link to={{ page: "overview", namespace: "" }}>All Rollouts</Link>
            </p>
          )}
        </>
      )}
    </main>
  );
}

const STRATEGY = { Canary: "canary", BlueGreen: "blue-green", "": "no strategy" } as const;

function Shown({ whole }: { readonly whole: Detail }) {
  useSpoken(whole);
  const { card, may, explanation, workload, troubles } = whole;
  const { namespace, name, phase, strategy, pods, revision } = card;
  return (
    <>
      <div class="head">
        <Title namespace={namespace} name={name} />
        <p class="facts">
          <Phase phase={phase} big />
          <span>{STRATEGY[strategy]}</span>
          <span>revision {revision}</span>
          <span class={pods.available < pods.desired ? "less" : ""}>
            {pods.available}/{pods.desired} pods available
          </span>
          {workload !== "" && <span>template of {workload}</span>}
        </p>
        <div class="doing">
          <RolloutBar card={card} may={may} reason={explanation.reason} />
          <Link to={{ page: "simulation", namespace, name }} class="button">
            <Icon name="clock" /> Simulate an update
          </Link>
        </div>
      </div>
      <Troubles troubles={troubles} />
      <div class="columns">
        <div class="column">
          <Standing whole={whole} />
          {whole.traffic !== undefined && <TrafficPanel traffic={whole.traffic} pods={card.pods} />}
          {whole.switch !== undefined && <SwitchPanel where={whole.switch} revisions={whole.revisions} />}
          {whole.steps.length > 0 && <Steps whole={whole} />}
        </div>
        <div class="column wide">
          <Runs runs={whole.runs} />
          <Revisions whole={whole} />
          <Experiments experiments={whole.experiments} />
        </div>
        <div class="column">
          <Containers whole={whole} />
          <Events events={whole.events} />
          <Conditions conditions={whole.conditions} />
        </div>
      </div>
    </>
  );
}
