/**
 * What the demo's user does, when, and the captions for it. Each action waits for a milestone that the cluster reaches
 * by itself; apart from the captions nothing that is shown is made up. A person at the keys may decide otherwise than
 * the story does: beats that no longer apply are left out.
 */
import { abort } from "../../controller/rollout/verbs/abort.ts";
import { promote, promoteFull } from "../../controller/rollout/verbs/promote.ts";
import { MIGRATE } from "../../schema/labels.ts";
import type { ApiCore, ApiServer } from "../model/model.ts";
import { annotateDeployment, apply, getRollout, imageTo, perform, type Reply, undoUpdate } from "./kubectl.ts";
import { badSearch, badShop, blog, checkout, search, shop, wrong } from "./manifests.ts";
import type { Picture } from "./picture.ts";

/** Where the user's commands go. */
export interface Where {
  readonly server: ApiServer;
  readonly core: ApiCore;
}

/** An action of the user, and its outcome. */
export interface Beat {
  /** What the user types; "" for a moment in which only time goes by. */
  readonly command: string;
  readonly act?: (where: Where) => Promise<Reply | void>;
  /** Whether the beat applies when its turn comes; without it, always. */
  readonly when?: (picture: Picture) => boolean;
  /** The act is a person's decision: what to ask at the keys, before the demo does it by itself. */
  readonly ask?: string;
  readonly caption: string;
  /** Whether the outcome that the beat waits for is there. */
  readonly until: (picture: Picture) => boolean;
  /** How much faster than real time the cluster's clock runs. */
  readonly speed: number;
  /** How long to show the outcome, in ms of real time. */
  readonly showMs: number;
}

export interface Scene {
  readonly title: string;
  /** The Rollout that it is about; a scene of refusals has no Rollout. */
  readonly rollout: string | undefined;
  /** The image that the update is to. */
  readonly image?: string;
  /** A manifest to show, instead of a Rollout. */
  readonly manifest?: string;
  readonly beats: readonly Beat[];
}

const isHealthy = ({ phase }: Picture): boolean => phase === "Healthy";
const waitsAt = (step: number) => (picture: Picture) =>
  picture.isUpdating && picture.phase === "Paused" && picture.steps[step]?.state === "now";
const isPreviewed = ({ isUpdating, phase }: Picture): boolean => isUpdating && phase === "Paused";
const onlyLatestHasPods = ({ versions }: Picture): boolean => versions.length === 1;
const isReleased = (picture: Picture): boolean => isHealthy(picture) && onlyLatestHasPods(picture);

const isAborted = (picture: Picture): boolean => picture.isAborted;
const isNotAborted = (picture: Picture): boolean => !picture.isAborted;
const orAborted = (milestone: (picture: Picture) => boolean) => (picture: Picture) =>
  picture.isAborted || milestone(picture);

function isTurnedBack({ isAborted, versions, replicas, services }: Picture): boolean {
  const [stable, ...newer] = versions;
  return (
    isAborted &&
    newer.every(({ pods }) => pods.length === 0) &&
    stable?.pods.length === replicas &&
    services[0]?.behind.get(stable.revision) === replicas
  );
}

const at = (): boolean => true;

/** For an update of the shop that goes on after its first pause. */
const shopGoesOn = (half: string, all: string): readonly Beat[] => [
  {
    when: isNotAborted,
    command: "",
    caption: half,
    until: orAborted(({ steps }) => steps[3]?.state === "done"),
    speed: 4,
    showMs: 0,
  },
  { when: isNotAborted, command: "", caption: all, until: orAborted(isReleased), speed: 2, showMs: 1_500 },
];

const canary: Scene = {
  title: "Canary",
  rollout: "shop",
  image: "shop:2.0",
  beats: [
    {
      command: "kubectl apply -f shop.yaml",
      act: ({ server }) => apply(server, shop),
      caption: "A shop in ten pods. Its first version starts at once: there is nothing to protect yet.",
      until: isHealthy,
      speed: 2,
      showMs: 900,
    },
    {
      command: "kubectl argo rollouts set image shop shop=shop:2.0",
      act: async ({ server }) => void (await perform(server, "shop", imageTo("shop:2.0"))),
      caption: "A new version. Two pods run it, so a fifth of the requests try it.",
      until: orAborted(waitsAt(1)),
      speed: 1,
      showMs: 1_200,
    },
    {
      when: waitsAt(1),
      ask: "It waits for a person, who looks at it and sees no errors. Promote it?",
      command: "kubectl argo rollouts promote shop",
      act: async ({ server }) => void (await perform(server, "shop", promote)),
      caption: "A person has looked at it, saw no errors, and says yes.",
      until: (picture) => !waitsAt(1)(picture),
      speed: 1,
      showMs: 600,
    },
    ...shopGoesOn(
      "On to half of the pods, for ten seconds: time for alarms to go off.",
      "Version 2.0 takes over, pod by pod, with ten of them ready at any time.",
    ),
    {
      when: isAborted,
      command: "",
      caption: "All requests go back to 1.0. Degraded says that 2.0 is not released.",
      until: isTurnedBack,
      speed: 1,
      showMs: 2_000,
    },
  ],
};

const bad: Scene = {
  title: "Bad version",
  rollout: "shop",
  image: badShop,
  beats: [
    {
      command: `kubectl argo rollouts set image shop shop=${badShop}`,
      act: async ({ server }) => void (await perform(server, "shop", imageTo(badShop))),
      caption: "The next version. Its pods start and report that they are ready, as those before did.",
      until: orAborted(waitsAt(1)),
      speed: 1,
      showMs: 1_500,
    },
    {
      when: waitsAt(1),
      ask: "Half of the answers of 2.1 are errors: a tenth of all requests. Abort it?",
      command: "kubectl argo rollouts abort shop",
      act: async ({ server }) => void (await perform(server, "shop", abort)),
      caption: "A person sees the errors and aborts: a fifth of the requests got that far, no more.",
      until: (picture) => !waitsAt(1)(picture),
      speed: 1,
      showMs: 0,
    },
    ...shopGoesOn(
      "You let it go on: half of the pods run it, and a quarter of the requests fail.",
      "Now it is everywhere, and half of all requests fail.",
    ),
    {
      when: isAborted,
      command: "",
      caption: "All requests go back to the version before. Degraded says that 2.1 is not released.",
      until: isTurnedBack,
      speed: 1,
      showMs: 3_000,
    },
    {
      when: isNotAborted,
      command: "kubectl argo rollouts undo shop",
      act: (where) => undoUpdate(where, "shop"),
      caption: "Undo: the template of the version before is back, and would go by the steps.",
      until: ({ isUpdating }) => isUpdating,
      speed: 1,
      showMs: 1_500,
    },
    {
      when: isNotAborted,
      command: "kubectl argo rollouts promote shop --full",
      act: async ({ server }) => void (await perform(server, "shop", promoteFull)),
      caption: "There is no time for steps: all of it, at once.",
      until: orAborted(isReleased),
      speed: 1,
      showMs: 2_000,
    },
  ],
};

const blueGreen: Scene = {
  title: "Blue-green",
  rollout: "checkout",
  image: "checkout:2.0",
  beats: [
    {
      command: "kubectl apply -f checkout.yaml",
      act: ({ server }) => apply(server, checkout),
      caption: "A checkout that must not run in two versions at once: one Service for customers, one to preview.",
      until: isHealthy,
      speed: 2,
      showMs: 1_000,
    },
    {
      command: "kubectl argo rollouts set image checkout checkout=checkout:2.0",
      act: async ({ server }) => void (await perform(server, "checkout", imageTo("checkout:2.0"))),
      caption: "All of 2.0 starts beside 1.0. Only the preview leads there: test it in peace.",
      until: orAborted(isPreviewed),
      speed: 1,
      showMs: 1_500,
    },
    {
      when: isPreviewed,
      ask: "It waits for a person, who has tried the preview. Promote it?",
      command: "kubectl argo rollouts promote checkout",
      act: async ({ server }) => void (await perform(server, "checkout", promote)),
      caption: "A person has tried the preview: from one moment to the next, every request goes to 2.0.",
      until: orAborted(({ services, versions }) => services[0]?.behind.has(versions.at(-1)?.revision ?? 0) === true),
      speed: 1,
      showMs: 1_800,
    },
    {
      when: isNotAborted,
      command: "",
      caption: "1.0 stays for another 30 seconds, in case you want back at once. Then it goes.",
      until: orAborted(onlyLatestHasPods),
      speed: 15,
      showMs: 1_000,
    },
    {
      when: isAborted,
      command: "",
      caption: "Turned back: customers never left 1.0. The pods of 2.0 stay for 30 seconds, then they go.",
      until: isTurnedBack,
      speed: 15,
      showMs: 1_500,
    },
  ],
};

const refused: Scene = {
  title: "Refused",
  rollout: undefined,
  manifest: wrong,
  beats: [
    {
      command: "",
      caption: "A Rollout for the cart, written in a hurry. Can you see what is wrong with it?",
      until: at,
      speed: 1,
      showMs: 3_000,
    },
    {
      command: "kubectl apply -f cart.yaml",
      act: ({ server }) => apply(server, [wrong]),
      caption: "Sluice's webhook refuses it: everything that is wrong at once, and where.",
      until: at,
      speed: 1,
      showMs: 3_500,
    },
    {
      command: "kubectl get rollout cart",
      act: ({ server }) => getRollout(server, "cart"),
      caption: "Nothing of it got into the cluster.",
      until: at,
      speed: 1,
      showMs: 900,
    },
  ],
};

const isServing = ({ versions, replicas }: Picture): boolean =>
  versions.flatMap(({ pods }) => pods).filter(({ state }) => state === "ready").length === replicas;

const adopted: Scene = {
  title: "Adopt",
  rollout: "blog",
  image: "blog:2.0",
  beats: [
    {
      command: "kubectl apply -f blog.yaml",
      act: ({ server }) => apply(server, blog),
      caption: "A blog, as a Deployment like thousands of others: its updates ask nobody.",
      until: isServing,
      speed: 2,
      showMs: 1_200,
    },
    {
      command: "kubectl annotate deployment blog sluice.dev/migrate=adopt",
      act: ({ server }) => annotateDeployment(server, "blog", MIGRATE, "adopt"),
      caption: "One annotation: a Rollout takes over its pods as they run. None is restarted.",
      until: isHealthy,
      speed: 1,
      showMs: 1_500,
    },
    {
      command: "kubectl argo rollouts set image blog blog=blog:2.0",
      act: async ({ server }) => void (await perform(server, "blog", imageTo("blog:2.0"))),
      caption: "From now on a new version is a canary: one pod of ten tries it.",
      until: orAborted(waitsAt(1)),
      speed: 1,
      showMs: 1_000,
    },
    {
      when: waitsAt(1),
      ask: "It goes on after five minutes, or when a person says so. Promote it?",
      command: "kubectl argo rollouts promote blog",
      act: async ({ server }) => void (await perform(server, "blog", promote)),
      caption: "A person says so: on to half of the pods.",
      until: (picture) => !waitsAt(1)(picture),
      speed: 1,
      showMs: 600,
    },
    {
      when: isNotAborted,
      command: "kubectl argo rollouts promote blog --full",
      act: async ({ server }) => void (await perform(server, "blog", promoteFull)),
      caption: "No need to wait for the rest: a canary, and nobody has written a Rollout.",
      until: orAborted(isReleased),
      speed: 2,
      showMs: 1_500,
    },
    {
      when: isAborted,
      command: "",
      caption: "All requests go back to 1.0: the Deployment of before could not have done that.",
      until: isTurnedBack,
      speed: 1,
      showMs: 1_500,
    },
  ],
};

/** A person who promotes every step may be quicker than the analysis. */
const isOver = (picture: Picture): boolean => isTurnedBack(picture) || isReleased(picture);

const analysed: Scene = {
  title: "Analysis",
  rollout: "search",
  image: badSearch,
  beats: [
    {
      command: "kubectl apply -f search.yaml",
      act: ({ server }) => apply(server, search),
      caption: "A search, and an AnalysisTemplate: Prometheus is asked for errors every five seconds.",
      until: isHealthy,
      speed: 2,
      showMs: 1_200,
    },
    {
      command: `kubectl argo rollouts set image search search=${badSearch}`,
      act: async ({ server }) => void (await perform(server, "search", imageTo(badSearch))),
      caption: "A bad version, at night: two pods run it, and nobody looks on but an AnalysisRun.",
      until: orAborted(waitsAt(1)),
      speed: 1,
      showMs: 1_200,
    },
    {
      when: isNotAborted,
      command: "",
      caption: "A tenth of the requests fail. Once is forgiven, twice is not.",
      until: orAborted(isOver),
      speed: 2,
      showMs: 0,
    },
    {
      when: isAborted,
      command: "",
      caption: "The analysis has aborted the update: all requests go back to 1.0, and nobody was woken.",
      until: isOver,
      speed: 1,
      showMs: 3_000,
    },
  ],
};

export const scenes: readonly Scene[] = [canary, bad, blueGreen, refused, adopted, analysed];
