/** What all of the objects that are shown have in common. */
import { REVISION } from "../../schema/labels.ts";
import type { ObjectInfo } from "./info.ts";

export interface SeenMeta {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly creationTimestamp?: string | null | undefined;
  readonly annotations?: Readonly<Record<string, string>> | null | undefined;
}

export const objectInfo = ({ name, namespace, uid, creationTimestamp }: SeenMeta): ObjectInfo => ({
  name: name ?? "",
  namespace: namespace ?? "",
  uid: uid ?? "",
  creationTimestamp: creationTimestamp ?? "",
});

/** 0: it has none. */
export function revisionOf({ annotations }: SeenMeta): number {
  const text = annotations?.[REVISION] ?? "";
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

interface Shown {
  readonly objectMeta: ObjectInfo;
  readonly revision: number;
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const byName = (a: Shown, b: Shown): number => order(a.objectMeta.name, b.objectMeta.name);

/** RFC 3339 in UTC and whole seconds, which the API server writes, is ordered as text. */
export const byCreation = (a: { readonly objectMeta: ObjectInfo }, b: { readonly objectMeta: ObjectInfo }): number =>
  order(a.objectMeta.creationTimestamp, b.objectMeta.creationTimestamp) || order(a.objectMeta.name, b.objectMeta.name);

export const byRevision = (a: Shown, b: Shown): number => b.revision - a.revision;
