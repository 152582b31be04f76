/** What a person at the keys can do to the demo's Rollout: the verbs of `kubectl argo rollouts`. Pure. */
import { abort } from "../../controller/rollout/verbs/abort.ts";
import { pause, resume } from "../../controller/rollout/verbs/pause.ts";
import { promote } from "../../controller/rollout/verbs/promote.ts";
import type { VerbOutcome } from "../../controller/rollout/verbs/verb.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Picture } from "./picture.ts";

export type Key = "goOn" | "abort" | "pause";

/** What a key would do at the moment; "next" only ends the look at what is shown. */
export type Offer = "promote" | "abort" | "pause" | "resume" | "next";

/** What the keys would do, each key once. */
export function offersOf(picture: Picture | undefined, isLook: boolean): readonly Offer[] {
  const goOn: readonly Offer[] = picture?.isUpdating === true ? ["promote", "abort"] : isLook ? ["next"] : [];
  if (picture?.isPausedByUser === true) return [...goOn, "resume"];
  return picture?.isUpdating === true ? [...goOn, "pause"] : goOn;
}

const wanted: { readonly [K in Key]: readonly Offer[] } = {
  goOn: ["promote", "next"],
  abort: ["abort"],
  pause: ["pause", "resume"],
};

/** @returns the offer that a key takes; undefined when it does nothing at the moment */
export const offerFor = (key: Key, offers: readonly Offer[]): Offer | undefined =>
  offers.find((offer) => wanted[key].includes(offer));

export interface Deed {
  /** As typed for a Rollout of this name. */
  readonly command: (name: string) => string;
  readonly verb: (rollout: Rollout) => VerbOutcome;
  readonly caption: string;
  /** In place of the caption, for a Rollout that the user has paused. */
  readonly captionWhilePaused?: string;
}

export const deeds: { readonly [O in Exclude<Offer, "next">]: Deed } = {
  promote: {
    command: (name) => `kubectl argo rollouts promote ${name}`,
    verb: promote,
    caption: "You said yes: it goes on.",
  },
  abort: {
    command: (name) => `kubectl argo rollouts abort ${name}`,
    verb: abort,
    caption: "You turned it back: the version before takes all requests again.",
    // docs/behaviour/pauses-and-aborts.md#what-a-pause-stops
    captionWhilePaused: "You turned it back, but it is paused, and nothing moves until you resume it with p.",
  },
  pause: {
    command: (name) => `kubectl argo rollouts pause ${name}`,
    verb: pause,
    caption: "You paused it: it stays where it is until you resume it with p, or promote it.",
  },
  // The plugin has no verb for it but promote, which ends the pauses of steps, too.
  resume: {
    command: (name) => `kubectl patch rollout ${name} --type merge -p '{"spec":{"paused":false}}'`,
    verb: resume,
    caption: "You resumed it: it goes on from where it was.",
  },
};
