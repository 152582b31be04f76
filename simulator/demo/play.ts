/** Plays the demo's scenes on a cluster in virtual time, and shows every moment of it. */
import type { ManualClock } from "../../kube/clock/clock.ts";
import type { LocalCluster } from "../local/cluster.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { type Beat, type Scene, scenes } from "./story.ts";

/** One moment. */
export interface Moment {
  /** All scenes, and which of them is being played. */
  readonly titles: readonly string[];
  readonly scene: number;
  /** Time on the cluster's clock since the beginning. */
  readonly timeMs: number;
  /** The beginning, on the cluster's clock. */
  readonly startMs: number;
  readonly speed: number;
  /** The latest one. */
  readonly command: string;
  /** Commands ("$ …") and what they printed, in scenes that show it. */
  readonly printed: readonly string[];
  readonly caption: string;
  readonly manifest: string | undefined;
  readonly picture: Picture | undefined;
}

/** The result of a scene. */
export interface SceneEnd {
  readonly title: string;
  readonly lastedMs: number;
  /** The fewest pods that were ready after the first version was complete; undefined when there were no pods. */
  readonly fewestReady: number | undefined;
  /** Causes of refusals. */
  readonly refusals: number;
}

export interface Onlooker {
  moment(moment: Moment): void;
  sceneEnded(end: SceneEnd): void;
}

export interface PlayOptions {
  readonly cluster: LocalCluster;
  readonly clock: ManualClock;
  readonly onlooker: Onlooker;
  /** Waits so many ms of real time before the next frame; returns at once when the demo is not watched live. */
  readonly wait: (ms: number) => Promise<void>;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

const frameMs = 50;
/** No beat takes so long unless something is wrong. */
const patienceMs = 300_000;

interface Stage extends PlayOptions {
  readonly startMs: number;
  command: string;
  printed: readonly string[];
  fewestReady: number | undefined;
}

/** @throws {Error} when the cluster does not reach the state that the next beat needs */
export async function play(options: PlayOptions): Promise<void> {
  const startMs = options.clock.now();
  for (const [index, scene] of scenes.entries()) {
    const stage: Stage = { ...options, startMs, command: "", printed: [], fewestReady: undefined };
    const beganMs = options.clock.now();
    for (const beat of scene.beats) await playBeat(stage, scene, index, beat);
    if (options.signal.aborted) return;
    options.onlooker.sceneEnded({
      title: scene.title,
      lastedMs: options.clock.now() - beganMs,
      fewestReady: stage.fewestReady,
      refusals: stage.printed.filter((line) => line.startsWith("* ")).length,
    });
  }
}

async function playBeat(stage: Stage, scene: Scene, index: number, beat: Beat): Promise<void> {
  const { cluster, clock, signal } = stage;
  if (signal.aborted) return;
  if (beat.command !== "") {
    stage.command = beat.command;
    const reply = await beat.act?.(cluster.server);
    if (reply !== undefined && scene.rollout === undefined) {
      stage.printed = [...stage.printed, `$ ${beat.command}`, ...reply.lines];
    }
  }
  const untilMs = clock.now() + patienceMs;
  const isReached = (): boolean => {
    const picture = show(stage, scene, index, beat);
    return picture === undefined ? scene.rollout === undefined : beat.until(picture);
  };
  while (!signal.aborted && !isReached()) {
    if (clock.now() > untilMs) throw new Error(`The demo got stuck: ${beat.caption}`);
    await frame(stage, beat.speed);
  }
  for (let leftMs = beat.lookMs; leftMs > 0 && !signal.aborted; leftMs -= frameMs) {
    await frame(stage, 1);
    show(stage, scene, index, { ...beat, speed: 1 });
  }
}

async function frame({ clock, wait }: Stage, speed: number): Promise<void> {
  await wait(frameMs);
  await clock.advance(frameMs * speed);
}

function show(stage: Stage, scene: Scene, index: number, beat: Beat): Picture | undefined {
  const { cluster, clock, startMs, command, printed, onlooker } = stage;
  const picture = scene.rollout === undefined ? undefined : pictureOf(cluster.core, scene.rollout);
  remember(stage, picture);
  onlooker.moment({
    titles: scenes.map(({ title }) => title),
    scene: index,
    timeMs: clock.now() - startMs,
    startMs,
    speed: beat.speed,
    command,
    printed,
    caption: beat.caption,
    manifest: scene.manifest,
    picture,
  });
  return picture;
}

function remember(stage: Stage, picture: Picture | undefined): void {
  if (picture === undefined) return;
  const ready = picture.versions.flatMap(({ pods }) => pods).filter(({ state }) => state === "ready").length;
  if (stage.fewestReady === undefined && ready < picture.replicas) return;
  stage.fewestReady = Math.min(stage.fewestReady ?? ready, ready);
}
