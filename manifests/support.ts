/** The tables of README.md, from the tables that the code uses: so they cannot go out of date. */
import { SERVICES } from "../providers/notifications/services.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WORKLOAD_KINDS } from "../controller/rules/rollout/workloadRef.ts";
import { STEPS } from "../controller/steps/stepKinds.ts";
import { OWN_PROVIDERS, PROVIDERS } from "../providers/metrics/providers.ts";
import { ROUTERS } from "../providers/traffic/routers.ts";
import { crds } from "../schema/crd.ts";
import type { RolloutStrategy } from "../schema/rollout.ts";
import { COMMANDS } from "../cli/commands.ts";
import { table } from "./text/table.ts";

/** What a part of the API can do, by name. */
interface Row {
  readonly part: string;
  readonly works: readonly string[];
  /** Accepted; a Rollout that uses it is held. */
  readonly held?: readonly string[];
}

const code = (text: string): string => `\`${text}\``;

/** The members of `all` by whether they work. */
const split = <T>(
  all: readonly T[],
  works: (each: T) => boolean,
  named: (each: T) => string,
): Pick<Row, "works" | "held"> => ({
  works: all.filter(works).map(named),
  held: all.filter((each) => !works(each)).map(named),
});

const STRATEGIES: Readonly<Record<keyof Required<RolloutStrategy>, string>> = {
  canary: "canary",
  blueGreen: "blue-green",
};

const kinds = crds.map(({ spec }) => spec.names.kind);

export const SUPPORT: readonly Row[] = [
  { part: "strategies", works: Object.values(STRATEGIES) },
  {
    part: "canary steps",
    ...split(
      STEPS.kinds,
      ({ undriven }) => undriven === undefined,
      ({ member }) => code(member),
    ),
  },
  {
    part: "traffic routers",
    ...split(
      ROUTERS,
      ({ route }) => route !== undefined,
      ({ title }) => title,
    ),
  },
  {
    part: "`sessionAffinity`",
    works: ROUTERS.filter(({ abilities }) => abilities.sessionAffinity !== undefined).map(({ title }) => title),
  },
  { part: "analysis", works: ["as a step", "in the background", "before and after promotion"] },
  {
    part: "metric providers",
    ...split(
      [...PROVIDERS, ...OWN_PROVIDERS],
      ({ measure }) => measure !== undefined,
      ({ title }) => title,
    ),
  },
  { part: "`workloadRef` to a", works: WORKLOAD_KINDS },
  {
    part: "kinds",
    works: kinds,
  },
  {
    part: "moving",
    works: [
      "from Argo Rollouts, and back, in the middle of updates",
      "Deployments in files (`sluice convert`)",
      "Deployments in a cluster (`--migrate-deployments`)",
    ],
  },
  { part: "notifications", works: SERVICES.map(({ type }) => type) },
  {
    part: "tools",
    works: ["a dashboard", "`kubectl argo rollouts`", "Argo CD's health checks and actions", "Flux and Helm (opt-in)"],
  },
];

const cell = (items: readonly string[] = []): string => items.join(", ");

const HELD = SUPPORT.some(({ held = [] }) => held.length > 0) ? ["accepted, then held"] : [];

export const supportTable: string = table(
  ["", "works", ...HELD],
  SUPPORT.map(({ part, works, held }) => [part, cell(works), ...HELD.map(() => cell(held))]),
);

const groups = Map.groupBy(
  COMMANDS.filter(({ isHidden }) => !isHidden),
  ({ group }) => group.replace(/:$/, ""),
);

/** The commands by what they need. */
export const commandTable: string = table(
  ["", "commands"],
  [...groups].map(([group, rows]) => [
    group,
    rows.map(({ name }) => `[\`${name}\`](docs/cli.md#sluice-${name})`).join(", "),
  ]),
);

/**
 * README.md with its tables as they are now: of what works, and of the commands.
 * @throws {Error} when it has no place for one
 */
export function readme(): string {
  const text = readFileSync(join(import.meta.dir, "../README.md"), "utf8");
  return between("commands", commandTable, between("support", supportTable, text));
}

/** @param name of the place: the table stands between two comments with it */
function between(name: string, made: string, text: string): string {
  const begin = `<!-- ${name}: made by \`bun run generate\` -->\n`;
  const [from, to] = [text.indexOf(begin), text.indexOf(`<!-- /${name} -->\n`)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${begin.trim()} … <!-- /${name} --> for the table`);
  return `${text.slice(0, from + begin.length)}\n${made}\n${text.slice(to)}`;
}
