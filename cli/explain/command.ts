/** `sluice explain`: why a Rollout does not move, what an Experiment waits for, and what an AnalysisRun has found (docs/cli/explain.md). */
import { dueOf, explain, explainLeaving, type Explanation } from "../../controller/rollout/explain/explain.ts";
import { explainExperiment } from "../../controller/experiment/explain/explainExperiment.ts";
import { explainRun } from "../../controller/rollout/explain/explainRun.ts";
import { nameSelector } from "../../kube/client/path.ts";
import { pause } from "../../kube/clock/sleep.ts";
import { equal } from "../../kube/object/equality.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { reported } from "../get/reported.ts";
import { runOf } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { commandOf, type ExplainOptions, optionsOf } from "./options.ts";
import { type Known, readExperiments, readRollouts, readRuns, type Scope } from "./readCluster.ts";
import { explanationText } from "./text.ts";

/** What is due for longer than this is not being done. */
const LATE_MS = 2_000;

/** @returns the exit code: 0 explained; 1 not found, not readable, or not understood */
export const run = runOf(commandOf, optionsOf, (options, ports: CliPorts) =>
  reported(ports, () => explained(options, ports)),
);

async function explained(options: ExplainOptions, ports: CliPorts): Promise<number> {
  const { client, namespace } = await ports.connect(options.connect);
  const { names, selector, allNamespaces } = options;
  const [only, ...others] = names;
  const scope: Scope = {
    client,
    clock: ports.clock,
    namespace: allNamespaces ? undefined : namespace,
    query: {
      ...(only === undefined || others.length > 0 ? {} : { fieldSelector: nameSelector(only) }),
      ...(selector === undefined ? {} : { labelSelector: selector }),
    },
  };
  const all = await explanations(options.kind, scope, ports);
  const wanted = names.length === 0 ? all.filter(isStill) : names.flatMap((name) => all.filter(isNamed(name)));
  await print(wanted, options, ports);
  if (names.length === 0 && wanted.length === 0)
    ports.err(all.length === 0 ? "No resources found." : `All are done or moving (${all.length}).`);
  const missing = names.filter((name) => !all.some(isNamed(name)));
  for (const name of missing)
    ports.err(`Error: ${options.kind}s.argoproj.io "${name}" not found in namespace "${namespace}"`);
  return missing.length > 0 ? 1 : 0;
}

const isNamed =
  (name: string) =>
  (each: Explanation): boolean =>
    each.name === name;

const isStill = ({ standing }: Explanation): boolean => standing === "waiting" || standing === "stopped";

/** Of all objects of the scope. */
async function explanations(
  kind: ExplainOptions["kind"],
  scope: Scope,
  ports: CliPorts,
): Promise<readonly Explanation[]> {
  const now = (): number => ports.clock.now();
  switch (kind) {
    case "rollout": {
      const known = await settled(scope, ports);
      return known.map((each) =>
        each.kind === "leaving" ? explainLeaving(each.rollout, now()) : explain(each.evidence),
      );
    }
    case "experiment":
      return (await readExperiments(scope)).map(explainExperiment);
    case "analysisrun": {
      const runs = await readRuns(scope);
      return runs.map(({ namespace, run }) => explainRun(run, namespace, now()));
    }
    default:
      return kind satisfies never;
  }
}

const rolloutOf = (each: Known) => (each.kind === "known" ? each.evidence.snapshot.rollout : each.rollout);

/** A controller that is at work does within a moment what is due: what is due for longer is looked at twice. */
async function settled(scope: Scope, { clock, signal }: CliPorts): Promise<readonly Known[]> {
  const first = await readRollouts(scope);
  const due = new Map(first.map((each) => [keyOf(rolloutOf(each)), dueIn(each)]));
  if ([...due.values()].every((what) => what.length === 0)) return first;
  await pause(clock, LATE_MS, signal);
  const second = await readRollouts(scope);
  return second.map((each) => {
    const before = due.get(keyOf(rolloutOf(each))) ?? [];
    const isLate = before.length > 0 && equal(before, dueIn(each));
    return each.kind === "known" && isLate ? { kind: "known", evidence: { ...each.evidence, isLate } } : each;
  });
}

const dueIn = (each: Known): readonly string[] => (each.kind === "known" ? dueOf(each.evidence) : []);

async function print(
  shown: readonly Explanation[],
  { kind, names, output }: ExplainOptions,
  ports: CliPorts,
): Promise<void> {
  if (output === undefined) {
    if (shown.length > 0) await ports.out(shown.map((each) => explanationText(each, ports.program)).join("\n"));
    return;
  }
  const { printedJson, printedYaml } = await import("../get/printed.ts");
  const [first] = shown;
  const document = names.length === 1 && first !== undefined ? first : { [`${kind}s`]: shown };
  await ports.out((output === "json" ? printedJson : printedYaml)(document));
}
