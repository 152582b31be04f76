/**
 * Owners of pods, found by labels: a namespace may have thousands, and only those that share a label with a Rollout can
 * have the same pods.
 */
import type { PodOwner } from "../../controller/rules/rollout/neighbours.ts";
import type { LabelSelector } from "../../schema/kube.ts";

type Labels = Readonly<Record<string, string>>;

export interface PodIndex {
  /** @param key identifies the owner; `owner` undefined: there is none (any more) */
  put(key: string, namespace: string, owner: PodOwner | undefined): void;
  /** All owners that select these labels, or whose labels the selector selects, and some others. */
  like(namespace: string, selector: LabelSelector, labels: Labels): readonly PodOwner[];
}

interface Entry {
  readonly owner: PodOwner;
  readonly filed: readonly string[];
}

const pair = (namespace: string, [key, value]: readonly [string, string]): string => `${namespace}/${key}=${value}`;

/** The longest text is hardly one that many have in common. */
function rarest(namespace: string, labels: Labels): string | undefined {
  const pairs = Object.entries(labels).map((each) => pair(namespace, each));
  return pairs.reduce<string | undefined>((a, b) => (a === undefined || b.length > a.length ? b : a), undefined);
}

export function createPodIndex(): PodIndex {
  const entries = new Map<string, Entry>();
  /** Keys by what they are filed under: "s" and a pair of the selector, "l" and a pair of the labels, "n" and the namespace. */
  const files = new Map<string, Set<string>>();
  const drop = (key: string): void => {
    for (const name of entries.get(key)?.filed ?? []) {
      const file = files.get(name);
      file?.delete(key);
      if (file?.size === 0) files.delete(name);
    }
    entries.delete(key);
  };
  return {
    put(key, namespace, owner) {
      drop(key);
      if (owner === undefined) return;
      const filed = [
        `n${namespace}`,
        `s${rarest(namespace, owner.selector?.matchLabels ?? {}) ?? namespace}`,
        ...Object.entries(owner.labels).map((each) => `l${pair(namespace, each)}`),
      ];
      entries.set(key, { owner, filed });
      for (const name of filed) files.set(name, (files.get(name) ?? new Set()).add(key));
    },
    like(namespace, selector, labels) {
      const own = rarest(namespace, selector.matchLabels ?? {});
      const names = [
        // A selector of expressions alone may select anything.
        `s${namespace}`,
        ...Object.entries(labels).map((each) => `s${pair(namespace, each)}`),
        own === undefined ? `n${namespace}` : `l${own}`,
      ];
      const keys = new Set(names.flatMap((name) => [...(files.get(name) ?? [])]));
      return [...keys].flatMap((key) => entries.get(key)?.owner ?? []);
    },
  };
}
