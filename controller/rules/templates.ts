import type { Lookup } from "./lookup.ts";

/** Specs of templates by name: those of one namespace, and those of the cluster. */
export interface Templates {
  readonly namespaced: Lookup<unknown>;
  readonly cluster: Lookup<unknown>;
}

/** A Rollout that may use a template, and all templates that it may use. */
export interface TemplateUser {
  readonly rollout: unknown;
  readonly templates: Templates;
}
