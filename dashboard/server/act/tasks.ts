/** What the buttons of a page ask for: one row a verb. What is sent is decided by controller/rollout/verbs. */
import type { Task } from "../../../controller/acting/perform.ts";
import { ANALYSIS_RUN, EXPERIMENT, ROLLOUT } from "../../../controller/acting/targets.ts";
import { abort, retry } from "../../../controller/rollout/verbs/abort.ts";
import { pause, restart, resume } from "../../../controller/rollout/verbs/pause.ts";
import { promote, promoteFull } from "../../../controller/rollout/verbs/promote.ts";
import { retryExperiment, terminate } from "../../../controller/rollout/verbs/runs.ts";
import { setImage } from "../../../controller/rollout/verbs/setImage.ts";
import { undo } from "../../../controller/rollout/verbs/undo.ts";
import { canBeName } from "../../../kube/client/path.ts";
import { isObject } from "../../../kube/object/json.ts";
import type { Act, Verb } from "../../model.ts";
import { isVerb } from "../auth/rights.ts";
import { Failed } from "../failures/failure.ts";

interface Row {
  readonly task: (act: Act, now: number) => Omit<Task, "name">;
  /** The same on the command line. */
  readonly command: (act: Act) => string;
  /** What is said when it is done: completes `Rollout "web" …`. */
  readonly done: (act: Act) => string;
}

const on = (kind: Task["kind"], reads: Task["reads"], word: string, verb: Task["verb"]): Omit<Task, "name"> => ({
  kind,
  reads,
  word,
  verb,
});

const revisionOf = ({ revision = 0 }: Act): number => revision;

const ROWS: Readonly<Record<Verb, Row>> = {
  promote: {
    task: () => on(ROLLOUT, "rollout", "promote", ({ rollout }) => promote(rollout)),
    command: ({ name }) => `promote ${name}`,
    done: () => "was promoted",
  },
  "promote-full": {
    task: () => on(ROLLOUT, "rollout", "promote", ({ rollout }) => promoteFull(rollout)),
    command: ({ name }) => `promote ${name} --full`,
    done: () => "was promoted to its end",
  },
  abort: {
    task: () => on(ROLLOUT, "rollout", "abort", abort),
    command: ({ name }) => `abort ${name}`,
    done: () => "was aborted",
  },
  retry: {
    task: () => on(ROLLOUT, "rollout", "retry", retry),
    command: ({ name }) => `retry rollout ${name}`,
    done: () => "is tried again",
  },
  restart: {
    task: (_, now) => on(ROLLOUT, "rollout", "restart", () => restart(now)),
    command: ({ name }) => `restart ${name}`,
    done: () => "restarts",
  },
  pause: {
    task: () => on(ROLLOUT, "rollout", "pause", pause),
    command: ({ name }) => `pause ${name}`,
    done: () => "is paused",
  },
  resume: {
    task: () => on(ROLLOUT, "rollout", "resume", resume),
    command: ({ name }) => `resume ${name}`,
    done: () => "was resumed",
  },
  undo: {
    task: (act) =>
      on(ROLLOUT, "history", "undo", ({ rollout, replicaSets }) => undo(rollout, replicaSets, revisionOf(act))),
    command: (act) => `undo ${act.name}${revisionOf(act) === 0 ? "" : ` --to-revision=${revisionOf(act)}`}`,
    done: (act) => `goes back to ${revisionOf(act) === 0 ? "the revision before" : `revision ${revisionOf(act)}`}`,
  },
  "set-image": {
    task: ({ container = "*", image = "" }) =>
      on(ROLLOUT, "template", "set image", ({ rollout }) => setImage(rollout, container, image)),
    command: ({ name, container = "*", image = "" }) => `set image ${name} '${container}=${image}'`,
    done: ({ image = "" }) => `gets the image ${image}`,
  },
  "terminate-run": {
    task: () => on(ANALYSIS_RUN, "nothing", "terminate", terminate),
    command: ({ name }) => `terminate analysisrun ${name}`,
    done: () => "ends",
  },
  "terminate-experiment": {
    task: () => on(EXPERIMENT, "nothing", "terminate", terminate),
    command: ({ name }) => `terminate experiment ${name}`,
    done: () => "ends",
  },
  "retry-experiment": {
    task: () => on(EXPERIMENT, "nothing", "retry", retryExperiment),
    command: ({ name }) => `retry experiment ${name}`,
    done: () => "begins again",
  },
};

export const taskOf = (act: Act, now: number): Task => ({ ...ROWS[act.verb].task(act, now), name: act.name });
export const commandOf = (act: Act): string => `sluice ${ROWS[act.verb].command(act)} -n ${act.namespace}`;

export const doneText = (act: Act): string => {
  const { kind } = ROWS[act.verb].task(act, 0);
  const word = kind === ROLLOUT ? "Rollout" : kind === EXPERIMENT ? "Experiment" : "AnalysisRun";
  return `${word} "${act.name}" ${ROWS[act.verb].done(act)}.`;
};

/** As registries allow them, a digest included. */
const IMAGE = /^[\w][\w.\-/:@+]{0,511}$/;

/** @throws {Failed} naming the member that is wrong */
export function actOf(body: unknown): Act {
  const wrong = (what: string): never => {
    throw new Failed("invalid", `Cannot do this: ${what}`);
  };
  if (!isObject(body)) return wrong("the body is to be a JSON object with verb, namespace and name");
  const { verb, namespace, name, revision, container, image } = body;
  if (typeof verb !== "string" || !isVerb(verb)) return wrong("verb is none that the dashboard knows");
  if (typeof namespace !== "string" || !canBeName(namespace)) return wrong("namespace is not a name");
  if (typeof name !== "string" || !canBeName(name)) return wrong("name is not a name");
  if (revision !== undefined && !(typeof revision === "number" && Number.isSafeInteger(revision) && revision >= 0))
    return wrong("revision is not a number such as 3");
  if (container !== undefined && typeof container !== "string") return wrong("container is not a text");
  if (verb === "set-image" && !(typeof image === "string" && IMAGE.test(image)))
    return wrong("image is not the name of an image, such as registry.example.com/web:2");
  return {
    verb,
    namespace,
    name,
    ...(typeof revision === "number" && { revision }),
    ...(typeof container === "string" && container !== "" && { container }),
    ...(typeof image === "string" && { image }),
  };
}
