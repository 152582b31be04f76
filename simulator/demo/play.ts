/** Plays the demo's scenes on a cluster in virtual time, and shows every moment of it. */
import type { ManualClock } from "../../kube/clock/clock.ts";
import type { LocalCluster } from "../local/localCluster.ts";
import { perform } from "./kubectl.ts";
import { deeds, type Key, type Offer, offerFor, offersOf } from "./person.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { type Beat, type Scene, scenes } from "./scenes.ts";

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
  /** What the keys do; undefined where there are none. */
  readonly offers: readonly Offer[] | undefined;
  /** A person is asked: real ms until the demo goes on by itself. */
  readonly askedMs: number | undefined;
}

/** The result of a scene. */
export interface SceneEnd {
  readonly title: string;
  readonly lastedMs: number;
  /** The fewest pods that were ready after the first version was complete; undefined when there were no pods. */
  readonly fewestReady: number | undefined;
  /** Causes of refusals. */
  readonly refusals: number;
  readonly update: UpdateEnd | undefined;
}

export interface UpdateEnd {
  /** "2.0". */
  readonly version: string;
  readonly isTurnedBack: boolean;
  /** The largest share of the users' requests that it got: 0 to 1. */
  readonly reached: number;
}

export interface Viewer {
  moment(moment: Moment): void;
  sceneEnded(end: SceneEnd): void;
}

export interface PlayOptions {
  readonly cluster: LocalCluster;
  readonly clock: ManualClock;
  readonly viewer: Viewer;
  /** Waits so many ms of real time before the next frame; returns at once when the demo is not watched live. */
  readonly wait: (ms: number) => Promise<void>;
  /** The next key that was pressed, if any; undefined where nobody can press one. */
  readonly nextKey?: (() => Key | undefined) | undefined;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export const frameMs = 50;
/** No beat takes so long unless something is wrong, or a person has paused it. */
const patienceMs = 300_000;
/** How long a person is waited for. */
const askMs = 8_000;

interface Stage extends PlayOptions {
  readonly startMs: number;
  readonly scene: Scene;
  readonly index: number;
  command: string;
  caption: string;
  printed: readonly string[];
  picture: Picture | undefined;
  fewestReady: number | undefined;
  reached: number;
}

/** @throws {Error} when the cluster does not reach the state that the next beat needs */
export async function play(options: PlayOptions): Promise<void> {
  const startMs = options.clock.now();
  const blank = { command: "", caption: "", printed: [], picture: undefined, fewestReady: undefined, reached: 0 };
  for (const [index, scene] of scenes.entries()) {
    const stage: Stage = { ...options, ...blank, startMs, scene, index };
    const beganMs = options.clock.now();
    for (const beat of scene.beats) await playBeat(stage, beat);
    if (options.signal.aborted) return;
    options.viewer.sceneEnded({
      title: scene.title,
      lastedMs: options.clock.now() - beganMs,
      fewestReady: stage.fewestReady,
      refusals: stage.printed.filter((line) => line.startsWith("* ")).length,
      update: updateEnd(stage),
    });
  }
}

async function playBeat(stage: Stage, beat: Beat): Promise<void> {
  const { signal, scene } = stage;
  const applies = (): boolean => stage.picture === undefined || beat.when?.(stage.picture) !== false;
  look(stage);
  if (signal.aborted || !applies()) return;
  const isDecided = beat.ask !== undefined && (await ask(stage, beat.ask, applies));
  if (signal.aborted) return;
  if (!isDecided) {
    // While a person's pause holds everything, what was said of that is what matters.
    if (beat.command !== "" || stage.picture?.isPausedByUser !== true) stage.caption = beat.caption;
    await act(stage, beat);
  }
  const isReached = (): boolean =>
    stage.picture === undefined ? scene.rollout === undefined : beat.until(stage.picture);
  await reach(stage, beat, isReached);
  for (let leftMs = beat.showMs; leftMs > 0 && !signal.aborted; leftMs -= frameMs) {
    if ((await frame(stage, { speed: 1, isLook: true })) !== undefined) return;
  }
}

async function act(stage: Stage, { command, act }: Beat): Promise<void> {
  if (command === "") return;
  stage.command = command;
  const reply = await act?.(stage.cluster);
  if (reply !== undefined && stage.scene.rollout === undefined) {
    stage.printed = [...stage.printed, `$ ${command}`, ...reply.lines];
  }
}

async function reach(stage: Stage, { speed, caption }: Beat, isReached: () => boolean): Promise<void> {
  const { clock, signal } = stage;
  let untilMs = clock.now() + patienceMs;
  look(stage);
  show(stage, { speed, isLook: false });
  while (!signal.aborted && !isReached()) {
    if (stage.picture?.isPausedByUser === true) untilMs = clock.now() + patienceMs;
    if (clock.now() > untilMs) throw new Error(`The demo got stuck: ${caption}`);
    await frame(stage, { speed, isLook: false });
  }
}

/**
 * Waits for a person, if there may be one, for as long as there is something to decide; as long as the person keeps the
 * Rollout paused, too.
 *
 * @returns whether the person has decided
 */
async function ask(stage: Stage, question: string, isOpen: () => boolean): Promise<boolean> {
  if (stage.nextKey === undefined) return false;
  stage.caption = question;
  let askedMs = askMs;
  while (askedMs > 0 && isOpen() && !stage.signal.aborted) {
    const taken = await frame(stage, { speed: 1, isLook: true, askedMs });
    if (taken === "promote" || taken === "abort") return true;
    if (taken === "resume") stage.caption = question;
    askedMs = stage.picture?.isPausedByUser === true ? askMs : askedMs - frameMs;
  }
  return !isOpen();
}

interface Frame {
  readonly speed: number;
  readonly isLook: boolean;
  readonly askedMs?: number;
}

/** @returns what a person did in it */
async function frame(stage: Stage, what: Frame): Promise<Offer | undefined> {
  await stage.wait(frameMs);
  const taken = await obey(stage, what.isLook);
  await stage.clock.advance(frameMs * what.speed);
  look(stage);
  show(stage, what);
  return taken;
}

async function obey(stage: Stage, isLook: boolean): Promise<Offer | undefined> {
  const key = stage.nextKey?.();
  const taken = key === undefined ? undefined : offerFor(key, offersOf(stage.picture, isLook));
  const { rollout } = stage.scene;
  if (taken === undefined || taken === "next" || rollout === undefined) return taken;
  const { command, verb, caption, captionWhilePaused = caption } = deeds[taken];
  const unchanged = await perform(stage.cluster.server, rollout, verb);
  stage.command = command(rollout);
  stage.caption = unchanged ?? (stage.picture?.isPausedByUser === true ? captionWhilePaused : caption);
  return taken;
}

/** Takes in how things are. */
function look(stage: Stage): void {
  const { rollout } = stage.scene;
  const picture = rollout === undefined ? undefined : pictureOf(stage.cluster.core, rollout);
  stage.picture = picture;
  if (picture === undefined) return;
  const pods = picture.versions.flatMap((version) => version.pods);
  const ready = pods.filter(({ state }) => state === "ready").length;
  if (stage.fewestReady !== undefined || ready >= picture.replicas)
    stage.fewestReady = Math.min(stage.fewestReady ?? ready, ready);
  stage.reached = Math.max(stage.reached, shareOf(stage.scene.image, picture));
}

/** The share of the users' requests that an image gets. */
function shareOf(image: string | undefined, { services, versions }: Picture): number {
  const behind = services[0]?.behind ?? new Map<number, number>();
  const total = [...behind.values()].reduce((sum, pods) => sum + pods, 0);
  const own = versions.find((version) => version.image === image);
  return total === 0 || own === undefined ? 0 : (behind.get(own.revision) ?? 0) / total;
}

function updateEnd({ scene: { image }, picture, reached }: Stage): UpdateEnd | undefined {
  if (image === undefined || picture === undefined) return undefined;
  const version = image.slice(image.lastIndexOf(":") + 1);
  return { version, isTurnedBack: shareOf(image, picture) === 0, reached };
}

function show(stage: Stage, { speed, isLook, askedMs }: Frame): void {
  const { clock, startMs, index, scene, command, printed, caption, picture, viewer, nextKey } = stage;
  viewer.moment({
    titles: scenes.map(({ title }) => title),
    scene: index,
    timeMs: clock.now() - startMs,
    startMs,
    speed,
    command,
    printed,
    caption,
    manifest: scene.manifest,
    picture,
    offers: nextKey === undefined ? undefined : offersOf(picture, isLook),
    askedMs: picture?.isPausedByUser === true ? undefined : askedMs,
  });
}
