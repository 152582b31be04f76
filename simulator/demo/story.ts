/**
 * What the demo's user does, when, and the captions for it. Each action waits for a milestone that the cluster reaches
 * by itself; apart from the captions nothing that is shown is made up.
 */
import type { ApiServer } from "../model/model.ts";
import { promote } from "../../controller/rollout/verbs/promote.ts";
import { apply, getRollout, imageTo, perform, type Reply } from "./kubectl.ts";
import { checkout, shop, wrong } from "./manifests.ts";
import type { Picture } from "./picture.ts";

/** An action of the user, and its outcome. */
export interface Beat {
  /** What the user types; "" for a moment in which only time goes by. */
  readonly command: string;
  readonly act?: (server: ApiServer) => Promise<Reply | void>;
  readonly caption: string;
  /** Whether the outcome that the beat waits for is there. */
  readonly until: (picture: Picture) => boolean;
  /** How much faster than real time the cluster's clock runs. */
  readonly speed: number;
  /** How long to show the outcome, in ms of real time. */
  readonly lookMs: number;
}

export interface Scene {
  readonly title: string;
  /** The Rollout that it is about; a scene of refusals has no Rollout. */
  readonly rollout: string | undefined;
  /** A manifest to show, instead of a Rollout. */
  readonly manifest?: string;
  readonly beats: readonly Beat[];
}

const isHealthy = ({ phase }: Picture): boolean => phase === "Healthy";
const isPausedAt = (step: number) => (picture: Picture) =>
  picture.phase === "Paused" && picture.steps[step]?.state === "now";

const onlyLatestHasPods = ({ versions }: Picture): boolean => versions.length === 1;
const at = (): boolean => true;

const canary: Scene = {
  title: "Canary",
  rollout: "shop",
  beats: [
    {
      command: "kubectl apply -f shop.yaml",
      act: (server) => apply(server, shop),
      caption: "A shop in ten pods. Its first version starts at once: there is nothing to protect yet.",
      until: isHealthy,
      speed: 2,
      lookMs: 900,
    },
    {
      command: "kubectl argo rollouts set image shop shop=shop:2.0",
      act: (server) => perform(server, "shop", imageTo("shop:2.0")),
      caption: "A new version. Two pods run it, so a fifth of the requests try it.",
      until: isPausedAt(1),
      speed: 1,
      lookMs: 600,
    },
    {
      command: "",
      caption: "A pause of ten seconds: time for alarms to go off while few would notice.",
      until: ({ steps }) => steps[1]?.state === "done",
      speed: 5,
      lookMs: 0,
    },
    {
      command: "",
      caption: "On to half of the pods. The next pause has no end: somebody has to look, and say yes.",
      until: isPausedAt(3),
      speed: 2,
      lookMs: 2_000,
    },
    {
      command: "kubectl argo rollouts promote shop",
      act: (server) => perform(server, "shop", promote),
      caption: "Yes! Version 2.0 takes over, pod by pod, with ten of them ready at any time.",
      until: (picture) => isHealthy(picture) && onlyLatestHasPods(picture),
      speed: 2,
      lookMs: 1_500,
    },
  ],
};

const blueGreen: Scene = {
  title: "Blue-green",
  rollout: "checkout",
  beats: [
    {
      command: "kubectl apply -f checkout.yaml",
      act: (server) => apply(server, checkout),
      caption: "A checkout that must not run in two versions at once: one Service for customers, one to preview.",
      until: isHealthy,
      speed: 2,
      lookMs: 1_000,
    },
    {
      command: "kubectl argo rollouts set image checkout checkout=checkout:2.0",
      act: (server) => perform(server, "checkout", imageTo("checkout:2.0")),
      caption: "All of 2.0 starts beside 1.0. Only the preview leads there: test it in peace.",
      until: ({ phase }) => phase === "Paused",
      speed: 1,
      lookMs: 2_000,
    },
    {
      command: "kubectl argo rollouts promote checkout",
      act: (server) => perform(server, "checkout", promote),
      caption: "From one moment to the next, every request goes to 2.0.",
      until: ({ services, versions }) => services[0]?.behind.has(versions.at(-1)?.revision ?? 0) === true,
      speed: 1,
      lookMs: 1_800,
    },
    {
      command: "",
      caption: "1.0 stays for another 30 seconds, in case you want back at once. Then it goes.",
      until: onlyLatestHasPods,
      speed: 15,
      lookMs: 1_000,
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
      lookMs: 2_000,
    },
    {
      command: "kubectl apply -f cart.yaml",
      act: (server) => apply(server, [wrong]),
      caption: "Sluice's webhook refuses it: everything that is wrong at once, and where.",
      until: at,
      speed: 1,
      lookMs: 2_600,
    },
    {
      command: "kubectl get rollout cart",
      act: (server) => getRollout(server, "cart"),
      caption: "Nothing of it got into the cluster.",
      until: at,
      speed: 1,
      lookMs: 900,
    },
  ],
};

export const scenes: readonly Scene[] = [canary, blueGreen, refused];
