/** Rollouts of which a story needs nothing special but their strategy. */
import type { KubeObject } from "./api.ts";

export const podsOf = (app: string, image = "web:1") => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "web", image }] },
});

/** @param app its name, too. @param more members of its spec */
export const rolloutOf = (app: string, strategy: object = { canary: {} }, more: object = {}): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: app },
  spec: { replicas: 5, selector: { matchLabels: { app } }, template: podsOf(app), strategy, ...more },
});
