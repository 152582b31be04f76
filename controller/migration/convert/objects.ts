/** Kubernetes objects as they stand in files: parsed, not yet judged. */
import { isObject, type Json } from "../../../kube/object/json.ts";

export const member = (of: unknown, key: string): unknown => (isObject(of) ? of[key] : undefined);

/** The text at a path; "" where there is none. */
export function textAt(of: unknown, ...path: readonly string[]): string {
  const found = path.reduce(member, of);
  return typeof found === "string" ? found : "";
}

export const objectAt = (of: unknown, ...path: readonly string[]): Json => {
  const found = path.reduce(member, of);
  return isObject(found) ? found : {};
};

/** Without the members that are undefined. */
export const compact = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export const without = (object: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** `Deployment "shop/web"`: as people are told of it. */
export function called(object: unknown): string {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name");
  return `${textAt(object, "kind")} "${namespace === "" ? name : `${namespace}/${name}`}"`;
}

/** Files often leave the namespace to whoever applies them: one that is left out may be any. */
export const inSameNamespace = (a: unknown, b: unknown): boolean => {
  const [one, other] = [textAt(a, "metadata", "namespace"), textAt(b, "metadata", "namespace")];
  return one === "" || other === "" || one === other;
};

export const isDeployment = (object: unknown): boolean =>
  textAt(object, "kind") === "Deployment" && /^(apps|extensions)\//.test(textAt(object, "apiVersion"));

export const isRollout = (object: unknown): boolean =>
  textAt(object, "kind") === "Rollout" && textAt(object, "apiVersion").startsWith("argoproj.io/");
