/** The rule of layers: layers import downwards only, and no two folders import each other. */
import { posix } from "node:path";
import type { Import } from "./sourceFiles.ts";

/** From the lowest up. A folder imports itself and those before it. */
export const layers = [
  "schema",
  "kube",
  "providers",
  "controller",
  "webhook",
  "simulator",
  "dashboard",
  "cli",
  "manifests",
] as const;

/** The index of a file's layer; files outside of the layers (main.ts) are above all of them. */
function heightOf(path: string): number {
  const index = layers.indexOf(path.split("/")[0] as (typeof layers)[number]);
  return index < 0 ? layers.length : index;
}

/** Imports of a higher layer, one sentence for each. */
export function upwardImports(imports: readonly Import[]): string[] {
  return (
    imports
      .filter(({ from, target }) => target !== undefined && heightOf(target) > heightOf(from))
      // The version of the program is in a file outside of the layers, which imports nothing.
      .filter(({ target }) => target !== "package.json")
      .map(
        ({ from, specifier }) =>
          `${from} imports ${specifier}, a layer above it: move what it needs down, or take it as an argument`,
      )
  );
}

/** The table of commands loads one of them by its name, as main.ts would: it is no part of what commands share. */
const TABLE = "cli/commands.ts";

/** Pairs of folders that import each other: one sentence for each, with the files of the rarer direction. */
export function twoWayPairs(imports: readonly Import[]): string[] {
  const edges = new Map<string, Import[]>();
  for (const each of imports) {
    if (each.target === undefined || each.from === TABLE) continue;
    const [from, to] = [posix.dirname(each.from), posix.dirname(each.target)];
    if (from !== to) edges.set(`${from} ${to}`, [...(edges.get(`${from} ${to}`) ?? []), each]);
  }
  return [...edges].flatMap(([key, there]) => {
    const [from = "", to = ""] = key.split(" ");
    const back = edges.get(`${to} ${from}`);
    if (back === undefined || from > to) return [];
    const rarer = there.length < back.length ? there : back;
    const files = rarer.map((each) => `${each.from} imports ${each.specifier}`);
    return [`${from}/ and ${to}/ import each other: turn round ${files.slice(0, 3).join(", ")}`];
  });
}
