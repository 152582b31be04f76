/** The two charts of a simulated update: the new version's share of the requests, and the pods. */
import type { SimulationView } from "../../../model.ts";
import { timeText } from "../../../../simulator/simulate/words.ts";
import { scaleOf } from "../parts/scale.ts";
import { useWidth } from "../parts/width.ts";
import { area, LAYERS, podsOf, timeTicks } from "./corners.ts";

const LEFT = 44;
const RIGHT = 16;
const STAGES = 22;
const SHARES = { low: STAGES + 96, high: STAGES } as const;
const PODS = { low: SHARES.low + 162, high: SHARES.low + 42 } as const;
const HEIGHT = PODS.low + 24;

interface ChartProps {
  readonly view: SimulationView;
  readonly x: (ms: number) => number;
  readonly right: number;
}

const Line = ({ right, y, text }: { readonly right: number; readonly y: number; readonly text: string }) => (
  <g>
    <line x1={LEFT} x2={right} y1={y} y2={y} />
    <text x={LEFT - 6} y={y + 4} text-anchor="end">
      {text}
    </text>
  </g>
);

/** A number for each stage, or its words where there is room. */
function StageLines({ view: { stages }, x }: ChartProps) {
  let freeFrom = 0;
  return (
    <g class="stages">
      {stages.map(({ text, fromMs, toMs }) => {
        const from = x(fromMs);
        const room = x(toMs) - from;
        const [number] = /^\d+(?=\/)/.exec(text) ?? [];
        const shown = [text, number].find((each) => each !== undefined && each.length * 6.5 + 8 < room);
        const isFree = shown !== undefined && from >= freeFrom;
        if (isFree) freeFrom = from + shown.length * 6.5 + 6;
        return (
          <g key={`${fromMs} ${text}`}>
            <title>{`${timeText(fromMs)}: ${text}`}</title>
            <line x1={from} x2={from} y1={4} y2={PODS.low} />
            {isFree && (
              <text x={from + 4} y={13}>
                {shown}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function Shares({ view, x, right }: ChartProps) {
  const y = scaleOf({ low: 0, high: 1 }, SHARES);
  return (
    <g>
      <g class="axes">
        {[0, 0.5, 1].map((share) => (
          <Line key={share} right={right} y={y(share)} text={`${share * 100}%`} />
        ))}
      </g>
      <polygon
        class="canary"
        points={area(
          view,
          { x, y },
          ({ share }) => share,
          () => 0,
        )}
      />
      <text class="caption" x={LEFT + 4} y={SHARES.low + 16}>
        requests that the new version gets
      </text>
    </g>
  );
}

function Pods({ view, x, right }: ChartProps) {
  const { moments, replicas } = view;
  const most = Math.max(replicas, 1, ...moments.map(podsOf));
  const y = scaleOf({ low: 0, high: most }, PODS);
  const isApart = Math.abs(y(replicas) - y(most)) > 12;
  return (
    <g>
      {LAYERS.map(({ kind, of }, index) => {
        const below = (moment: (typeof moments)[number]): number =>
          LAYERS.slice(0, index).reduce((sum, layer) => sum + layer.of(moment), 0);
        return <polygon key={kind} class={kind} points={area(view, { x, y }, (m) => below(m) + of(m), below)} />;
      })}
      <g class="axes">
        <Line right={right} y={y(0)} text="0" />
        {isApart && <Line right={right} y={y(most)} text={String(most)} />}
      </g>
      <g class="size">
        <Line right={right} y={y(replicas)} text={String(replicas)} />
      </g>
    </g>
  );
}

const Incidents = ({ view: { incidents }, x }: ChartProps) => (
  <g>
    {incidents.map(({ atMs, kind, text }, index) => (
      <g key={index} class={`incident ${kind}`}>
        <title>{`${timeText(atMs)}: ${text}`}</title>
        <circle cx={x(atMs)} cy={SHARES.low + 29} r="8" />
        <text x={x(atMs)} y={SHARES.low + 32.5} text-anchor="middle">
          {index + 1}
        </text>
      </g>
    ))}
  </g>
);

export function Timeline({ view }: { readonly view: SimulationView }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const right = Math.max(LEFT + 60, width - RIGHT);
  const x = scaleOf({ low: 0, high: view.endMs || 1 }, { low: LEFT, high: right });
  const props: ChartProps = { view, x, right };
  const label = `Shares of requests and pods over ${timeText(view.endMs)}: the table of stages below says the same.`;
  return (
    <div class="chart timeline" ref={place}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={label}>
          <Shares {...props} />
          <Pods {...props} />
          <StageLines {...props} />
          <Incidents {...props} />
          <g class="axes">
            {timeTicks(view.endMs, Math.max(2, Math.floor(width / 110))).map((ms) => (
              <text
                key={ms}
                x={x(ms)}
                y={HEIGHT - 6}
                text-anchor={ms === 0 ? "start" : x(ms) > right - 24 ? "end" : "middle"}
              >
                {timeText(ms)}
              </text>
            ))}
          </g>
        </svg>
      )}
      <ul class="legend row">
        {LAYERS.map(({ kind, name }) => (
          <li key={kind}>
            <span class={`swatch ${kind}`} />
            {name}
          </li>
        ))}
        <li>
          <span class="swatch size" />
          as many as it asks for
        </li>
      </ul>
      <ol class="incidents">
        {view.incidents.map(({ atMs, text }, index) => (
          <li key={index}>
            <span class="faint">{timeText(atMs)}</span> {text}
          </li>
        ))}
      </ol>
    </div>
  );
}
