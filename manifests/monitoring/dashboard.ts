/** The Grafana dashboard as the JSON that Grafana imports, made of the table of panels. */
import { source, tag } from "../text/manifestNames.ts";
import { type Panel, SECTIONS } from "./panels.ts";

const DATASOURCE = { type: "prometheus", uid: "${datasource}" };
const COLUMNS = 24;
const HEIGHT = 8;

interface Placed {
  readonly x: number;
  readonly y: number;
}

/** Places panels in lines of 24 columns; a section begins on a line of its own. */
function placed(): object[] {
  const objects: object[] = [];
  let y = 0;
  for (const { title, panels } of SECTIONS) {
    objects.push({
      id: objects.length + 1,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const panel of panels) {
      if (x + panel.width > COLUMNS) {
        x = 0;
        y += HEIGHT;
      }
      objects.push({ id: objects.length + 1, ...shown(panel, { x, y }) });
      x += panel.width;
    }
    y += HEIGHT;
  }
  return objects;
}

const shown = ({ title, says, type, unit, queries, width }: Panel, { x, y }: Placed): object => ({
  type,
  title,
  description: says,
  datasource: DATASOURCE,
  gridPos: { x, y, w: width, h: HEIGHT },
  fieldConfig: { defaults: { unit, min: unit === "dateTimeFromNow" ? undefined : 0 }, overrides: [] },
  options: OPTIONS[type],
  targets: queries.map(({ expr, legend }, index) => ({
    refId: String.fromCodePoint(65 + index),
    datasource: DATASOURCE,
    expr,
    ...(legend === undefined ? {} : { legendFormat: legend }),
    ...(type === "timeseries" ? { range: true } : { instant: true, range: false }),
    ...(type === "table" ? { format: "table" } : {}),
  })),
  ...(type === "table"
    ? { transformations: [{ id: "organize", options: { excludeByName: { Time: true, Value: true } } }] }
    : {}),
});

const reduced = { calcs: ["lastNotNull"], fields: "", values: false };

const OPTIONS: Readonly<Record<Panel["type"], object>> = {
  stat: { reduceOptions: reduced, colorMode: "value", textMode: "value_and_name" },
  bargauge: { reduceOptions: reduced, orientation: "horizontal", displayMode: "basic" },
  table: { showHeader: true },
  timeseries: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
};

const variable = (name: string, label: string, query: string): object => ({
  name,
  label,
  type: "query",
  datasource: DATASOURCE,
  query: { query, refId: name },
  definition: query,
  includeAll: true,
  allValue: ".*",
  multi: true,
  refresh: 2,
  sort: 1,
  current: { text: ["All"], value: ["$__all"] },
});

/** As `bun fmt` has it: lists of texts on one line. */
const formatted = (object: object): string =>
  `${JSON.stringify(object, null, 2).replaceAll(/\[\n\s+("[^[\]{}]*?")\n\s+\]/g, (_, items: string) => `[${items.replaceAll(/\n\s+/g, " ")}]`)}\n`;

/** @returns text; the same on every run */
export const grafanaDashboard = (): string =>
  formatted({
    uid: "sluice-rollouts",
    title: "Rollouts",
    description: `Made of manifests/monitoring/panels.ts; what the metrics mean: ${source}/blob/${tag}/docs/metrics.md`,
    tags: ["sluice", "argo-rollouts"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    links: [{ title: "Metrics and alerts", type: "link", url: `${source}/blob/${tag}/docs/metrics.md` }],
    templating: {
      list: [
        { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus", refresh: 1 },
        variable("namespace", "Namespace", "label_values(rollout_info, namespace)"),
        variable("rollout", "Rollout", 'label_values(rollout_info{namespace=~"$namespace"}, name)'),
      ],
    },
    panels: placed(),
  });
