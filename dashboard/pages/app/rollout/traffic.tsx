/** Who gets which part of the requests. */
import type { Detail, RevisionView, Switch, Traffic } from "../../../model.ts";
import { Panel } from "../parts/panel.tsx";

interface Part {
  readonly kind: "stable" | "canary" | "additional";
  readonly hash: string;
  readonly service: string;
  readonly weight: number;
}

const partsOf = ({ stable, canary, additional }: Traffic): readonly Part[] => [
  { kind: "stable", ...stable },
  { kind: "canary", ...canary },
  ...additional.map((one): Part => ({ kind: "additional", ...one })),
];

const percent = (weight: number, full: number): string => `${Math.round((weight / (full || 100)) * 1_000) / 10}%`;

function Bar({
  parts,
  full,
  wanted,
}: {
  readonly parts: readonly Part[];
  readonly full: number;
  readonly wanted: number;
}) {
  const label = parts.map(({ kind, weight }) => `${kind} ${percent(weight, full)}`).join(", ");
  const total = full || 100;
  return (
    <svg class="split" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={`Split: ${label}`}>
      <rect class="track" width="1000" height="10" />
      {parts.map(({ kind, weight }, index) => {
        const x = parts.slice(0, index).reduce((sum, part) => sum + part.weight, 0);
        const width = (weight / total) * 1_000;
        return <rect key={index} class={kind} x={(x / total) * 1_000} width={width} height="10" />;
      })}
      {wanted > 0 && wanted < total && (
        <rect class="wanted" x={1_000 - (wanted / total) * 1_000 - 1.5} width="3" height="10" />
      )}
    </svg>
  );
}

export function TrafficPanel({ traffic, pods }: { readonly traffic: Traffic; readonly pods: Detail["card"]["pods"] }) {
  const { fullWeight, wanted, verified, routers, canary, stable } = traffic;
  // After an update the canary's version is the stable one: there is one part, and the steps ask for nothing more.
  const isDone = canary.hash === "" || canary.hash === stable.hash;
  const parts = partsOf(traffic).filter(({ kind, weight }) => kind !== "canary" || weight > 0 || !isDone);
  const by = routers.length === 0 ? `by ${pods.desired} pods` : `by ${routers.join(", ")}`;
  return (
    <Panel title="Traffic" aside={by}>
      <Bar parts={parts} full={fullWeight} wanted={isDone ? 0 : wanted} />
      <ul class="legend">
        {parts.map(({ kind, hash, service, weight }) => (
          <li key={`${kind} ${hash}`}>
            <span class={`swatch ${kind}`} />
            {kind} <strong>{percent(weight, fullWeight)}</strong>
            <span class="faint">{[service, hash].filter((text) => text !== "").join(" · ")}</span>
          </li>
        ))}
      </ul>
      {!isDone && wanted !== canary.weight && (
        <p class="faint">The steps ask for {percent(wanted, fullWeight)} to the canary.</p>
      )}
      {verified !== undefined && (
        <p class={verified ? "faint" : "problem"}>
          {verified ? "The router confirms this split." : "The router does not route so yet."}
        </p>
      )}
    </Panel>
  );
}

export function SwitchPanel({
  where,
  revisions,
}: {
  readonly where: Switch;
  readonly revisions: readonly RevisionView[];
}) {
  const revisionOf = (hash: string): string => {
    const found = revisions.find(({ replicaSet }) => hash !== "" && replicaSet.objectMeta.name.endsWith(`-${hash}`));
    return found === undefined ? (hash === "" ? "nothing yet" : hash) : `revision ${found.revision}`;
  };
  const row = (kind: "active" | "preview") => (
    <li>
      <span class={`swatch ${kind === "active" ? "stable" : "canary"}`} />
      {kind} <strong>{revisionOf(where[kind].hash)}</strong>
      <span class="faint">{where[kind].service}</span>
    </li>
  );
  return (
    <Panel title="Traffic" aside="blue-green">
      <ul class="legend">
        {row("active")}
        {where.preview.service !== "" && row("preview")}
      </ul>
    </Panel>
  );
}
