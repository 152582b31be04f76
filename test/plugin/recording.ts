/** What the official plugin printed of some objects. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { KubeObject } from "../cluster/harness/api.ts";

export interface Recording {
  readonly objects: readonly KubeObject[];
  readonly outputs: readonly {
    readonly args: readonly string[];
    /** RFC 3339 with a fraction. */
    readonly at: string;
    readonly lines: readonly string[];
  }[];
}

const folder = join(import.meta.dir, "recorded");

export const recordingPath = (scene: string): string => join(folder, `${scene}.json`);

/** The names of all. */
export const recordings = (): readonly string[] => readdirSync(folder).map((name) => name.replace(/\.json$/, ""));
