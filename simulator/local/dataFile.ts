/** The file in which a cluster in memory outlives its process: read at the start, written soon after every change. */
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Clock } from "../../kube/clock/clock.ts";
import type { ApiCore, ApiObject } from "../model/model.ts";
import { type SavedState, savedState } from "../server/objects/saved.ts";
import { isObject } from "../../kube/object/json.ts";
import { codeOf, messageOf } from "../../kube/object/errors.ts";

/** To be raised when earlier versions of the program can no longer read what is written. */
const formatVersion = 1;
const kind = "SluiceCluster";

/** An error with the file, for the user; the message is a sentence. */
export class DataFileError extends Error {
  override readonly name = "DataFileError";
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  EISDIR: "it is a folder",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of its path is no folder",
  ENOSPC: "no space is left",
};

/** Why a file or a folder cannot be used, as the end of a sentence. */
export const fileProblem = (error: unknown): string => reasons[codeOf(error)] ?? messageOf(error);

/** Undefined when there is no such file yet. @throws {DataFileError} */
export async function readData(path: string): Promise<SavedState | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new DataFileError(`Cannot read ${path}: ${fileProblem(error)}`, { cause: error });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new DataFileError(
      `Cannot read ${path}: it is no JSON, so it was not written by sluice dev (${fileProblem(error)})`,
    );
  }
  return stateIn(content, path);
}

const isStored = (value: unknown): value is ApiObject =>
  isObject(value) &&
  isObject(value["metadata"]) &&
  ["name", "uid", "resourceVersion"].every((name) => typeof (value["metadata"] as ApiObject)[name] === "string");

function stateIn(content: unknown, path: string): SavedState {
  if (!isObject(content) || content["kind"] !== kind) {
    throw new DataFileError(`Cannot read ${path}: it was not written by sluice dev`);
  }
  const { version, resourceVersion, objects } = content;
  if (version !== formatVersion) {
    throw new DataFileError(
      `Cannot read ${path}: it has format ${JSON.stringify(version)}, and this version of Sluice reads ${formatVersion}. ` +
        "Use the version that wrote it, or another file",
    );
  }
  const isWhole =
    typeof resourceVersion === "string" &&
    /^\d+$/.test(resourceVersion) &&
    isObject(objects) &&
    Object.values(objects).every((list) => Array.isArray(list) && list.every(isStored));
  if (!isWhole) throw new DataFileError(`Cannot read ${path}: it is damaged`);
  return { resourceVersion, objects: objects as SavedState["objects"] };
}

/** One object per line: for people, and for diffs. */
export function dataText({ resourceVersion, objects }: SavedState): string {
  const lists = Object.entries(objects).map(
    ([key, list]) => `${JSON.stringify(key)}:[\n${list.map((object) => JSON.stringify(object)).join(",\n")}\n]`,
  );
  const head = `"kind":"${kind}","version":${formatVersion},"resourceVersion":${JSON.stringify(resourceVersion)}`;
  return `{${head},"objects":{\n${lists.join(",\n")}\n}}\n`;
}

/** Atomic: a reader sees the old state or the new one. Secrets may be in it. @throws {DataFileError} */
export async function writeData(path: string, state: SavedState): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, dataText(state), { mode: 0o600, flush: true });
    await chmod(draft, 0o600);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new DataFileError(`Cannot write ${path}: ${fileProblem(error)}`, { cause: error });
  }
}

const isRunning = (pid: number): boolean => {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // It runs, as another user.
    return codeOf(error) === "EPERM";
  }
};

/**
 * Locks the file, as two processes would each undo what the other wrote. The returned function unlocks it.
 * @throws {DataFileError}
 */
export async function lockData(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  const take = (): Promise<void> => writeFile(lock, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
  const unlock = (): Promise<void> => rm(lock, { force: true });
  try {
    await take();
  } catch (error) {
    if (codeOf(error) !== "EEXIST")
      throw new DataFileError(`Cannot write ${lock}: ${fileProblem(error)}`, { cause: error });
    const pid = Number(await readFile(lock, "utf8").catch(() => ""));
    if (isRunning(pid)) {
      throw new DataFileError(`${path} is in use by process ${pid}. If that is no sluice dev, remove ${lock}`);
    }
    // Its process ended without a chance to remove it.
    await unlock();
    await take();
  }
  return unlock;
}

export interface KeepOptions {
  readonly core: ApiCore;
  readonly clock: Clock;
  readonly path: string;
  /** Called when the file could not be written; it is written again after the next change. */
  readonly onError: (error: unknown) => void;
}

/** Changes that follow each other closely are written together. */
const delayMs = 500;

export interface KeptData {
  /** Writes what is not written yet, for the last time. @throws {DataFileError} */
  stop(): Promise<void>;
}

/** Writes it at once, and from then on after every change. @throws {DataFileError} when the first time fails */
export async function keepData({ core, clock, path, onError }: KeepOptions): Promise<KeptData> {
  let writing: Promise<void> = Promise.resolve();
  let cancel: (() => void) | undefined;
  const write = (): Promise<void> => {
    cancel = undefined;
    const next = writing.catch(() => {}).then(() => writeData(path, savedState(core)));
    writing = next;
    return next;
  };
  const unsubscribe = core.onChange(() => {
    cancel ??= clock.after(delayMs, () => void write().catch(onError));
  });
  const end = (): void => {
    unsubscribe();
    cancel?.();
  };
  try {
    await write();
  } catch (error) {
    end();
    throw error;
  }
  return {
    async stop() {
      end();
      await write();
    },
  };
}
