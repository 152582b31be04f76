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
import { loadCredentials } from "../../kube/client/credentials.ts";
import { createClient } from "../../kube/client/transport.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import type { KubeObject } from "./harness/api.ts";
import { run as spawned } from "./harness/controlPlane.ts";
import { harness } from "./harness/harness.ts";
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
  let out = "";
  let err = "";
  const code =
    (await COMMANDS[command]?.(rest, {
      env: {},
      version: "0.0.0-test",
      program: "kubectl argo rollouts",
      out: async (text) => void (out += text),
      err: (text) => void (err += `${text}\n`),
      stdin: async () => "",
      columns: undefined,
      clock: systemClock,
      signal: new AbortController().signal,
      async connect(options) {
        const credentials = await loadCredentials({ ...options, kubeconfig });
        const client = createClient({ credentials, version: "0.0.0-test", clock: systemClock });
        return { client, namespace: options.namespace ?? credentials.namespace, source: credentials.source };
      },
    })) ?? -1;
  return { code, out, err };
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
    err: err.startsWith("Usage:") ? "Usage: …" : same(err),
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

/** What is ours on purpose: a part of the answer, and the heading of docs/differences.md. */
const DIFFERENCES: readonly { readonly lines: RegExp; readonly ours: Partial<Answer>; readonly heading: string }[] = [];

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
      const differs = DIFFERENCES.filter(({ lines }) => lines.test(line)).map(({ ours: part }) => part);
      return [line, Object.assign({}, golden[line], ...differs) as Answer];
    }),
  );
  expect(ours).toEqual(wanted);
}

describe("as the official plugin", () => {
  test("in every state of a Rollout: promote, abort, retry and status", () => compared(STATE_CASES, true), 180_000);
  test("and the other commands, on what is there and what is not", () => compared(OTHER_CASES, false), 180_000);
});
