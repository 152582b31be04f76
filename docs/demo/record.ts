/** `bun run demo:record` draws docs/demo/demo.svg: the demo on a terminal of 80 columns and 24 rows, with somebody at the keys. */
import { join } from "node:path";
import { playDemo } from "../../cli/demoPlay.ts";
import { momentLines, type Screen } from "../../cli/demoScreen.ts";
import { inColour } from "../../cli/paint.ts";
import type { Key } from "../../simulator/demo/person.ts";
import type { Moment } from "../../simulator/demo/play.ts";
import { animatedSvg, type TerminalFrame } from "./animatedSvg.ts";

export const recordingPath = join(import.meta.dir, "demo.svg");

const screen: Screen = { paint: inColour, columns: 80, rows: 24 };
/** How long the person thinks before pressing a key. */
const thinkMs = 2_500;
/** By scene: the bad version is aborted. */
const decisions: readonly Key[] = ["goOn", "abort", "goOn", "goOn", "goOn"];
const lingerMs = 3_000;

/** @returns the picture; the same one every time, since time, names and requests are simulated */
export async function recording(): Promise<string> {
  const frames: TerminalFrame[] = [];
  let moment: Moment | undefined;
  let nowMs = 0;
  let askedSinceMs: number | undefined;
  let stillMs = 0;
  await playDemo({
    viewer: {
      moment(now) {
        if (now.askedMs === undefined) askedSinceMs = undefined;
        else askedSinceMs ??= nowMs;
        if (now.scene === 1 && now.askedMs !== undefined && now.picture?.isUpdating === true) stillMs = nowMs;
        moment = now;
        frames.push({ atMs: nowMs, lines: momentLines(now, screen) });
      },
      sceneEnded() {},
    },
    wait: async (ms) => void (nowMs += ms),
    nextKey: () =>
      askedSinceMs !== undefined && nowMs - askedSinceMs >= thinkMs ? decisions[moment?.scene ?? 0] : undefined,
    version: "0.0.0",
    startMs: 1_800_000_000_000,
    signal: new AbortController().signal,
  });
  return animatedSvg({
    columns: screen.columns,
    rows: screen.rows - 1,
    frames,
    endMs: nowMs + lingerMs,
    stillMs,
    description:
      "The demo of Sluice: a canary is promoted, a bad version is aborted at a fifth of the requests, a blue-green " +
      "update is promoted, a wrong Rollout is refused, and a Deployment becomes a canary.",
  });
}

if (import.meta.main) {
  const svg = await recording();
  await Bun.write(recordingPath, svg);
  process.stdout.write(`docs/demo/demo.svg: ${svg.length} bytes\n`);
}
