import { describe, expect, test } from "bun:test";
import { grafanaDashboard } from "./dashboard.ts";
import { SECTIONS } from "./panels.ts";

interface Shown {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const dashboard = JSON.parse(grafanaDashboard()) as {
  readonly panels: readonly Shown[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};

const overlap = ({ gridPos: a }: Shown, { gridPos: b }: Shown): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe("the Grafana dashboard", () => {
  test("has every panel of the table below the title of its section, in their order", () => {
    const wanted = SECTIONS.flatMap(({ title, panels }) => [title, ...panels.map((panel) => panel.title)]);
    expect(dashboard.panels.map(({ title }) => title)).toEqual(wanted);
    expect(dashboard.panels.map(({ id }) => id)).toEqual(wanted.map((_, index) => index + 1));
  });

  test("lays them side by side within its 24 columns, none over another", () => {
    const { panels } = dashboard;
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    const pairs = panels.flatMap((a, index) => panels.slice(index + 1).map((b) => [a, b] as const));
    expect(pairs.filter(([a, b]) => overlap(a, b)).map(([a, b]) => `${a.title} over ${b.title}`)).toEqual([]);
  });

  test("asks by variables that it has, and says of each panel what it shows", () => {
    const known = new Set([...dashboard.templating.list.map(({ name }) => name), "__range", "__rate_interval"]);
    for (const { title, type, description, targets = [] } of dashboard.panels) {
      if (type !== "row") expect([title, description]).not.toEqual([title, undefined]);
      const used = targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name = ""]) => name));
      expect(used.filter((name) => !known.has(name))).toEqual([]);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });
});
