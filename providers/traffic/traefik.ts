/** Traefik: the weights of a TraefikService. It is not driven yet, and has no label in metrics, as in the reference. */
import type { UndrivenRouter } from "./router.ts";
import { always } from "./traits.ts";

export const traefik: UndrivenRouter<"traefik"> = {
  kind: "traefik",
  title: "Traefik",
  abilities: {},
  needsServices: always,
};
