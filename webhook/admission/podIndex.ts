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
  readonly namespace: string;
  readonly owner: PodOwner;
}

/** Of a text only 32 bits are kept, which is less than the text; a collision only finds some owners more. */
const short = (text: string): number => Bun.hash.xxHash32(text);

const pairsOf = (namespace: string, labels: Labels): readonly string[] =>
  Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`);

/** The longest text is hardly one that many have in common. */
function rarest(namespace: string, labels: Labels): string | undefined {
  return pairsOf(namespace, labels).reduce<string | undefined>(
    (a, b) => (a === undefined || b.length > a.length ? b : a),
    undefined,
  );
}

/** Under its namespace, under a pair of its selector (without one: the namespace), and under each pair of its labels. */
const filesOf = ({ namespace, owner: { selector, labels } }: Entry): readonly number[] => [
  short(`n${namespace}`),
  short(`s${rarest(namespace, selector?.matchLabels ?? {}) ?? namespace}`),
  ...pairsOf(namespace, labels).map((pair) => short(`l${pair}`)),
];

/** Most files have one entry, for which a set would take more memory than all the rest. */
type File = Entry | Set<Entry>;

const inFile = (file: File | undefined): readonly Entry[] => {
  if (file === undefined) return [];
  return file instanceof Set ? [...file] : [file];
};

function withEntry(file: File | undefined, entry: Entry): File {
  if (file instanceof Set) return file.add(entry);
  return file === undefined || file === entry ? entry : new Set([file, entry]);
}

function withoutEntry(file: File | undefined, entry: Entry): File | undefined {
  if (!(file instanceof Set)) return file === entry ? undefined : file;
  file.delete(entry);
  return file.size === 0 ? undefined : file;
}

export function createPodIndex(): PodIndex {
  const entries = new Map<string, Entry>();
  const files = new Map<number, File>();
  const drop = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    for (const name of filesOf(entry)) {
      const left = withoutEntry(files.get(name), entry);
      if (left === undefined) files.delete(name);
      else files.set(name, left);
    }
  };
  return {
    put(key, namespace, owner) {
      drop(key);
      if (owner === undefined) return;
      const entry: Entry = { namespace, owner };
      entries.set(key, entry);
      for (const name of filesOf(entry)) files.set(name, withEntry(files.get(name), entry));
    },
    like(namespace, selector, labels) {
      const own = rarest(namespace, selector.matchLabels ?? {});
      const names = [
        // A selector of expressions alone may select anything.
        `s${namespace}`,
        ...pairsOf(namespace, labels).map((pair) => `s${pair}`),
        own === undefined ? `n${namespace}` : `l${own}`,
      ];
      const found = new Set(names.flatMap((name) => inFile(files.get(short(name)))));
      return [...found].filter((entry) => entry.namespace === namespace).map(({ owner }) => owner);
    },
  };
}
