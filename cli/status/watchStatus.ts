/** Follows Rollouts until they are Healthy or Degraded (docs/cli/verbs.md#status). */
import { InvalidArgumentError, Option } from "commander";
import type { ShownPhase } from "../../controller/view/phase.ts";
import { shownPhaseWith } from "../../controller/view/workloadPhase.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import { pause } from "../../kube/clock/sleep.ts";
import { goDurationMs, goDurationProblem } from "../../kube/object/goDuration.ts";
import type { KubeObject } from "../../kube/runtime/watch.ts";
import { DEPLOYMENTS } from "../../kube/client/resources.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { type Cluster, pathIn, watchOne } from "../../controller/acting/cluster.ts";
import { failureText, Refused } from "../../controller/acting/failure.ts";
import { ROLLOUT } from "../../controller/acting/targets.ts";
import { endOfWatch } from "../endOfWatch.ts";
import { asCalled } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { isFinal, onceLine, problemOf, progressLine, watchedLine } from "./lines.ts";

/** How often a person who waits is told how far it is. */
const PROGRESS_MS = 30_000;
/** A watch that fails so often in a row is given up. */
const MOST_FAILURES = 6;

/** Becomes ms; 0: for ever. @throws {InvalidArgumentError} */
export const timeoutFlag = (help: string): Option =>
  new Option("-t, --timeout <duration>", help).argParser((text) => {
    const problem = goDurationProblem(text);
    if (problem !== undefined) throw new InvalidArgumentError(`${problem}: write it as 60s, 5m or 1h`);
    return goDurationMs(text) ?? 0;
  });

interface Seen {
  readonly rollout: Rollout;
  /** Of its workload, where it has one. */
  readonly generation: number | undefined;
  readonly shown: ShownPhase;
}

/**
 * @throws {ApiError}
 * @throws {Refused} when there is none of the name
 */
async function readSeen(cluster: Cluster, name: string): Promise<Seen> {
  const rollout = await readRollout(cluster, name);
  const workload = workloadOf(rollout);
  const found =
    workload === undefined
      ? undefined
      : await readIfThere<Generation>(cluster.client, pathIn(cluster, DEPLOYMENTS, workload));
  const generation = found?.metadata.generation;
  return { rollout, generation, shown: shownPhaseWith(rollout, generation) };
}

async function readRollout(cluster: Cluster, name: string): Promise<Rollout> {
  const path = pathIn(cluster, ROLLOUT.resource, name);
  try {
    return await cluster.client.request<Rollout>({ method: "GET", path, signal: cluster.signal });
  } catch (error) {
    // The plugin finds that in its cache, whose words are others than the API server's.
    if (error instanceof ApiError && error.status === 404 && error.details?.name === name)
      throw new Refused(`rollout.argoproj.io "${name}" not found`, { cause: error });
    throw error;
  }
}

type Generation = KubeObject & { readonly metadata: { readonly generation?: number } };

/** Only Deployments are looked at: the other kinds do not count generations, or are not changed. */
const workloadOf = ({ spec: { workloadRef } }: Rollout): string | undefined =>
  workloadRef?.kind === "Deployment" ? workloadRef.name : undefined;

/** Of several, each line says of whom it is. */
const labelled = (names: readonly string[], name: string, text: string): string =>
  names.length > 1 ? `rollout '${name}': ${text}` : text;

/** Prints each once. @returns the exit code: 1 when one is Degraded */
export async function printOnce(cluster: Cluster, names: readonly string[], { out, err }: CliPorts): Promise<number> {
  let code = 0;
  for (const name of names) {
    const { shown } = await readSeen(cluster, name);
    await out(`${labelled(names, name, onceLine(shown))}\n`);
    const problem = problemOf(shown, false);
    if (problem === undefined) continue;
    err(`Error: ${labelled(names, name, problem)}`);
    code = 1;
  }
  return code;
}

/**
 * Prints each change, until all of them are Healthy or Degraded.
 * @param timeoutMs 0: for ever
 * @returns the exit code: 0 all are Healthy
 */
export async function watchAll(
  cluster: Cluster,
  names: readonly string[],
  timeoutMs: number,
  ports: CliPorts,
): Promise<number> {
  const late = new AbortController();
  const stopped = endOfWatch({ signal: cluster.signal, unread: ports.unread });
  const signal = AbortSignal.any([stopped, late.signal]);
  const cancel = timeoutMs > 0 ? ports.clock.after(timeoutMs, () => late.abort()) : () => {};
  const ended = await Promise.all(names.map((name) => watchToEnd({ ...cluster, signal }, stopped, name, names, ports)));
  cancel();
  let code = 0;
  for (const [index, problem] of ended.entries()) {
    if (problem === undefined) continue;
    ports.err(`Error: ${labelled(names, names[index] ?? "", problem)}`);
    code = 1;
  }
  return code;
}

/**
 * @param stopped without the time limit: however short that is, what is so now is printed
 * @returns why it is not Healthy, if it is not
 */
async function watchToEnd(
  cluster: Cluster,
  stopped: AbortSignal,
  name: string,
  names: readonly string[],
  ports: CliPorts,
): Promise<string | undefined> {
  const own = new AbortController();
  const end = (): void => own.abort();
  const signal = AbortSignal.any([cluster.signal, own.signal]);
  try {
    const first = await readSeen({ ...cluster, signal: stopped }, name);
    return await followed({ ...cluster, signal }, first, end, (text) => labelled(names, name, text), ports);
  } catch (error) {
    return failureText(error);
  } finally {
    end();
  }
}

async function followed(
  cluster: Cluster,
  first: Seen,
  end: () => void,
  label: (text: string) => string,
  ports: CliPorts,
): Promise<string | undefined> {
  const { name } = first.rollout.metadata;
  let last = first;
  let { generation } = first;
  let problem: string | undefined;
  let printedText = "";
  let written = Promise.resolve();
  const take = (rollout: Rollout): void => {
    last = { rollout, generation, shown: shownPhaseWith(rollout, generation) };
    const text = watchedLine(last.shown);
    if (text !== printedText) written = written.then(() => ports.out(`${label(text)}\n`));
    printedText = text;
    if (isFinal(last.shown)) end();
  };
  const give = (why: string): void => {
    problem = why;
    end();
  };
  const failed = (error: unknown, failures: number): void => {
    if (failures >= MOST_FAILURES || isForbidden(error)) give(failureText(error));
  };
  const workload = workloadOf(first.rollout);
  if (workload !== undefined) {
    const seen = ({ metadata }: Generation): void => {
      generation = metadata.generation;
      take(last.rollout);
    };
    const gone = (): void => void (generation = undefined);
    // Whoever may not read it is shown the phase that the controller wrote.
    watchOne<Generation>(cluster, [DEPLOYMENTS, workload], { seen, gone, failed: () => {} }, cluster.signal);
  }
  take(first.rollout);
  const gone = (): void => give(`rollouts.argoproj.io "${name}" was deleted`);
  if (!cluster.signal.aborted)
    watchOne<Rollout>(cluster, [ROLLOUT.resource, name], { seen: take, gone, failed }, cluster.signal);
  await telling(cluster, ports, (waitedMs) => label(progressLine(last.rollout, last.shown, waitedMs)));
  await written;
  return problem ?? problemOf(last.shown, true);
}

const isForbidden = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 403 || error.status === 401);

/** Until the end, tells a person at a terminal how far it is. */
async function telling(
  { signal, clock }: Cluster,
  { columns, err, program }: CliPorts,
  line: (waitedMs: number) => string,
): Promise<void> {
  const since = clock.now();
  while (!signal.aborted) {
    await pause(clock, PROGRESS_MS, signal);
    if (!signal.aborted && columns !== undefined) err(asCalled(line(clock.now() - since), program));
  }
}
