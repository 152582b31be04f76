/** Measurements against their conditions, as a chart. The table below it says the same. */
import type { ConditionLine, MeasurementView, MetricView } from "../../../model.ts";
import { clockTime } from "../parts/clockTime.ts";
import { domainOf, scaleOf, shortNumber, ticksOf } from "../parts/scale.ts";
import { useWidth } from "../parts/width.ts";
import { failingSide, seriesOf, tally } from "./limits.ts";

const HEIGHT = 150;
const EDGE = { left: 46, right: 14, top: 10, bottom: 22 } as const;

interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly right: number;
  readonly bottom: number;
}

const timeOf = ({ startedAt, finishedAt }: MeasurementView): number => Date.parse(finishedAt || startedAt);

function Limit({ line, frame }: { readonly line: ConditionLine; readonly frame: Frame }) {
  const { y, right, bottom } = frame;
  const at = y(line.value);
  const side = failingSide(line);
  const [top, height] = side === "above" ? [EDGE.top, at - EDGE.top] : [at, bottom - at];
  const words = `${line.of === "failure" ? "fails if " : ""}${line.op} ${shortNumber(line.value)}`;
  return (
    <g class="limit">
      {side !== undefined && height > 0 && (
        <rect class="failing" x={EDGE.left} y={top} width={right - EDGE.left} height={height} />
      )}
      <line x1={EDGE.left} x2={right} y1={at} y2={at} />
      <text x={right} y={at + (at < EDGE.top + 14 ? 12 : -4)} text-anchor="end">
        {words}
      </text>
    </g>
  );
}

/** A shape of its own for each outcome, so that colours are not needed. */
function Point({
  x,
  y,
  measurement,
}: {
  readonly x: number;
  readonly y: number;
  readonly measurement: MeasurementView;
}) {
  const { phase, value } = measurement;
  const words = `${clockTime(measurement.finishedAt)}: ${value} (${phase})`;
  const shape =
    phase === "Successful" ? (
      <circle cx={x} cy={y} r="4" />
    ) : phase === "Failed" || phase === "Error" ? (
      <path d={`M${x - 4} ${y - 4}l8 8m0-8l-8 8`} />
    ) : (
      <path d={`M${x} ${y - 5}l5 5l-5 5l-5-5z`} />
    );
  return (
    <g class={`point ${phase}`}>
      <title>{words}</title>
      {shape}
    </g>
  );
}

interface SeriesProps {
  readonly name: string;
  readonly index: number;
  readonly measurements: readonly MeasurementView[];
  readonly frame: Frame;
}

function Series({ name, index, measurements, frame: { x, y } }: SeriesProps) {
  const points = measurements.flatMap((measurement) => {
    const value = measurement.numbers[name];
    return value === undefined ? [] : [{ measurement, x: x(timeOf(measurement)), y: y(value) }];
  });
  return (
    <g class={`series s${index}`}>
      <polyline points={points.map((point) => `${point.x},${point.y}`).join(" ")} />
      {points.map((point, each) => (
        <Point key={each} {...point} />
      ))}
    </g>
  );
}

const Axes = ({
  frame,
  values,
  times,
}: {
  readonly frame: Frame;
  readonly values: readonly number[];
  readonly times: readonly number[];
}) => (
  <g class="axes">
    {values.map((value) => (
      <g key={value}>
        <line x1={EDGE.left} x2={frame.right} y1={frame.y(value)} y2={frame.y(value)} />
        <text x={EDGE.left - 6} y={frame.y(value) + 4} text-anchor="end">
          {shortNumber(value)}
        </text>
      </g>
    ))}
    {[...new Set(times)].map((time, index, all) => (
      <text
        key={time}
        x={frame.x(time)}
        y={HEIGHT - 5}
        text-anchor={all.length === 1 ? "middle" : index === 0 ? "start" : "end"}
      >
        {clockTime(new Date(time).toISOString())}
      </text>
    ))}
  </g>
);

export function Chart({ metric }: { readonly metric: MetricView }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const names = seriesOf(metric);
  const { measurements, name } = metric;
  const drawn = measurements.filter(({ numbers }) => names.some((each) => numbers[each] !== undefined));
  const lines = metric.lines.filter((line) => names.includes(line.name));
  const values = domainOf([
    ...drawn.flatMap(({ numbers }) => names.flatMap((each) => numbers[each] ?? [])),
    ...lines.map(({ value }) => value),
  ]);
  const times = drawn.map(timeOf).filter((time) => !Number.isNaN(time));
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const right = Math.max(EDGE.left + 40, width - EDGE.right);
  const bottom = HEIGHT - EDGE.bottom;
  const frame: Frame = {
    x: low === high ? () => (EDGE.left + right) / 2 : scaleOf({ low, high }, { low: EDGE.left + 8, high: right - 8 }),
    y: scaleOf(values, { low: bottom, high: EDGE.top }),
    right,
    bottom,
  };
  return (
    <div class="chart" ref={place}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={`Chart of ${name}. ${tally(metric)}.`}>
          <Axes frame={frame} values={ticksOf(values, 4)} times={[low, high]} />
          {lines.map((line) => (
            <Limit key={`${line.of} ${line.op} ${line.value}`} line={line} frame={frame} />
          ))}
          {names.map((each, index) => (
            <Series key={each} name={each} index={index} measurements={drawn} frame={frame} />
          ))}
        </svg>
      )}
      {names.length > 1 && (
        <p class="faint">
          {names.map((each, index) => (
            <span key={each} class={`key s${index}`}>
              {each}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}
