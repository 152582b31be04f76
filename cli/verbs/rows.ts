/** The commands that change something: one row each. What they send is decided by controller/rollout/verbs. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { abort, retry } from "../../controller/rollout/verbs/abort.ts";
import { pause, restart, resume } from "../../controller/rollout/verbs/pause.ts";
import { promote, promoteFull, skipAllSteps, skipStep } from "../../controller/rollout/verbs/promote.ts";
import { retryExperiment, terminate } from "../../controller/rollout/verbs/runs.ts";
import { setImage } from "../../controller/rollout/verbs/setImage.ts";
import { undo } from "../../controller/rollout/verbs/undo.ts";
import type { VerbOutcome, VerbPatch } from "../../controller/rollout/verbs/verb.ts";
import { goDurationMs, goDurationProblem } from "../../kube/object/goDuration.ts";
import type { Json } from "../../kube/object/json.ts";
import { booleanFlag } from "../flagValues.ts";
import { ANALYSIS_RUN, EXPERIMENT, ROLLOUT, type TargetKind } from "../../controller/acting/targets.ts";
import type { Reads, Scene } from "../../controller/acting/scene.ts";

export interface VerbRow {
  /** As it is typed: `promote`, `retry rollout`. */
  readonly command: string;
  readonly kind: TargetKind;
  /** What comes behind it, for usage lines. */
  readonly operands: string;
  readonly description: string;
  readonly examples: readonly (readonly [what: string, line: string])[];
  readonly reads: Reads;
  readonly flags?: readonly Option[];
  /** Whether it has `--wait`: the Rollout is to become Healthy by it. */
  readonly leadsToHealthy?: true;
  readonly asked: (command: Command, operands: readonly string[], now: number) => Asked;
}

export interface Asked {
  readonly names: readonly string[];
  /** Undefined: an operand is missing. */
  readonly verb: ((scene: Scene) => VerbOutcome) | undefined;
  /** What is printed when it is done, in the reference's words where it has some. */
  readonly said: (name: string, changed: { readonly object: Json; readonly to: VerbPatch["to"] }) => string;
  /** What is printed when nothing had to change; by default `said`. */
  readonly saidOfNothing?: (why: string) => string;
  /** For stderr, first. */
  readonly notes?: readonly string[];
  /** Why flags contradict each other. */
  readonly refusal?: string | undefined;
}

const quoted =
  (what: string) =>
  (kind: TargetKind) =>
  (name: string): string =>
    `${kind.word === "analysisrun" ? "analysisRun" : kind.word} '${name}' ${what}`;

/** A verb that has no flags and prints one sentence. */
const plain =
  (kind: TargetKind, verb: (scene: Scene) => VerbOutcome, what: string): VerbRow["asked"] =>
  (_, names) => ({ names, verb, said: quoted(what)(kind) });

/** A Go duration, or nothing. @throws {InvalidArgumentError} */
function durationFlag(text: string): string {
  const problem = text === "" ? undefined : goDurationProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`${problem}: write it as 30s, 5m or 1h`);
}

/** @throws {InvalidArgumentError} */
function revisionFlag(text: string): number {
  if (/^\+?\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("a revision is a number, such as 3; 0 is the one before the latest");
}

const DEPRECATED = [
  ["skip-current-step", "use without the flag instead ex: promote ROLLOUT_NAME"],
  ["skip-all-steps", "use --full instead"],
] as const;

const BOTH = "Cannot use skip-current-step and skip-all-steps flags at the same time";

interface PromoteFlags {
  readonly full?: boolean;
  readonly skipCurrentStep?: boolean;
  readonly skipAllSteps?: boolean;
}

const askedToPromote: VerbRow["asked"] = (command, names) => {
  const { full = false, skipCurrentStep = false, skipAllSteps: all = false } = command.opts<PromoteFlags>();
  const given = [skipCurrentStep, all];
  const notes = DEPRECATED.filter((_, index) => given[index]).map(
    ([flag, instead]) => `Flag --${flag} has been deprecated, ${instead}`,
  );
  const verb = skipCurrentStep ? skipStep : all ? skipAllSteps : full ? promoteFull : promote;
  const said = quoted(full ? "fully promoted" : "promoted")(ROLLOUT);
  const refusal = skipCurrentStep && all ? BOTH : undefined;
  return { names, verb: ({ rollout }) => verb(rollout), said, notes, refusal };
};

const askedToSetImage: VerbRow["asked"] = (_, operands) => {
  const names = operands.filter((operand) => !operand.includes("="));
  const images = operands.filter((operand) => operand.includes("=")).map((operand) => operand.split("="));
  const isWhole = images.length > 0 && images.every((parts) => parts.length === 2);
  return {
    names,
    verb: isWhole
      ? ({ rollout }) => allOf(images.map(([container = "", image = ""]) => setImage(rollout, container, image)))
      : undefined,
    said: (name, { to }) =>
      `${to === undefined ? "rollout" : to.kind.toLowerCase()} "${to?.name ?? name}" image updated`,
  };
};

/** Several changes of one template in one patch; the first that is impossible is the answer. */
function allOf(outcomes: readonly VerbOutcome[]): VerbOutcome {
  const no = outcomes.find(({ kind }) => kind !== "patches");
  if (no !== undefined) return no;
  const patches = outcomes.flatMap((outcome) => (outcome.kind === "patches" ? outcome.patches : []));
  const [first] = patches;
  if (first === undefined || first.contentType !== "application/json-patch+json") return { kind: "patches", patches };
  const body = patches.flatMap((patch) => (patch.contentType === "application/json-patch+json" ? patch.body : []));
  return { kind: "patches", patches: [{ ...first, body }] };
}

export const PROMOTE: VerbRow = {
  command: "promote",
  kind: ROLLOUT,
  operands: "ROLLOUT_NAME...",
  description:
    "Goes on with an update: ends a canary's or blue-green's pause, or skips the step that runs. With --full it skips analysis, pauses and steps up to the end.",
  examples: [
    ["A Rollout that waits:", "promote guestbook"],
    ["To its end, and wait for it:", "promote guestbook --full --wait --timeout 10m"],
  ],
  reads: "rollout",
  flags: [
    booleanFlag("--full", "skip analysis, pauses and steps"),
    booleanFlag("-c, --skip-current-step", "deprecated").hideHelp(),
    booleanFlag("-a, --skip-all-steps", "deprecated").hideHelp(),
  ],
  leadsToHealthy: true,
  asked: askedToPromote,
};

export const ABORT: VerbRow = {
  command: "abort",
  kind: ROLLOUT,
  operands: "ROLLOUT_NAME...",
  description:
    "Stops an update and goes back to the stable version. The spec still names the new one: undo, or a new image, ends the abort; retry tries it again.",
  examples: [
    ["One:", "abort guestbook"],
    ["All of a team, in an emergency:", "abort -l team=shop"],
  ],
  reads: "nothing",
  asked: plain(ROLLOUT, abort, "aborted"),
};

export const RETRY: readonly VerbRow[] = [
  {
    command: "retry rollout",
    kind: ROLLOUT,
    operands: "ROLLOUT_NAME...",
    description: "Begins an update again that was aborted.",
    examples: [["One:", "retry rollout guestbook"]],
    reads: "nothing",
    leadsToHealthy: true,
    asked: plain(ROLLOUT, retry, "retried"),
  },
  {
    command: "retry experiment",
    kind: EXPERIMENT,
    operands: "EXPERIMENT_NAME...",
    description: "Begins an Experiment again.",
    examples: [["One:", "retry experiment my-experiment"]],
    reads: "nothing",
    asked: plain(EXPERIMENT, retryExperiment, "retried"),
  },
];

export const PAUSE: VerbRow = {
  command: "pause",
  kind: ROLLOUT,
  operands: "ROLLOUT_NAME...",
  description: "Holds an update until resume or promote.",
  examples: [["One:", "pause guestbook"]],
  reads: "nothing",
  asked: plain(ROLLOUT, pause, "paused"),
};

export const RESUME: VerbRow = {
  command: "resume",
  kind: ROLLOUT,
  operands: "ROLLOUT_NAME...",
  description: "Ends what pause began, and no pause of a step: promote ends those, too.",
  examples: [["One:", "resume guestbook"]],
  reads: "nothing",
  leadsToHealthy: true,
  asked: plain(ROLLOUT, resume, "resumed"),
};

export const RESTART: VerbRow = {
  command: "restart",
  kind: ROLLOUT,
  operands: "ROLLOUT_NAME...",
  description: "Replaces the pods of a Rollout, a few at a time, now or later.",
  examples: [
    ["Now:", "restart guestbook"],
    ["In ten seconds:", "restart guestbook --in 10s"],
  ],
  reads: "nothing",
  flags: [
    new Option("-i, --in <duration>", "how long to wait before it, such as 30s, 5m or 1h").argParser(durationFlag),
  ],
  leadsToHealthy: true,
  asked(command, names, now) {
    const { in: text } = command.opts<{ in?: string }>();
    const after = text || "0s";
    const at = now + (goDurationMs(after) ?? 0);
    return { names, verb: () => restart(at), said: quoted(`restarts in ${after}`)(ROLLOUT) };
  },
};

export const SET: readonly VerbRow[] = [
  {
    command: "set image",
    kind: ROLLOUT,
    operands: "ROLLOUT_NAME CONTAINER=IMAGE...",
    description:
      "Sets the image of a container, which begins an update. It looks among init containers, containers and ephemeral containers; * are all. With workloadRef it is set in that workload.",
    examples: [
      ["One container:", "set image guestbook web=guestbook:v2"],
      ["All, and wait:", "set image guestbook '*=guestbook:v2' --wait"],
    ],
    reads: "template",
    leadsToHealthy: true,
    asked: askedToSetImage,
  },
];

export const UNDO: VerbRow = {
  command: "undo",
  kind: ROLLOUT,
  operands: "ROLLOUT_NAME...",
  description: "Goes back to the pod template of an earlier revision: by default the one before the latest.",
  examples: [
    ["To the revision before:", "undo guestbook"],
    ["To revision 3:", "undo guestbook --to-revision=3"],
  ],
  reads: "history",
  flags: [
    new Option("--to-revision <number>", "the revision; 0 is the one before the latest")
      .default(0)
      .argParser(revisionFlag),
  ],
  leadsToHealthy: true,
  asked(command, names) {
    const { toRevision } = command.opts<{ toRevision: number }>();
    return {
      names,
      verb: ({ rollout, replicaSets }) => undo(rollout, replicaSets, toRevision),
      said: quoted("undo")(ROLLOUT),
      saidOfNothing: (why) => why,
    };
  },
};

export const TERMINATE: readonly VerbRow[] = [
  {
    command: "terminate analysisrun",
    kind: ANALYSIS_RUN,
    operands: "ANALYSISRUN_NAME...",
    description: "Ends an AnalysisRun.",
    examples: [["One:", "terminate analysisrun guestbook-877894d5b-4-success-rate.1"]],
    reads: "nothing",
    asked: plain(ANALYSIS_RUN, terminate, "terminated"),
  },
  {
    command: "terminate experiment",
    kind: EXPERIMENT,
    operands: "EXPERIMENT_NAME...",
    description: "Ends an Experiment.",
    examples: [["One:", "terminate experiment my-experiment"]],
    reads: "nothing",
    asked: plain(EXPERIMENT, terminate, "terminated"),
  },
];
