/** A plan as people read it, within 80 columns; what is to be copied stays in one line. */
import { inWords } from "../../kube/object/inWords.ts";
import { HELP_WIDTH } from "../../controller/process/helpLayout.ts";
import type { Follower } from "../../controller/migration/plan/followers.ts";
import type { Obstacle } from "../../controller/migration/plan/obstacles.ts";
import { type DeploymentPlan, type ExtraPods, isRefused, type ModePlan } from "../../controller/migration/plan/plan.ts";

type Candidate = DeploymentPlan & { readonly kind: "candidate" };

const LABEL = 12;

/** Ends with a line break; "" for nothing. */
export function planText(plans: readonly DeploymentPlan[]): string {
  const candidates = plans.filter((plan) => plan.kind === "candidate");
  const parts = [...candidates.map(candidateText), ...others(plans), summary(plans.length, candidates)];
  return `${parts.join("\n\n")}\n`;
}

function candidateText(plan: Candidate): string {
  const { modes, followers, appliers } = plan;
  return [
    ...wrapped(`Deployment "${plan.namespace}/${plan.name}": ${pods(plan.replicas)}, ${optedIn(plan)}`, ""),
    ...row("profile", profileOf(plan)),
    ...modes.flatMap((mode) => row(mode.mode, modeText(mode))),
    ...obstacleRows(modes),
    ...changing(followers),
    ...goingOn(followers),
    ...appliers.flatMap(({ name, advice, lines }) => {
      const asked = modes.map(({ mode }) => (modes.length > 1 ? `${mode}: ${advice[mode]}` : advice[mode]));
      const shown = modes.some(({ mode }) => mode === "reference") ? lines : [];
      return [
        ...row("applied by", `${name}. ${asked.map(sentence).join(" ")}`),
        ...shown.map((line) => indented(line)),
      ];
    }),
  ].join("\n");
}

const pods = (count: number): string => (count === 1 ? "1 pod" : `${count} pods`);
const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? "" : "."}`;

function optedIn({ optIn }: Candidate): string {
  switch (optIn.kind) {
    case "in":
      return `opted in for ${optIn.mode}`;
    case "not":
    case "out":
      return "not opted in";
    case "wrong":
      return "opted in with a value that is none";
    default:
      return optIn satisfies never;
  }
}

function profileOf({ profile }: Candidate): string {
  switch (profile?.kind) {
    case undefined:
      return "not known: ConfigMaps could not be read";
    case "found":
      return `${profile.profile.name}, ${profile.from === "" ? "which is built in" : `of ${profile.from}`}`;
    case "missing":
      return `${inWords(profile.name)}, which there is not`;
    case "invalid":
      return `${profile.name}, of ${profile.from}, which is wrong`;
    default:
      return profile satisfies never;
  }
}

function modeText({ extra, updatePods }: ModePlan): string {
  const later = updatePods === 0 ? "" : ` Later updates have up to ${pods(updatePods)} more.`;
  return extra === undefined ? `No pod more than now, and no pod restarts.${later}` : `${extraText(extra)}${later}`;
}

function extraText({ pods: count, seenSeconds, minReadySeconds, mostSeconds, graceSeconds }: ExtraPods): string {
  const settling = minReadySeconds === 0 ? "" : `, ${minReadySeconds} s of them minReadySeconds`;
  const seen =
    seenSeconds === undefined
      ? "none of its pods shows how long that takes"
      : `about ${seenSeconds} s, as its pods show${settling}`;
  return (
    `${pods(count)} more (${2 * count} in all) until the Rollout's are available: ${seen}; at most ${mostSeconds} s ` +
    `(progressDeadlineSeconds). Then those of the Deployment end, within ${graceSeconds} s each.`
  );
}

function obstacleRows(modes: readonly ModePlan[]): readonly string[] {
  const byText = new Map<string, { readonly obstacle: Obstacle; readonly modes: string[] }>();
  for (const { mode, obstacles } of modes)
    for (const obstacle of obstacles) {
      const held = byText.get(obstacle.text);
      if (held === undefined) byText.set(obstacle.text, { obstacle, modes: [mode] });
      else held.modes.push(mode);
    }
  return [...byText.values()].flatMap(({ obstacle: { text, passing }, modes: held }) => {
    const where = held.length === modes.length ? "" : `in mode ${held.join()}: `;
    return row("in the way", `${sentence(`${where}${text}`)}${passing ? " (This may pass by itself.)" : ""}`);
  });
}

function changing(followers: readonly Follower[]): readonly string[] {
  const labels = { rewritten: "rewritten", change: "to change", check: "to change", "goes-on": "" } as const;
  return followers
    .filter(({ kind }) => kind !== "goes-on")
    .flatMap(({ object, kind, text, line }) => [
      ...row(labels[kind], `${object}: ${text}.${line === undefined ? "" : " Write"}`),
      ...(line === undefined ? [] : [indented(line)]),
    ]);
}

function goingOn(followers: readonly Follower[]): readonly string[] {
  const names = followers.filter(({ kind }) => kind === "goes-on").map(({ object }) => object);
  return names.length === 0 ? [] : row("goes on", names.join(", "));
}

function others(plans: readonly DeploymentPlan[]): readonly string[] {
  const migrated = plans.flatMap((plan) =>
    plan.kind === "migrated"
      ? wrapped(`Deployment "${plan.namespace}/${plan.name}": ${plan.rollout} drives it already`, "")
      : [],
  );
  const left = Map.groupBy(
    plans.filter((plan) => plan.kind === "left alone"),
    ({ why }) => why,
  );
  const lines = [...left].flatMap(([why, all]) => {
    const names = all.map(({ namespace, name }) => `"${namespace}/${name}"`);
    return wrapped(`${names.length === 1 ? "Deployment" : "Deployments"} ${names.join(", ")}: ${why}`, "");
  });
  return [migrated, lines].filter((part) => part.length > 0).map((part) => part.join("\n"));
}

function summary(all: number, candidates: readonly Candidate[]): string {
  const refused = candidates.filter(isRefused).length;
  const counts = [
    `${candidates.length - refused} can be migrated now`,
    ...(refused === 0 ? [] : [`${refused} cannot`]),
    ...(all === candidates.length ? [] : [`${all - candidates.length} not to be`]),
  ];
  return `${all === 1 ? "1 Deployment" : `${all} Deployments`}: ${counts.join(", ")}.`;
}

const row = (label: string, text: string): readonly string[] =>
  wrapped(text, "  ".padEnd(LABEL + 2)).map((line, n) =>
    n === 0 ? `  ${label.padEnd(LABEL)}${line.slice(LABEL + 2)}` : line,
  );

const indented = (line: string): string => `${" ".repeat(LABEL + 4)}${line}`;

/** Breaks lines between words, but not before the unit of a number; a longer word stays whole. */
function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/ (?!s[ ,;.])/)) {
    const isFirst = line.trim() === "" && line.length === indent.length;
    if (!isFirst && line.length + 1 + word.length > HELP_WIDTH) {
      lines.push(line);
      line = `${indent === "" ? "  " : indent}${word}`;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line];
}
