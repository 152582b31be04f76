/**
 * The commands that write, and status, on Rollouts in the states in which people act on them: they print what the official
 * plugin prints, end with its exit code, and write what it writes. Its answers are in golden/cliVerbs.json, recorded
 * with SLUICE_RECORD=1 and SLUICE_KUBECTL_ARGO; where ours are others on purpose, DIFFERENCES says so.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { run as runCreate } from "../../cli/create/command.ts";
import type { CliPorts } from "../../cli/ports.ts";
import { run as runStatus } from "../../cli/status/command.ts";
import * as verbs from "../../cli/verbs/command.ts";
import type { KubeObject } from "./harness/api.ts";
import { clusterPorts } from "./harness/clusterPorts.ts";
import { newWorld, pausedAt } from "./harness/clusterWorld.ts";
import { run as spawned } from "./harness/controlPlane.ts";
import { harness } from "./harness/harness.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import {
  type Case,
  files,
  OTHER_CASES,
  otherObjects,
  replicaSetOf,
  rolloutIn,
  STATE_CASES,
} from "./harness/verbScenes.ts";
import { recordWrites, type WritesRecorder } from "./harness/writesRecorder.ts";

const current = await harness();
const { api } = current;
const suffix = crypto.randomUUID().slice(0, 6);
const namespace = `verbs-${suffix}`;
const plugin = Bun.env.SLUICE_KUBECTL_ARGO;
const isRecording = Bun.env.SLUICE_RECORD === "1" && plugin !== undefined;
const goldenFile = join(import.meta.dir, "golden/cliVerbs.json");
/** How many commands run at once. */
const LANES = 6;

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly writes: readonly string[];
}

const COMMANDS: Readonly<Record<string, (args: readonly string[], ports: CliPorts) => Promise<number>>> = {
  promote: verbs.runPromote,
  abort: verbs.runAbort,
  retry: verbs.runRetry,
  pause: verbs.runPause,
  resume: verbs.runResume,
  restart: verbs.runRestart,
  set: verbs.runSet,
  undo: verbs.runUndo,
  terminate: verbs.runTerminate,
  status: runStatus,
  create: runCreate,
};

let folder = "";
let recorder: WritesRecorder | undefined;

const pathOf = ({ apiVersion = "", kind = "" }: KubeObject): string =>
  `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s`;

async function made({ status, ...object }: KubeObject & { readonly status?: unknown }): Promise<KubeObject> {
  const path = pathOf(object);
  const stored = await api.create(path, object);
  if (status !== undefined) await api.patch(`${path}/${object.metadata.name}/status`, "merge", { status });
  return stored;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-verbs-"));
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  recorder = await recordWrites(api, namespace, join(folder, "config"));
  for (const [name, object] of Object.entries(files(suffix)))
    await Bun.write(join(folder, name), name.endsWith("json") ? JSON.stringify(object) : stringify(object));
  for (const object of otherObjects()) {
    const stored = await made(object);
    if (!stored.metadata.name.startsWith("history")) continue;
    for (const revision of [1, 2, 3]) await made(replicaSetOf(stored, revision));
  }
  await inLanes(STATE_CASES, async ({ made: scene }) => {
    if (scene !== undefined) await made({ ...rolloutIn(scene.state, scene.name), status: scene.state.status });
  });
}, 60_000);

afterAll(async () => {
  await recorder?.stop();
  await api.delete(`/api/v1/namespaces/${namespace}`);
  await api.delete(`/apis/argoproj.io/v1alpha1/clusteranalysistemplates/filed-${suffix}`).catch(() => undefined);
  await rm(folder, { recursive: true });
});

async function inLanes<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

const words = (line: string): string[] =>
  line.split(" ").map((word) => (/\.(yaml|json)$/.test(word) ? join(folder, word) : word));

/** Ours, in this process. */
async function typed(args: readonly string[], kubeconfig: string): Promise<Omit<Answer, "writes">> {
  const [command = "", ...rest] = args;
  const ports = clusterPorts(kubeconfig, undefined, { program: "kubectl argo rollouts" });
  const code = (await COMMANDS[command]?.(rest, ports)) ?? -1;
  return { code, ...ports.told };
}

async function byPlugin(args: readonly string[], kubeconfig: string): Promise<Omit<Answer, "writes">> {
  const { code, stdout, stderr } = await spawned([plugin ?? "", "--kubeconfig", kubeconfig, ...args], {});
  return { code, out: stdout, err: stderr };
}

/** The usage is in each program's own words; names that the API server makes, and the suffix, are different each time. */
const comparable = ({ code, out, err, writes }: Answer): Answer => {
  const same = (text: string): string =>
    text
      .replaceAll(folder, "FOLDER")
      .replaceAll(suffix, "SUFFIX")
      .replaceAll(/stored-[a-z0-9]{5}\b/g, "stored-RANDOM");
  return {
    code,
    out: same(out),
    // The plugin's cache logs that it was ended.
    err: err.startsWith("Usage:") ? "Usage: …" : same(err.replaceAll(/^time=".*\n/gm, "")),
    writes: writes.map(same).map(shortly),
  };
};

/** Of a whole object that is written, only the images. */
function shortly(write: string): string {
  const [method = "", path = "", ...rest] = write.split(" ");
  if (method !== "PUT") return write;
  const images = Array.from(rest.join(" ").matchAll(/"image":"([^"]*)"/g), ([, image]) => image);
  return `${method} ${path} ${images.join(" ")}`;
}

async function answer({ line, made: scene }: Case): Promise<Answer> {
  const args = words(line);
  const { kubeconfig = "" } = recorder ?? {};
  const names = scene === undefined ? [...args, "site", "filed", "given", `filed-${suffix}`] : [scene.name];
  const before = recorder?.writesTo(names).length ?? 0;
  const told = await (isRecording ? byPlugin(args, kubeconfig) : typed(args, kubeconfig));
  return comparable({ ...told, writes: recorder?.writesTo(names).slice(before) ?? [] });
}

interface Difference {
  readonly lines: RegExp;
  readonly ours: (theirs: Answer) => Partial<Answer>;
}

/** What is ours on purpose; each is a heading of docs/differences.md#the-command-line. */
const DIFFERENCES: readonly Difference[] = [
  { lines: /^terminate exp\w* exp$/, ours: ({ out }) => ({ out: out.replace("retried", "terminated") }) },
  {
    lines: /^create -f clusterTemplate/,
    ours: ({ writes }) => ({
      code: 0,
      out: "analysistemplate.argoproj.io/filed-SUFFIX created\n",
      err: "",
      writes: writes.map((write) => write.replace("POST ", "POST /apis/argoproj.io/v1alpha1/")),
    }),
  },
  {
    lines: /^create -f unknown/,
    ours: () => ({
      err: 'Error: Rollout in version "v1alpha1" cannot be handled as a Rollout: strict decoding error: unknown field "spec.replica"\n',
    }),
  },
  {
    lines: /^promote one two three$/,
    ours: () => ({
      out: "rollout 'one' promoted\nrollout 'two' promoted\n",
      err: 'Error: rollouts.argoproj.io "three" not found\n',
      writes: ["one", "two"].flatMap((name) => [
        `PATCH rollouts/${name}/status {"status":{"pauseConditions":null}}`,
        `PATCH rollouts/${name} {"spec":{"paused":false}}`,
      ]),
    }),
  },
  {
    lines: /^set image (one|two|reference) .*web:3$/,
    ours: ({ writes: [theirs = ""] }) => {
      const [, path = "", ...images] = theirs.split(" ");
      const set = (list: string, name: string) => [
        { op: "test", path: `/spec/template/spec/${list}/0/name`, value: name },
        { op: "add", path: `/spec/template/spec/${list}/0/image`, value: "web:3" },
      ];
      const both = images.every((image) => image === "web:3");
      const body = [...(both ? set("initContainers", "init") : []), ...set("containers", "web")];
      return { writes: [`PATCH ${path} ${JSON.stringify(body)}`] };
    },
  },
  {
    lines: /^status reference/,
    ours: () => ({
      out: "Progressing - waiting for rollout spec update to be observed for the reference workload\n",
    }),
  },
  {
    lines: /^undo history$/,
    ours: ({ out }) => ({ out: out.replace("revision 0", "revision 2") }),
  },
];

async function compared(cases: readonly Case[], atOnce: boolean): Promise<void> {
  const answers: Record<string, Answer> = {};
  const play = async (each: Case): Promise<void> => void (answers[each.line] = await answer(each));
  if (atOnce) await inLanes(cases, play);
  else for (const each of cases) await play(each);
  const ours = Object.fromEntries(cases.map(({ line }) => [line, answers[line]]));
  const golden = (await Bun.file(goldenFile).exists())
    ? ((await Bun.file(goldenFile).json()) as Record<string, Answer>)
    : {};
  if (isRecording) {
    await Bun.write(goldenFile, `${JSON.stringify({ ...golden, ...ours }, undefined, 2)}\n`);
    return;
  }
  const wanted = Object.fromEntries(
    cases.map(({ line }) => {
      const theirs = golden[line] ?? { code: -1, out: "(not recorded)", err: "", writes: [] };
      const difference = DIFFERENCES.find(({ lines }) => lines.test(line));
      return [line, { ...theirs, ...difference?.ours(theirs) }];
    }),
  );
  expect(ours).toEqual(wanted);
}

describe("as the official plugin", () => {
  test("in every state of a Rollout: promote, abort, retry and status", () => compared(STATE_CASES, true), 180_000);
  test("and the other commands, on what is there and what is not", () => compared(OTHER_CASES, false), 180_000);
});

describe("with a controller", () => {
  test("an update is set, promoted, aborted, tried again and undone, and each command says when it is through", async () => {
    const world = await newWorld("cli-verbs");
    const at = ["--kubeconfig", current.kubeconfig, "-n", world.namespace];
    const type = (line: string) => typed([...line.split(" "), ...at], current.kubeconfig);
    const image = (tag: string): string => `argoproj/rollouts-demo:${tag}`;
    const steps = [{ setWeight: 50 }, { pause: {} }];
    await world.create(
      rolloutOf("web", { canary: { steps } }, { replicas: 2, template: podsOf("web", image("blue")) }),
    );
    const untilHealthy = async (line: string): Promise<string> => {
      const { code, out, err } = await type(line);
      expect({ code, err, last: out.trimEnd().split("\n").at(-1) }).toEqual({ code: 0, err: "", last: "Healthy" });
      return out;
    };
    await untilHealthy("status web --timeout 60s");

    expect(await type(`set image web web=${image("yellow")}`)).toMatchObject({ code: 0, err: "" });
    await world.waitFor("web", "it pauses", pausedAt(1));
    expect(await untilHealthy("promote web --wait --timeout 60s")).toStartWith("rollout 'web' promoted\n");

    await type(`set image web *=${image("green")}`);
    await world.waitFor("web", "it pauses", pausedAt(1));
    expect(await type("abort -l app=nothing")).toMatchObject({ code: 0, out: "" });
    expect(await type("abort --all")).toMatchObject({ code: 0, out: "rollout 'web' aborted\n" });
    expect(await type("status web --timeout 60s")).toMatchObject({
      code: 1,
      err: "Error: The rollout is in a degraded state with message: RolloutAborted: Rollout aborted update to revision 3\n",
    });
    expect(await type("retry rollout web")).toMatchObject({ code: 0, out: "rollout 'web' retried\n" });
    await world.waitFor("web", "it pauses again", pausedAt(1));

    expect(await untilHealthy("undo web --wait --timeout 60s")).toStartWith("rollout 'web' undo\n");
    expect(await type("undo rollout.argoproj.io/web --to-revision=9")).toMatchObject({ code: 1 });
    const restarted = await untilHealthy("restart web --wait --timeout 60s");
    expect(restarted).toStartWith("rollout 'web' restarts in 0s\nProgressing");
  }, 180_000);
});
