/**
 * What people and machines do to a world, chosen by a seed: each deed waits for a milestone in the world, never for a
 * time, so that it meets the same situation with and without faults.
 */
import type { CanaryStep, Rollout, RolloutStrategy } from "../../../schema/rollout.ts";
import * as user from "../../golden/edits.ts";
import type { ObjectMeta } from "../../../simulator/model/model.ts";
import type { RoutingDeed } from "../world/routedWorld.ts";
import type { Chance } from "./chance.ts";
import { analysed, type AnalysisScript } from "./analysisWorlds.ts";
import { takingPlace } from "./deploymentWorlds.ts";
import { routed } from "./trafficWorlds.ts";
import { restored } from "../restored.ts";
import { withSettings } from "./rolloutSettings.ts";

export type Milestone =
  /** Nothing is left to do, and no pod is starting or terminating. All others fall back to this. */
  | { readonly kind: "rest" }
  /** The ReplicaSet of an image exists. `named`: and the status names it, which an abort needs. */
  | { readonly kind: "set"; readonly image: string; readonly named: boolean }
  /** So many of its pods are available. */
  | { readonly kind: "available"; readonly image: string; readonly count: number; readonly named: boolean }
  /** The Rollout is at a step, or past it. */
  | { readonly kind: "step"; readonly index: number }
  /** A pause of the update to an image has begun. */
  | { readonly kind: "pause"; readonly image: string }
  /** A Service selects an image's pods. */
  | { readonly kind: "serves"; readonly service: string; readonly image: string }
  /** So long after the last deed. */
  | { readonly kind: "soon"; readonly ms: number };

export type Deed =
  | { readonly kind: "edit"; readonly edit: user.Edit }
  /** Through the scale subresource, like the horizontal autoscaler. */
  | { readonly kind: "scale"; readonly replicas: number }
  | { readonly kind: "failPods"; readonly image: string; readonly count: number; readonly ms: number }
  | { readonly kind: "deletePods"; readonly image: string; readonly count: number }
  | { readonly kind: "deleteSet"; readonly image: string }
  /** A user changes the metadata of a ReplicaSet. */
  | {
      readonly kind: "changeSet";
      readonly image: string;
      readonly change: (metadata: ObjectMeta) => Partial<ObjectMeta>;
    }
  | { readonly kind: "resizeSet"; readonly image: string; readonly replicas: number }
  /** `orphan`: its ReplicaSets stay. */
  | { readonly kind: "deleteRollout"; readonly orphan?: true }
  | { readonly kind: "createRollout" }
  | { readonly kind: "service"; readonly name: string; readonly change: "delete" | "create" | "strip" }
  /** A user applies the Deployment again. */
  | { readonly kind: "sizeDeployment"; readonly replicas: number }
  | RoutingDeed
  /** restartAt: all pods have to be younger than now, or than a later time; `edit` comes with it. */
  | { readonly kind: "restart"; readonly laterMs?: number; readonly edit?: user.Edit };

export interface Step {
  readonly when: Milestone;
  readonly what: string;
  readonly deed: Deed;
}

export interface Script extends AnalysisScript {
  readonly manifest: Rollout;
  readonly services: readonly string[];
  /** The workload from which the Rollout takes its template, if it names one; the manifest holds that template. */
  readonly deployment?: { readonly replicas: number };
  readonly steps: readonly Step[];
  /** How long pods of an image take to be ready, in ms; undefined: they never are. */
  readonly readyMs: (image: string) => number | undefined;
}

const rest: Milestone = { kind: "rest" };
export const BAD = "web:bad";
function stepsOf(chance: Chance): CanaryStep[] {
  return Array.from({ length: chance.below(5) }, () =>
    chance.percent(55)
      ? user.setWeight(chance.pick([10, 20, 25, 40, 50, 75, 100, 0]))
      : user.pause(chance.pick([undefined, undefined, 3, "10s"])),
  );
}

type Limits = Pick<NonNullable<RolloutStrategy["canary"]>, "maxSurge" | "maxUnavailable">;

function canaryOf(chance: Chance): Rollout {
  const limits = chance.pick<Limits>([
    {},
    { maxSurge: 1, maxUnavailable: 0 },
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: "50%", maxUnavailable: "50%" },
    { maxSurge: "30%", maxUnavailable: "30%" },
    { maxSurge: 2, maxUnavailable: 2 },
    { maxSurge: "100%", maxUnavailable: 0 },
  ]);
  const services = chance.percent(50) ? {} : { stableService: "active", canaryService: "preview" };
  const metadata = chance.percent(15)
    ? { canaryMetadata: { labels: { role: "canary" } }, stableMetadata: { labels: { role: "stable" } } }
    : {};
  return user.rolloutOf({
    replicas: 1 + chance.below(4),
    ...common(chance),
    strategy: user.canary(stepsOf(chance), { ...limits, ...services, ...metadata }),
  });
}

function blueGreenOf(chance: Chance): Rollout {
  return user.rolloutOf({
    replicas: 1 + chance.below(4),
    ...common(chance),
    strategy: user.blueGreen({
      ...(chance.percent(30) ? { previewReplicaCount: 1 + chance.below(2) } : {}),
      autoPromotionEnabled: chance.percent(50),
      autoPromotionSeconds: chance.pick([0, 0, 10]),
      scaleDownDelaySeconds: chance.pick([30, 30, 0, 5, 60]),
      ...(chance.percent(20) ? { scaleDownDelayRevisionLimit: chance.below(2) } : {}),
      abortScaleDownDelaySeconds: chance.pick([30, 30, 0, 5]),
      ...(chance.percent(20) ? { maxUnavailable: chance.pick<number | string>([1, "50%"]) } : {}),
    }),
  });
}

const common = (chance: Chance): Partial<Rollout["spec"]> => ({
  ...(chance.percent(25) ? { rollbackWindow: { revisions: 1 + chance.below(3) } } : {}),
  revisionHistoryLimit: chance.pick([10, 10, 1, 2]),
  // Longer than all faults together can block progress.
  progressDeadlineSeconds: 900,
  progressDeadlineAbort: chance.percent(30),
  ...(chance.percent(15) ? { minReadySeconds: 2 } : {}),
});

/** What the writer of a script knows of the story so far. */
interface Plot {
  readonly chance: Chance;
  readonly manifest: Rollout;
  readonly steps: Step[];
  blueGreen: boolean;
  image: string;
  readonly images: string[];
  replicas: number;
  /** The story is in the middle of an update to this image, if the next deed comes early enough. */
  updating: string | undefined;
}

type Chapter = (plot: Plot) => void;

const addStep = (plot: Plot, when: Milestone, what: string, deed: Deed): void =>
  void plot.steps.push({ when, what, deed });

const edit = (plot: Plot, when: Milestone, what: string, change: user.Edit): void =>
  addStep(plot, when, what, { kind: "edit", edit: change });

/** In the middle of the update that has just begun, or else at rest. */
function middle(plot: Plot, named = false): Milestone {
  const { chance, updating } = plot;
  plot.updating = undefined;
  if (updating === undefined || !chance.percent(65)) return rest;
  const anyway: [Milestone, ...Milestone[]] = [
    { kind: "set", image: updating, named },
    { kind: "available", image: updating, count: 1, named },
    { kind: "pause", image: updating },
  ];
  return chance.pick(plot.blueGreen ? anyway : [...anyway, { kind: "step", index: 1 + chance.below(2) }]);
}

function nextImage(plot: Plot): string {
  plot.image = `web:${plot.images.length + 1}`;
  plot.images.push(plot.image);
  plot.updating = plot.image;
  return plot.image;
}

const update: Chapter = (plot) => {
  const when = middle(plot);
  const name = nextImage(plot);
  if (plot.chance.percent(15)) {
    plot.replicas = 1 + plot.chance.below(5);
    return edit(
      plot,
      when,
      `image ${name}, scale ${plot.replicas}`,
      user.both(user.image(name), user.scale(plot.replicas)),
    );
  }
  edit(plot, when, `image ${name}`, user.image(name));
};

const badUpdate: Chapter = (plot) => {
  const { chance } = plot;
  edit(plot, rest, `image ${BAD}`, user.image(BAD));
  const before = plot.image;
  const when: Milestone = chance.percent(40) ? rest : { kind: "set", image: BAD, named: true };
  plot.updating = undefined;
  const ends: [Chapter, ...Chapter[]] = [
    () => edit(plot, when, `image ${before} again`, user.image(before)),
    () => edit(plot, when, "abort", user.abort),
    () => {
      const name = nextImage(plot);
      edit(plot, when, `image ${name}`, user.image(name));
    },
  ];
  chance.pick(ends)(plot);
};

const undo: Chapter = (plot) => {
  const { chance, images } = plot;
  const others = images.filter((image) => image !== plot.image);
  const [first, ...more] = others;
  if (first === undefined) return update(plot);
  const name = chance.pick([first, ...more]);
  edit(plot, rest, `undo to ${name}`, user.image(name));
  plot.image = name;
  plot.updating = name;
};

const scale: Chapter = (plot) => {
  plot.replicas = plot.chance.below(plot.chance.percent(20) ? 1 : 6);
  const when = plot.replicas === 0 ? rest : middle(plot);
  addStep(plot, when, `autoscaler: ${plot.replicas}`, { kind: "scale", replicas: plot.replicas });
};

const hold: Chapter = (plot) => {
  edit(plot, middle(plot), "paused", user.paused(true));
  if (plot.chance.percent(40)) update(plot);
  plot.updating = undefined;
  if (plot.chance.percent(40)) edit(plot, rest, "promote", user.promote);
  edit(plot, rest, "unpaused", user.paused(false));
};

const abort: Chapter = (plot) => {
  edit(plot, middle(plot, true), "abort", user.abort);
  if (plot.chance.percent(60)) edit(plot, rest, "retry", user.retry);
};

/** What it skips depends on the step that the controller is at, which is certain only at a pause and at rest. */
const promote: Chapter = (plot) => {
  const { updating } = plot;
  const when: Milestone = updating !== undefined && plot.chance.percent(50) ? { kind: "pause", image: updating } : rest;
  plot.updating = undefined;
  edit(plot, when, "promote", user.promote);
};

const promoteFull: Chapter = (plot) => edit(plot, middle(plot, true), "promote --full", user.promoteFull);

const newSteps: Chapter = (plot) => {
  if (plot.blueGreen) return promote(plot);
  const steps = stepsOf(plot.chance);
  edit(plot, middle(plot), `steps ${JSON.stringify(steps)}`, (rollout) => {
    const strategy = rollout.spec.strategy?.canary;
    return strategy === undefined ? rollout : user.strategy({ canary: { ...strategy, steps } })(rollout);
  });
};

const failPods: Chapter = (plot) => {
  const { chance, images } = plot;
  const count = 1 + chance.below(2);
  const image = plot.updating ?? plot.image;
  const which = chance.percent(50) ? image : (images.at(-2) ?? image);
  const ms = chance.pick([500, 5_000, 20_000]);
  addStep(plot, middle(plot), `${count} pods of ${which} fail for ${ms} ms`, {
    kind: "failPods",
    image: which,
    count,
    ms,
  });
};

const losePods: Chapter = (plot) => {
  const image = plot.image;
  addStep(plot, middle(plot), `a pod of ${image} is deleted`, { kind: "deletePods", image, count: 1 });
};

const loseSet: Chapter = (plot) => {
  const image = plot.image;
  addStep(plot, rest, `the ReplicaSet of ${image} is deleted`, { kind: "deleteSet", image });
};

const resizeSet: Chapter = (plot) => {
  const image = plot.image;
  addStep(plot, rest, `the ReplicaSet of ${image} is scaled by hand`, {
    kind: "resizeSet",
    image,
    replicas: plot.chance.below(6),
  });
};

const startOver: Chapter = (plot) => {
  addStep(plot, rest, "the Rollout is deleted", { kind: "deleteRollout" });
  const soon: Milestone = { kind: "soon", ms: plot.chance.pick([0, 3, 200]) };
  addStep(plot, plot.chance.percent(50) ? rest : soon, "the Rollout is created again", { kind: "createRollout" });
  plot.updating = undefined;
};

const otherService: Chapter = (plot) => {
  const name = plot.chance.pick(["active", "preview"]);
  if (plot.chance.percent(50)) {
    addStep(plot, rest, `Service ${name} loses its revision`, { kind: "service", name, change: "strip" });
    return;
  }
  addStep(plot, rest, `Service ${name} is deleted`, { kind: "service", name, change: "delete" });
  if (plot.chance.percent(40)) update(plot);
  addStep(plot, rest, `Service ${name} is created again`, { kind: "service", name, change: "create" });
  plot.updating = undefined;
};

const restart: Chapter = (plot) => {
  if (plot.chance.percent(50)) return addStep(plot, rest, "restart", { kind: "restart" });
  const name = nextImage(plot);
  const laterMs = 1_000 * (1 + plot.chance.below(40));
  addStep(plot, rest, `image ${name}, restart ${laterMs / 1_000} s later`, {
    kind: "restart",
    laterMs,
    edit: user.image(name),
  });
};

const otherStrategy: Chapter = (plot) => {
  const next = plot.blueGreen ? canaryOf(plot.chance) : blueGreenOf(plot.chance);
  const { strategy } = next.spec;
  if (strategy === undefined) return;
  plot.blueGreen = !plot.blueGreen;
  edit(plot, rest, plot.blueGreen ? "to blue-green" : "to canary", user.strategy(strategy));
  plot.updating = undefined;
};

const misspell: Chapter = (plot) => {
  edit(plot, rest, "an invalid spec", user.spec({ minReadySeconds: 5_000 }));
  const { minReadySeconds = 0 } = plot.manifest.spec;
  edit(plot, rest, "a valid spec", user.spec({ minReadySeconds }));
  plot.updating = undefined;
};

const note: Chapter = (plot) =>
  edit(plot, middle(plot), "annotate", user.annotate("team", String(plot.chance.below(9))));

/** The relative frequency of each. */
const chapters: readonly (readonly [weight: number, chapter: Chapter])[] = [
  [24, update],
  [8, undo],
  [9, scale],
  [12, promote],
  [6, promoteFull],
  [7, abort],
  [4, hold],
  [4, newSteps],
  [5, failPods],
  [2, losePods],
  [1, loseSet],
  [1, resizeSet],
  [3, startOver],
  [4, otherService],
  [2, restart],
  [2, otherStrategy],
  [1, misspell],
  [1, note],
  [3, badUpdate],
];
const total = chapters.reduce((sum, [weight]) => sum + weight, 0);

function chapterOf(chance: Chance): Chapter {
  let left = chance.below(total);
  for (const [weight, chapter] of chapters) {
    left -= weight;
    if (left < 0) return chapter;
  }
  return update;
}

/** The script of a seed; a `short` one for worlds that take long to play. */
export function writeScript(chance: Chance, short: boolean): Script {
  const blueGreen = chance.percent(40);
  const manifest = blueGreen ? blueGreenOf(chance) : canaryOf(chance);
  const plot: Plot = {
    chance,
    manifest,
    steps: [],
    blueGreen,
    image: "web:1",
    images: ["web:1"],
    replicas: manifest.spec.replicas ?? 1,
    updating: undefined,
  };
  update(plot);
  const length = short ? 1 : chance.pick([0, 1, 1, 2]);
  for (let n = 0; n < length; n += 1) {
    const chapter = chapterOf(chance);
    // Its progress deadline takes long to pass.
    if (!short || chapter !== badUpdate) chapter(plot);
  }
  // So that not every update ends where it was last edited, some are promoted.
  if (chance.percent(40)) edit(plot, rest, "promote", user.promote);
  const delays = new Map(plot.images.map((image) => [image, chance.pick([2_000, 2_000, 2_500, 4_000])]));
  const script: Script = {
    manifest,
    services: ["active", "preview"],
    steps: plot.steps,
    readyMs: (image) => (image === BAD ? undefined : (delays.get(image) ?? 2_000)),
  };
  const placed = takingPlace(script, chance.fork("deployment"));
  const complete = withSettings(routed(placed, chance.fork("routing")), chance.fork("settings"));
  return restored(analysed(complete, chance.fork("analysis")), chance.fork("restore"));
}
