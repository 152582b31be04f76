/**
 * Simulated updates as an SVG picture: over the time, which share of the requests the new version gets, and how many pods
 * of which version there are. Light and dark by what the reader prefers, readable without scripts and fonts. Pure.
 */
import type { Report } from "../../simulator/simulate/report.ts";
import { drawn, escaped, HEIGHT_OF_CHARTS, LEFT, type Scale, tag, WIDTH } from "./svgChart.ts";
import { wrap } from "../paint.ts";
import { capacityText, extraText, outcomeText } from "./text.ts";
import { pods, strategyText, timeText } from "../../simulator/simulate/words.ts";

const STYLE = `
  .back { fill: #ffffff; stroke: #d0d7de }
  text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .faint { fill: #59636e; font-size: 11px }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .stage { stroke: #8c959f; stroke-dasharray: 2 3 }
  .share { fill: #0969da; fill-opacity: 0.22; stroke: #0969da; stroke-width: 1.5 }
  .old { fill: #8c959f }
  .new { fill: #0969da }
  .starting { fill: #9a6700; fill-opacity: 0.75 }
  .size { stroke: #1f2328; stroke-dasharray: 5 3 }
  .good { fill: #1a7f37 } .bad { fill: #cf222e } .person { fill: #8250df }
  .mark { font-size: 10px; fill: #ffffff; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .stage { stroke: #656c76 }
    .share { fill: #4493f8; stroke: #4493f8 }
    .old { fill: #656c76 }
    .new { fill: #4493f8 }
    .starting { fill: #d29922 }
    .size { stroke: #f0f6fc }
    .good { fill: #3fb950 } .bad { fill: #f85149 } .person { fill: #ab7df8 }
    .mark { fill: #0d1117 }
  }
`;

/** How things are in the end is to be seen, too. */
const BEYOND = 1.04;
const GAP = 24;
const LINE = 17;
/** Characters of 12 px that fit into the width. */
const FIT = 112;
/** Of 11 px. */
const FIT_SMALL = 128;
/** Incidents that are listed. */
const MOST_INCIDENTS = 8;

/** @param names of the files, where there are several reports */
export function reportSvg(reports: readonly Report[], names: readonly string[]): string {
  const scale: Scale = { endMs: Math.max(1_000, ...reports.map(({ endMs }) => endMs)) * BEYOND };
  let y = 12;
  const panels: string[] = [];
  for (const [index, report] of reports.entries()) {
    const panel = panelOf(report, reports.length > 1 ? names[index] : undefined, scale);
    panels.push(tag("g", { transform: `translate(0 ${y})` }, panel.body));
    y += panel.height + GAP;
  }
  const height = y - GAP + 12;
  const title = reports.map((report) => titleOf(report)).join("; ");
  const description = reports.map((report) => summaryOf(report).join(" ")).join(" ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="back" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    ...panels,
    "</svg>",
    "",
  ].join("\n");
}

const titleOf = ({ rollout, images, replicas, strategy }: Report): string => {
  const change = images.old === images.new ? `${images.old}, a new pod template` : `${images.old} → ${images.new}`;
  return `${rollout}: ${change} (${strategyText(strategy)}, ${pods(replicas)})`;
};

const summaryOf = (report: Report): readonly string[] => [outcomeText(report), capacityText(report), extraText(report)];

interface Panel {
  readonly body: string;
  readonly height: number;
}

function panelOf(report: Report, name: string | undefined, scale: Scale): Panel {
  const title = name === undefined ? titleOf(report) : `${name} — ${titleOf(report)}`;
  const [outcome = "", ...rest] = summaryOf(report);
  const below = [...wrapped(outcome), rest.join(" ")];
  const head = [
    text(16, 14, title, "title"),
    tag("circle", { class: report.outcome.kind === "healthy" ? "good" : "bad", cx: 21, cy: 31, r: 5 }, ""),
    ...below.map((line, index) => text(index === 0 ? 32 : 16, 35 + index * LINE, line)),
  ];
  const top = 35 + (below.length - 1) * LINE + 14;
  const listed = report.incidents.slice(0, MOST_INCIDENTS);
  const incidents = listed.map(({ atMs, text: what }, index) =>
    text(
      16,
      top + HEIGHT_OF_CHARTS + 12 + index * LINE,
      cut(`${index + 1}  ${timeText(atMs)}: ${what}`, FIT_SMALL),
      "faint",
    ),
  );
  const more = report.incidents.length - listed.length;
  if (more > 0)
    incidents.push(text(16, top + HEIGHT_OF_CHARTS + 12 + listed.length * LINE, `and ${more} more`, "faint"));
  const body = [
    ...head,
    tag("g", { transform: `translate(${LEFT} ${top})` }, drawn(report, scale, listed)),
    ...incidents,
  ];
  return { body: body.join("\n"), height: top + HEIGHT_OF_CHARTS + incidents.length * LINE + 4 };
}

const text = (x: number, y: number, what: string, style?: string): string =>
  tag("text", { x, y, ...(style !== undefined && { class: style }) }, escaped(what));

/** Three lines at most. */
function wrapped(line: string): readonly string[] {
  const [first = "", second, third, ...rest] = wrap(line, FIT);
  const last = rest.length > 0 ? `${third ?? ""}…` : third;
  return [first, ...(second === undefined ? [] : [second]), ...(last === undefined ? [] : [last])];
}

const cut = (line: string, most: number): string => (line.length > most ? `${line.slice(0, most - 1)}…` : line);
