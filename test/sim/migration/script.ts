/** What happens to a Deployment that migrates, from a seed: it is opted in, edited, applied again, opted out. */
import type { Chance } from "../script/chance.ts";

export type Mode = "reference" | "adopt";

/** What people do, with kubectl. */
export type Deed =
  /** The annotation of the Deployment, or the label of the Namespace. */
  | { readonly kind: "ask"; readonly mode: Mode; readonly by: "annotation" | "label" }
  /** Neither asks any more. */
  | { readonly kind: "retract" }
  /** `kubectl apply`: where the Deployment is gone it is made anew; `image` and `replicas` change only where they are given. */
  | { readonly kind: "apply"; readonly image?: string; readonly replicas?: number }
  /** `kubectl replace`: annotations that are not in the manifest are lost. */
  | { readonly kind: "replace"; readonly replicas: number }
  /** What the HorizontalPodAutoscaler does to the target that it has. */
  | { readonly kind: "autoscale"; readonly replicas: number }
  | { readonly kind: "deleteRollout" }
  | { readonly kind: "deleteDeployment" }
  /** Whether the webhook answers from now on. */
  | { readonly kind: "webhook"; readonly there: boolean };

export interface Step {
  /** After the deed before; undefined: when nothing changes any more. */
  readonly soonMs: number | undefined;
  readonly deed: Deed;
}

export interface MigrationScript {
  readonly replicas: number;
  /** How long a pod takes to become ready, ms. */
  readonly readyMs: number;
  readonly hasAutoscaler: boolean;
  /** It asks from its first moment on. */
  readonly born: Mode | undefined;
  readonly steps: readonly Step[];
}

const SOON_MS = [0, 1, 3, 8, 15, 30, 60, 150, 600, 1_500, 2_500, 4_000, 9_000] as const;

/** Between a deed of a migration and the next there are moments of every kind: after each write, and between them. */
const soon = (chance: Chance): number => chance.pick(SOON_MS);

interface Plot {
  readonly chance: Chance;
  readonly steps: Step[];
  images: number;
  mode: Mode;
  by: "annotation" | "label";
}

type Chapter = (plot: Plot, soonMs: number | undefined) => void;

const add = ({ steps }: Plot, soonMs: number | undefined, deed: Deed): void => void steps.push({ soonMs, deed });

const size = ({ chance }: Plot): number => 1 + chance.below(5);

const nextImage = (plot: Plot): string => `web:${(plot.images += 1)}`;

const applyAgain: Chapter = (plot, soonMs) => add(plot, soonMs, { kind: "apply", replicas: size(plot) });

const newImage: Chapter = (plot, soonMs) => {
  const replicas = plot.chance.percent(40) ? { replicas: size(plot) } : {};
  add(plot, soonMs, { kind: "apply", image: nextImage(plot), ...replicas });
};

/** The API server loses the webhook, and somebody writes meanwhile. */
const unreviewed: Chapter = (plot, soonMs) => {
  add(plot, soonMs, { kind: "webhook", there: false });
  const chapter = plot.chance.pick([applyAgain, applyAgain, newImage, replace, toZero]);
  chapter(plot, plot.chance.percent(50) ? undefined : soon(plot.chance));
  add(plot, plot.chance.percent(50) ? undefined : soon(plot.chance), { kind: "webhook", there: true });
};

const replace: Chapter = (plot, soonMs) => add(plot, soonMs, { kind: "replace", replicas: size(plot) });

const toZero: Chapter = (plot, soonMs) => {
  add(plot, soonMs, { kind: "apply", replicas: 0 });
  applyAgain(plot, plot.chance.percent(60) ? undefined : soon(plot.chance));
};

const autoscale: Chapter = (plot, soonMs) => add(plot, soonMs, { kind: "autoscale", replicas: size(plot) });

const retract: Chapter = (plot, soonMs) => {
  add(plot, soonMs, { kind: "retract" });
  if (plot.chance.percent(60)) {
    plot.by = plot.chance.pick(["annotation", "label"]);
    const when = plot.chance.percent(50) ? undefined : soon(plot.chance);
    add(plot, when, { kind: "ask", mode: plot.mode, by: plot.by });
  }
};

const deleteRollout: Chapter = (plot, soonMs) => add(plot, soonMs, { kind: "deleteRollout" });

const deleteDeployment: Chapter = (plot, soonMs) => {
  add(plot, soonMs, { kind: "deleteDeployment" });
  applyAgain(plot, plot.chance.percent(50) ? undefined : soon(plot.chance));
};

const chapters: Readonly<Record<Mode, readonly [Chapter, ...Chapter[]]>> = {
  reference: [
    applyAgain,
    applyAgain,
    newImage,
    newImage,
    unreviewed,
    unreviewed,
    unreviewed,
    replace,
    toZero,
    autoscale,
    retract,
    retract,
    deleteRollout,
    deleteRollout,
    deleteDeployment,
  ],
  // What is deleted while it is taken over is gone: whoever deletes a Rollout deletes its pods.
  adopt: [applyAgain, newImage, newImage, autoscale, retract, unreviewed, toZero],
};

export function writeMigration(chance: Chance): MigrationScript {
  const mode = chance.pick<Mode>(["reference", "reference", "adopt"]);
  const born = mode === "reference" && chance.percent(20) ? mode : undefined;
  const plot: Plot = { chance, steps: [], images: 1, mode, by: chance.pick(["annotation", "annotation", "label"]) };
  if (chance.percent(15)) add(plot, undefined, { kind: "webhook", there: false });
  if (born === undefined) add(plot, undefined, { kind: "ask", mode, by: plot.by });
  const length = chance.pick([0, 1, 1, 2, 3]);
  for (let n = 0; n < length; n += 1) chance.pick(chapters[mode])(plot, chance.percent(60) ? soon(chance) : undefined);
  if (chance.percent(50)) add(plot, chance.percent(60) ? undefined : soon(chance), { kind: "retract" });
  return {
    replicas: size(plot),
    readyMs: chance.pick([500, 2_000, 2_000, 4_000]),
    hasAutoscaler: chance.percent(35),
    born,
    steps: plot.steps,
  };
}

/** In words, for the story. */
export function wordsOf(deed: Deed): string {
  switch (deed.kind) {
    case "ask":
      return `asks for mode ${deed.mode} by ${deed.by}`;
    case "retract":
      return "does not ask any more";
    case "apply":
      return `kubectl apply${deed.image === undefined ? "" : ` image ${deed.image}`}${deed.replicas === undefined ? "" : ` replicas ${deed.replicas}`}`;
    case "replace":
      return `kubectl replace with replicas ${deed.replicas}`;
    case "autoscale":
      return `the autoscaler sets ${deed.replicas}`;
    case "deleteRollout":
      return "kubectl delete rollout";
    case "deleteDeployment":
      return "kubectl delete deployment";
    case "webhook":
      return deed.there ? "the webhook answers again" : "the webhook is lost";
    default:
      return deed satisfies never;
  }
}
