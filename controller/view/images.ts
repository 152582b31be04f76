/** The images that run, and for whom. */
import type { ExperimentInfo, ReplicaSetInfo, RolloutInfo } from "./info.ts";

export interface RunningImage {
  readonly image: string;
  /** `canary`, `stable`, …, `Σ:TEMPLATE` of an Experiment. */
  readonly tags: readonly string[];
}

type Tag = "canary" | "stable" | "active" | "preview" | "ping" | "pong";

const TAGS: readonly Tag[] = ["canary", "stable", "active", "preview", "ping", "pong"];

const used = (replicaSets: readonly ReplicaSetInfo[], tagsOf: (of: ReplicaSetInfo) => readonly string[]) =>
  replicaSets
    .filter(({ replicas }) => replicas > 0)
    .flatMap((one) => one.images.map((image) => ({ image, tags: tagsOf(one) })));

/** Tags keep their order until an image is found a second time. */
function merged(found: readonly RunningImage[]): readonly RunningImage[] {
  const byImage = new Map<string, readonly string[]>();
  for (const { image, tags } of found) {
    const before = byImage.get(image);
    byImage.set(image, before === undefined ? tags : [...new Set([...before, ...tags])].toSorted());
  }
  return [...byImage]
    .map(([image, tags]) => ({ image, tags }))
    .toSorted((a, b) => (a.image < b.image ? -1 : a.image > b.image ? 1 : 0));
}

export const experimentImages = ({ replicaSets }: ExperimentInfo): readonly RunningImage[] =>
  merged(used(replicaSets, ({ template }) => (template === "" ? [] : [`Σ:${template}`])));

export const rolloutImages = ({ replicaSets, experiments }: RolloutInfo): readonly RunningImage[] =>
  merged([...used(replicaSets, (one) => TAGS.filter((tag) => one[tag])), ...experiments.flatMap(experimentImages)]);
