/**
 * Compares the pods of the canary with the stable ones, without any metrics stack: restarts, readiness, kills for want of
 * memory, and a number scraped from the pods themselves (docs/behaviour/providers.md#pods). At most fifty pods of a
 * revision are looked at, and a few of these are scraped.
 */
import * as v from "valibot";
import { collectionPath } from "../../kube/client/path.ts";
import { PODS } from "../../kube/client/resources.ts";
import { failed, jsonReading, measuredBy, memberAt, noData, shortened } from "./conversation.ts";
import { kubeAnswer, kubeGet, listAt, queryOf } from "./kubeQuestions.ts";
import { amount, orEmpty, problemWith, revisionMembers } from "./ownSettings.ts";
import { type Health, healthOf, isReady, remaining } from "./podHealth.ts";
import { type Measured, measuredOf, SCRAPE, type Scraped, scraped, type Target, targetsOf } from "./podScrape.ts";
import type { Answer, Asking, MetricProviderRow, Next, Reading } from "./provider.ts";
import { type Revisions, revisionsIn, revisionsOf, selectorOf } from "./revisions.ts";

const SETTINGS = v.pipe(
  v.unknown(),
  v.transform(orEmpty),
  v.strictObject({
    ...revisionMembers,
    maxRestarts: v.optional(amount),
    settleSeconds: v.optional(amount),
    tolerance: v.optional(amount),
    allowed: v.optional(amount),
    scrape: v.optional(SCRAPE),
  }),
);
type Settings = v.InferOutput<typeof SETTINGS>;

/** Fifty pods of usual size have half of what an answer may have. */
const MOST_PODS = "50";
const SETTLE_SECONDS = 60;
const TOLERANCE = 0.2;

type State =
  | { readonly step: "rollout" }
  | { readonly step: "pods"; readonly stable: boolean }
  | { readonly step: "scrape"; readonly canary: Side; readonly stable: Side | undefined; readonly measured: Measured };

interface Side {
  readonly health: Health;
  readonly targets: readonly Target[];
}

function begin(settings: Settings, asking: Asking): Next {
  const found = revisionsOf(settings, asking, { step: "rollout" } satisfies State);
  return found.kind === "known" ? askPods(found.revisions, asking) : found;
}

function askPods({ canary, stable }: Revisions, { run }: Asking): Next {
  const hashes = stable === undefined ? [canary] : [canary, stable];
  const questions = hashes.map((hash) =>
    kubeGet(`${collectionPath(PODS, run.namespace)}${queryOf({ labelSelector: selectorOf(hash), limit: MOST_PODS })}`),
  );
  const state: State = { step: "pods", stable: stable !== undefined };
  return { kind: "ask", questions, state, toleratesFailures: true };
}

type PodList = { readonly pods: readonly unknown[] } | { readonly problem: string };

function podsIn(answer: Answer | undefined): PodList {
  const found = kubeAnswer(answer);
  return found.kind === "object"
    ? { pods: remaining(listAt(found.object, "items")) }
    : { problem: `pods cannot be listed: ${found.message}` };
}

function podsRead(settings: Settings, asking: Asking, answers: readonly Answer[], hasStable: boolean): Next {
  const canary = podsIn(answers[0]);
  const stable = hasStable ? podsIn(answers[1]) : undefined;
  if ("problem" in canary) return failed(canary.problem);
  if (stable !== undefined && "problem" in stable) return failed(stable.problem);
  if (canary.pods.length === 0) return noData("there is no pod of the canary");
  const health = (pods: readonly unknown[]): Health =>
    healthOf(pods, (settings.settleSeconds ?? SETTLE_SECONDS) * 1_000, asking.now);
  const sides = { canary: health(canary.pods), stable: stable && health(stable.pods) };
  const { scrape } = settings;
  if (scrape === undefined)
    return concluded(settings, { health: sides.canary }, sides.stable && { health: sides.stable });
  const measured = measuredOf(scrape);
  if ("problem" in measured) return failed(measured.problem);
  const targets = targetsOf(canary.pods.filter(isReady), scrape);
  const others = targetsOf(stable?.pods.filter(isReady) ?? [], scrape);
  if (targets === undefined || others === undefined)
    return failed("the pods have no port to scrape: write scrape.port, or name one of their ports metrics");
  const state: State = {
    step: "scrape",
    measured,
    canary: { health: sides.canary, targets },
    stable: sides.stable && { health: sides.stable, targets: others },
  };
  const questions = [...targets, ...others].map(({ question }) => question);
  return { kind: "ask", questions, state, toleratesFailures: true };
}

interface Seen {
  readonly health: Health;
  readonly scraped?: Scraped;
}

function scrapeRead(
  settings: Settings,
  answers: readonly Answer[],
  { canary, stable, measured }: Extract<State, { readonly step: "scrape" }>,
): Reading {
  const side = ({ health, targets }: Side, from: number): Seen => ({
    health,
    scraped: scraped(measured, targets, answers.slice(from, from + targets.length)),
  });
  return concluded(settings, side(canary, 0), stable && side(stable, canary.targets.length));
}

const few = (texts: readonly string[]): string =>
  `${texts.slice(0, 3).join(", ")}${texts.length > 3 ? ` and ${texts.length - 3} more` : ""}`;

/** What is wrong with the health of the canary. */
function complaints({ restarts, down, oomKills, late, restarted }: Health, maxRestarts: number): readonly string[] {
  return [
    ...(oomKills > 0 ? [`${oomKills} OOM kills: ${few(restarted)}`] : []),
    ...(oomKills === 0 && restarts + down > maxRestarts
      ? [`${restarts > 0 ? `${restarts} restarts` : `${down} containers are down`}: ${few(restarted)}`]
      : []),
    ...(late.length > 0 ? [`${late.length} pods are not ready: ${few(late)}`] : []),
  ];
}

/** Undefined: one of them is not known. */
function ratioOf(canary: number | undefined, stable: number | undefined): number | undefined {
  if (canary === undefined || stable === undefined) return undefined;
  return canary === stable ? 1 : canary / stable;
}

function concluded(settings: Settings, canary: Seen, stable: Seen | undefined): Reading {
  const sick = complaints(canary.health, settings.maxRestarts ?? 0);
  const [ours, theirs] = [canary.scraped?.value, stable?.scraped?.value];
  const problems = [...(canary.scraped?.problems ?? []), ...(stable?.scraped?.problems ?? [])];
  const notScraped = problems.length === 0 ? "" : shortened(`not scraped: ${few(problems)}`, 1_000);
  if (canary.scraped !== undefined && ours === undefined && sick.length === 0)
    return noData(`the canary's pages hold no such number${notScraped === "" ? "" : `; ${notScraped}`}`);
  const bound = boundOf(settings, theirs);
  const isWorse = ours !== undefined && bound !== undefined && ours > bound;
  const worse = isWorse ? [`canary ${shown(ours)} > ${shown(bound)} (stable ${shown(theirs)})`] : [];
  const value = {
    ok: sick.length + worse.length === 0,
    canary: resultOf(canary),
    stable: stable === undefined ? null : resultOf(stable),
    ratio: ratioOf(ours, theirs) ?? null,
    difference: ours === undefined || theirs === undefined ? null : ours - theirs,
  };
  const message = [...sick, ...worse, ...(notScraped === "" ? [] : [notScraped])].join("; ");
  const reading = jsonReading(value, "pods");
  if (reading.kind !== "value") return reading;
  const samples = canary.scraped?.samples ?? canary.health.pods;
  return { ...reading, samples, ...(message === "" ? {} : { message }) };
}

/** Undefined: nothing to compare with, and nothing said. */
function boundOf({ tolerance = TOLERANCE, allowed }: Settings, stable: number | undefined): number | undefined {
  if (stable === undefined) return allowed;
  return Math.max(stable * (1 + tolerance), allowed ?? 0);
}

const shown = (value: number | undefined): string =>
  value === undefined ? "not known" : String(Number(value.toPrecision(4)));

const resultOf = ({ health: { pods, ready, restarts, down, oomKills }, scraped: page }: Seen): object => ({
  pods,
  ready,
  restarts,
  down,
  oomKills,
  ...(page === undefined ? {} : { value: page.value ?? null, samples: page.samples }),
});

function read(settings: Settings, asking: Asking, answers: readonly Answer[], state: State): Next {
  switch (state.step) {
    case "rollout": {
      const found = revisionsIn(settings, asking, answers[0]);
      return found.kind === "known" ? askPods(found.revisions, asking) : found;
    }
    case "pods":
      return podsRead(settings, asking, answers, state.stable);
    case "scrape":
      return scrapeRead(settings, answers, state);
    default:
      return state satisfies never;
  }
}

export const pods: MetricProviderRow<"sluice.dev/pods"> = {
  kind: "sluice.dev/pods",
  title: "pods",
  conditions: { kind: "checked", results: ["map"] },
  reaches: ["pods"],
  usualCondition: "result.ok",
  settingsProblem: (settings) => {
    const problem = problemWith(SETTINGS, settings);
    if (problem !== undefined) return problem;
    const scrape = memberAt(settings, "scrape");
    const given = ["ratio", "quantile", "average"].filter((member) => memberAt(scrape, member) !== undefined);
    return scrape === undefined || given.length === 1 ? undefined : "scrape needs one of ratio, quantile and average";
  },
  measure: measuredBy("pods", SETTINGS, {
    begin,
    read: (settings, asking, answers, state) => read(settings, asking, answers, state as State),
  }),
};
