/** All commands of the program: one row each, which loads only what that command needs. */
import { becomeLean } from "../controller/process/lean.ts";
import packageJson from "../package.json" with { type: "json" };
import { DESCRIBE } from "./describe.ts";
import type { CliPorts } from "./ports.ts";
import { programName } from "./programName.ts";

/** @returns the exit code. Arguments are those behind the command's name. */
export type RunCommand = (args: readonly string[], ports: CliPorts) => Promise<number>;

export interface CommandRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** The heading of the help under which it stands; rows of a group stand together. */
  readonly group: string;
  /** What it does, beginning with a verb in small letters. */
  readonly summary: string;
  readonly load: () => Promise<RunCommand>;
  /** For programs, not for people: it is not listed. */
  readonly isHidden?: true;
}

const IN_A_CLUSTER = "In a cluster:";
const WITHOUT_A_CLUSTER = "Without a cluster:";
const ROLLOUTS = "Look at Rollouts, and act on them:";
const FILES = "With your files:";
const OTHER = "Other:";

/** How to start the program again, which from the sources is not how usage lines call it. */
const startedAs = (): string => programName(process, packageJson.packageManager);

export const COMMANDS: readonly CommandRow[] = [
  {
    name: "controller",
    group: IN_A_CLUSTER,
    summary: "drive Rollouts, and serve the admission webhook where asked to",
    load: async () => async (args, ports) => {
      // Before its modules are loaded: the process may start again in its own place.
      if (!isQuestion(args)) becomeLean();
      const { runController } = await import("./controller/command.ts");
      return runController(args, ports);
    },
  },
  {
    name: "doctor",
    group: IN_A_CLUSTER,
    summary: "examine a cluster, and say what is wrong and what mends it",
    load: async () => (await import("./doctor/command.ts")).run,
  },
  {
    name: "get",
    group: ROLLOUTS,
    summary: "show a Rollout or an Experiment with all that it owns",
    load: async () => (await import("./get/command.ts")).run,
  },
  {
    name: "list",
    group: ROLLOUTS,
    summary: "list Rollouts or Experiments, a line each",
    load: async () => (await import("./list/command.ts")).run,
  },
  {
    name: "status",
    group: ROLLOUTS,
    summary: "wait for a Rollout, and say how it stands",
    load: async () => (await import("./status/command.ts")).run,
  },
  {
    name: "explain",
    group: ROLLOUTS,
    summary: "say why a Rollout does not move, and what would let it go on",
    load: async () => (await import("./explain/command.ts")).run,
  },
  {
    name: "dashboard",
    group: ROLLOUTS,
    summary: "serve a page that shows Rollouts live, to you or to all of a cluster",
    load: async () => (await import("./dashboard/command.ts")).run,
  },
  {
    name: "promote",
    group: ROLLOUTS,
    summary: "let a paused update go on, or to its end",
    load: async () => (await import("./verbs/command.ts")).runPromote,
  },
  {
    name: "abort",
    group: ROLLOUTS,
    summary: "turn an update back",
    load: async () => (await import("./verbs/command.ts")).runAbort,
  },
  {
    name: "retry",
    group: ROLLOUTS,
    summary: "try an aborted update or an Experiment again",
    load: async () => (await import("./verbs/command.ts")).runRetry,
  },
  {
    name: "undo",
    group: ROLLOUTS,
    summary: "go back to an earlier revision",
    load: async () => (await import("./verbs/command.ts")).runUndo,
  },
  {
    name: "set",
    group: ROLLOUTS,
    summary: "change the images of a Rollout",
    load: async () => (await import("./verbs/command.ts")).runSet,
  },
  {
    name: "restart",
    group: ROLLOUTS,
    summary: "replace the pods of a Rollout one after another",
    load: async () => (await import("./verbs/command.ts")).runRestart,
  },
  {
    name: "pause",
    group: ROLLOUTS,
    summary: "hold a Rollout where it is",
    load: async () => (await import("./verbs/command.ts")).runPause,
  },
  {
    name: "resume",
    group: ROLLOUTS,
    summary: "let a Rollout that you paused go on",
    load: async () => (await import("./verbs/command.ts")).runResume,
  },
  {
    name: "terminate",
    group: ROLLOUTS,
    summary: "end an AnalysisRun or an Experiment",
    load: async () => (await import("./verbs/command.ts")).runTerminate,
  },
  {
    name: "create",
    group: ROLLOUTS,
    summary: "create what files contain, or an AnalysisRun of a template",
    load: async () => (await import("./create/command.ts")).run,
  },
  {
    name: "notifications",
    group: ROLLOUTS,
    summary: "look at what is told to whom, and try it on a Rollout",
    load: async () => (await import("./notifications/command.ts")).runNotifications,
  },
  {
    name: "demo",
    group: WITHOUT_A_CLUSTER,
    summary: "see a canary, a bad version turned back, and more, in this terminal",
    async load() {
      const { runDemo } = await import("./demo.ts");
      return (args, { env, version, out, err, program }) =>
        runDemo(args, { env, version, out, err, called: program, program: startedAs() });
    },
  },
  {
    name: "dev",
    group: WITHOUT_A_CLUSTER,
    summary: "serve your kubectl a cluster with Sluice in this process",
    async load() {
      const { runDev } = await import("./dev.ts");
      return (args, ports) => {
        const { version, out, err, program: called } = ports;
        // By the same rule as `sluice notifications`: whoever has this cluster has this machine.
        const senders = async () => (await import("./notifications/sending.ts")).sendersOf(ports);
        return runDev(args, { version, out, err, called, program: startedAs(), senders });
      };
    },
  },
  {
    name: "lint",
    group: FILES,
    summary: "find all that is wrong in manifests, with file, line and column",
    load: async () => (await import("./lint/command.ts")).run,
  },
  {
    name: "simulate",
    group: FILES,
    summary: "play an update of a Rollout without a cluster, and show what happens when",
    load: async () => (await import("./simulate/command.ts")).run,
  },
  {
    name: "backtest",
    group: FILES,
    summary: "replay an AnalysisTemplate over what Prometheus remembers",
    load: async () => (await import("./backtest/command.ts")).run,
  },
  {
    name: "convert",
    group: FILES,
    summary: "print Deployments as Rollouts, or back; plan a migration",
    async load() {
      const { runConvert } = await import("./convert/command.ts");
      return (args, ports) => runConvert(args, { out: ports.out, err: ports.err }, ports);
    },
  },
  {
    name: "eval",
    group: FILES,
    summary: "try a condition of a metric on a result",
    async load() {
      const { runEval } = await import("./eval/command.ts");
      return (args, { out, err, clock, program }) =>
        runEval(args, { stdin: () => Bun.stdin.stream(), out, err, program, now: clock.now });
    },
  },
  {
    name: "completion",
    group: OTHER,
    summary: "print what makes your shell complete commands and names",
    load: async () => (await import("./completion/command.ts")).run,
  },
  {
    name: "__complete",
    group: OTHER,
    summary: "answer a shell",
    isHidden: true,
    async load() {
      const { runComplete } = await import("./completion/candidates.ts");
      return (args, ports) => runComplete(args, ports, COMMANDS);
    },
  },
  { name: "version", group: OTHER, summary: "print the version", load: async () => (await import("./version.ts")).run },
];

const isQuestion = (args: readonly string[]): boolean =>
  args.some((arg) => ["--help", "-h", "--version", DESCRIBE].includes(arg));

/** The row of a name or alias. */
export const rowOf = (name: string, commands: readonly CommandRow[] = COMMANDS): CommandRow | undefined =>
  commands.find((row) => row.name === name || row.aliases?.includes(name) === true);
