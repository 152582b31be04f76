/** The two charts of a simulated update: shares of requests, and pods. Pure. */
import type { Moment } from "../../simulator/simulate/moment.ts";
import type { Report } from "../../simulator/simulate/report.ts";
import type { Incident } from "../../simulator/simulate/simulate.ts";
import { timeText } from "../../simulator/simulate/words.ts";

export const WIDTH = 800;
export const LEFT = 56;
const RIGHT = 20;
const ACROSS = WIDTH - LEFT - RIGHT;
/** Of the stages' line, the shares, and the pods, from the top. */
const STAGES = 18;
const SHARES = 80;
const BETWEEN = 34;
const PODS = 110;
const AXIS = 40;
export const HEIGHT_OF_CHARTS = STAGES + SHARES + BETWEEN + PODS + AXIS;

/** The same for all pictures that stand together. Each goes on to its end as it was at last. */
export interface Scale {
  readonly endMs: number;
}

type Attributes = Readonly<Record<string, string | number>>;

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** @param content is not escaped */
export function tag(name: string, attributes: Attributes, content: string): string {
  const given = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escaped(value)}"`,
  );
  return content === "" ? `<${name}${given.join("")}/>` : `<${name}${given.join("")}>${content}</${name}>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const line = (style: string, x1: number, y1: number, x2: number, y2: number): string =>
  tag("line", { class: style, x1, y1, x2, y2 }, "");
const label = (x: number, y: number, what: string, anchor = "start", style = "faint"): string =>
  tag("text", { x, y, class: style, "text-anchor": anchor }, escaped(what));

export function drawn(report: Report, scale: Scale, marked: readonly Incident[]): string {
  const x = (ms: number): number => (ms / scale.endMs) * ACROSS;
  const podsTop = STAGES + SHARES + BETWEEN;
  return [
    ...stageLines(report, x, podsTop + PODS),
    tag("g", { transform: `translate(0 ${STAGES})` }, sharesChart(report, scale.endMs, x)),
    tag("g", { transform: `translate(0 ${podsTop})` }, podsChart(report, scale.endMs, x)),
    ...marked.map((incident, index) => mark(incident, index, x(incident.atMs), STAGES + SHARES + BETWEEN / 2)),
    tag("g", { transform: `translate(0 ${podsTop + PODS})` }, axis(scale, x)),
  ].join("\n");
}

/** A number for each stage, or its words where there is room; all of them as tooltips. */
function stageLines({ stages }: Report, x: (ms: number) => number, bottom: number): readonly string[] {
  let freeFrom = 0;
  return stages.map(({ text, fromMs, toMs }) => {
    const from = x(fromMs);
    const room = x(toMs) - from;
    const [number] = /^\d+(?=\/)/.exec(text) ?? [];
    const shown = [text, number].find((each) => each !== undefined && each.length * 6 + 6 < room);
    const isFree = shown !== undefined && from >= freeFrom;
    if (isFree) freeFrom = from + shown.length * 6 + 6;
    const title = tag("title", {}, escaped(`${timeText(fromMs)}: ${text}`));
    return tag("g", {}, `${title}${line("stage", from, 6, from, bottom)}${isFree ? label(from + 3, 12, shown) : ""}`);
  });
}

/** The corners of steps, each until the next. */
function steps(
  moments: readonly Moment[],
  endMs: number,
  x: (ms: number) => number,
  y: (moment: Moment) => number,
): string[] {
  return moments.flatMap((moment, index) => {
    const to = moments[index + 1]?.atMs ?? endMs;
    return [`${round(x(moment.atMs))},${round(y(moment))}`, `${round(x(to))},${round(y(moment))}`];
  });
}

function sharesChart({ moments }: Report, endMs: number, x: (ms: number) => number): string {
  const y = (share: number): number => SHARES * (1 - share);
  const points = [`0,${SHARES}`, ...steps(moments, endMs, x, ({ share }) => y(share)), `${round(x(endMs))},${SHARES}`];
  return [
    ...[0, 0.5, 1].flatMap((share) => [
      line("grid", 0, y(share), ACROSS, y(share)),
      label(-6, y(share) + 4, `${share * 100}%`, "end"),
    ]),
    tag("polygon", { class: "share", points: points.join(" ") }, ""),
    label(0, SHARES + 15, "requests that the new version gets"),
  ].join("\n");
}

interface Layer {
  readonly style: string;
  readonly name: string;
  readonly of: (moment: Moment) => number;
}

/** From the bottom up. */
const LAYERS: readonly Layer[] = [
  { style: "new", name: "new version", of: ({ new: { ready } }) => ready },
  { style: "old", name: "old version", of: ({ old: { ready } }) => ready },
  {
    style: "starting",
    name: "not ready",
    of: ({ old, new: fresh, others }) => old.starting + fresh.starting + others.starting + others.ready,
  },
];

function podsChart({ moments, replicas }: Report, endMs: number, x: (ms: number) => number): string {
  const all = (moment: Moment): number => LAYERS.reduce((sum, { of }) => sum + of(moment), 0);
  const most = Math.max(replicas, 1, ...moments.map(all));
  const y = (count: number): number => PODS * (1 - count / most);
  const layers = LAYERS.map(({ style, of }, index) => {
    const below = (moment: Moment): number => LAYERS.slice(0, index).reduce((sum, each) => sum + each.of(moment), 0);
    const upper = steps(moments, endMs, x, (moment) => y(below(moment) + of(moment)));
    const lower = steps(moments, endMs, x, (moment) => y(below(moment))).toReversed();
    return tag("polygon", { class: style, points: [...upper, ...lower].join(" ") }, "");
  });
  const counts = most === replicas ? [0, replicas] : [0, replicas, most];
  // Numbers that would stand in each other are not written.
  const shown = counts.filter((count, index) => index === 0 || Math.abs(y(count) - y(counts[index - 1] ?? 0)) >= 11);
  return [
    ...[0, most].map((count) => line("grid", 0, y(count), ACROSS, y(count))),
    ...shown.map((count) => label(-6, y(count) + 4, String(count), "end")),
    ...layers,
    line("size", 0, y(replicas), ACROSS, y(replicas)),
    ...legend(),
  ].join("\n");
}

function legend(): readonly string[] {
  const y = PODS + 34;
  return [
    label(0, y, "pods:"),
    ...LAYERS.flatMap(({ style, name }, index) => {
      const x = 36 + index * 100;
      return [tag("rect", { class: style, x, y: y - 9, width: 10, height: 10 }, ""), label(x + 15, y, name)];
    }),
    line("size", 336, y - 4, 360, y - 4),
    label(366, y, "as many as the Rollout asks for"),
  ];
}

const STYLES = { promoted: "person", passed: "good", failed: "bad" } as const;

function mark({ atMs, kind, text }: Incident, index: number, x: number, y: number): string {
  const title = tag("title", {}, escaped(`${timeText(atMs)}: ${text}`));
  const circle = tag("circle", { class: STYLES[kind], cx: x, cy: y, r: 8 }, "");
  return tag("g", {}, `${title}${circle}${label(x, y + 3.5, String(index + 1), "middle", "mark")}`);
}

const ROUND_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800,
].map((seconds) => seconds * 1_000);

function axis({ endMs }: Scale, x: (ms: number) => number): string {
  const every = ROUND_MS.find((ms) => endMs / ms <= 8) ?? endMs;
  const ticks = Array.from({ length: Math.floor(endMs / every) + 1 }, (_, index) => index * every);
  return ticks
    .flatMap((ms) => [
      line("grid", x(ms), 0, x(ms), 4),
      label(x(ms), 16, timeText(ms), ms === 0 ? "start" : x(ms) > ACROSS - 20 ? "end" : "middle"),
    ])
    .join("\n");
}
