import { expect } from "bun:test";
import { join } from "node:path";
import type { World } from "./clusterWorld.ts";

const record = Bun.env.SLUICE_RECORD === "1";

/** A test in chapters, each compared with the one of the same title in golden/NAME.txt. */
export interface Story {
  /** Compares the present text (such as a keyframe) with the recorded chapter. */
  chapter(title: string, lines: readonly string[]): void;
  /**
   * Compares the events on the Rollout so far with the recorded ones. Not later than after 25 events: the recorded
   * controller's recorder drops the rest, of which ours drops only narration. (rolling-update.txt was
   * given the one that was dropped when it was recorded: the completion of its last revision.)
   */
  events(rollout: string): Promise<void>;
  /** Writes the recording, or checks that every recorded chapter was played. */
  end(): Promise<void>;
}

function chaptersOf(text: string): Map<string, string[]> {
  const chapters = new Map<string, string[]>();
  for (const part of text.split(/^## /m).slice(1)) {
    const [title = "", ...lines] = part.trimEnd().split("\n");
    chapters.set(title, lines);
  }
  return chapters;
}

/** Sluice may scale in fewer and larger steps than the recorded controller, so those events are not compared. */
const comparable = (line: string): boolean => !/^(\d+x )?ScalingReplicaSet/.test(line);

/** The recorded controller can leave a deadline on a ReplicaSet that has no pods any more (docs/differences.md). */
const withoutStaleDeadline = (line: string): string =>
  line.replace(/^(rs <\d+> 0\/0\/0 .*) scale-down-deadline$/, "$1");

/** The recorded controller shows surge to autoscalers, too (docs/differences.md). */
function withoutSurge(lines: readonly string[]): string[] {
  const wanted = Math.max(...lines.map((line) => Number(/ desired=(\d+)/.exec(line)?.[1] ?? 0)));
  return lines.map((line) =>
    line.replace(/^(counts .*\/)(\d+)$/, (_, others: string, pods: string) => others + Math.min(Number(pods), wanted)),
  );
}

const comparableFrame = (lines: readonly string[]): string[] => withoutSurge(lines.map(withoutStaleDeadline));

/**
 * Opens the story NAME. The golden files were recorded (SLUICE_RECORD=1) on the reference controller, whose behaviour
 * they keep; review the diff of a changed one.
 */
export async function newStory(world: World, name: string): Promise<Story> {
  const path = join(import.meta.dir, "../golden", `${name}.txt`);
  const golden = record ? new Map<string, string[]>() : chaptersOf(await Bun.file(path).text());
  const written = new Map<string, readonly string[]>();
  const chapter = (title: string, lines: readonly string[]): void => {
    written.set(title, lines);
    const recorded = comparableFrame(golden.get(title) ?? ["(not recorded)"]);
    if (!record) expect({ title, lines: comparableFrame(lines) }).toEqual({ title, lines: recorded });
  };
  return {
    chapter,
    events: async (rollout) => {
      const lines = await world.events(rollout);
      if (record && lines.length >= 25)
        throw new Error(`Cannot record the events of ${name}: ${lines.length} may not be all`);
      chapter("events", lines.filter(comparable));
    },
    end: async () => {
      if (!record) return expect([...written.keys()]).toEqual([...golden.keys()]);
      const chapters = Array.from(written, ([title, lines]) => [`## ${title}`, ...lines].join("\n"));
      await Bun.write(path, `${chapters.join("\n\n")}\n`);
    },
  };
}
