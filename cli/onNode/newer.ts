/** What the demo uses of JavaScript that is newer than Node 20's, as the standard has it. */
type Of<T> = (each: T, index: number) => unknown;

function grouped<T>(items: Iterable<T>, keyOf: Of<T>): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

const ofMap = { groupBy: grouped };

const ofObject = {
  groupBy<T>(items: Iterable<T>, keyOf: Of<T>): object {
    return Object.assign(Object.create(null), Object.fromEntries(grouped(items, keyOf) as Map<string, T[]>)) as object;
  },
};

const ofPromise = {
  withResolvers(): object {
    let settle = {};
    const promise = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    return { promise, ...settle };
  },
};

/** Each ends the iterator that it goes through when it stops early, as `for` does. */
const ofIterators = {
  *map<T>(this: Iterable<T>, of: Of<T>): Iterable<unknown> {
    let index = 0;
    for (const each of this) yield of(each, index++);
  },
  *filter<T>(this: Iterable<T>, of: Of<T>): Iterable<T> {
    let index = 0;
    for (const each of this) if (of(each, index++)) yield each;
  },
  *flatMap<T>(this: Iterable<T>, of: (each: T, index: number) => Iterable<unknown>): Iterable<unknown> {
    let index = 0;
    for (const each of this) yield* of(each, index++);
  },
  *take<T>(this: Iterable<T>, limit: number): Iterable<T> {
    if (limit <= 0) return;
    let index = 0;
    for (const each of this) {
      yield each;
      if (++index >= limit) return;
    }
  },
  *drop<T>(this: Iterable<T>, limit: number): Iterable<T> {
    let index = 0;
    for (const each of this) if (index++ >= limit) yield each;
  },
  toArray<T>(this: Iterable<T>): T[] {
    return [...this];
  },
  forEach<T>(this: Iterable<T>, of: Of<T>): void {
    let index = 0;
    for (const each of this) of(each, index++);
  },
  find<T>(this: Iterable<T>, of: Of<T>): T | undefined {
    let index = 0;
    for (const each of this) if (of(each, index++)) return each;
    return undefined;
  },
  some<T>(this: Iterable<T>, of: Of<T>): boolean {
    let index = 0;
    for (const each of this) if (of(each, index++)) return true;
    return false;
  },
  every<T>(this: Iterable<T>, of: Of<T>): boolean {
    let index = 0;
    for (const each of this) if (!of(each, index++)) return false;
    return true;
  },
  reduce<T>(this: Iterable<T>, of: (sum: unknown, each: T, index: number) => unknown, ...first: unknown[]): unknown {
    let [sum] = first;
    let isBegun = first.length > 0;
    let index = 0;
    for (const each of this) {
      sum = isBegun ? of(sum, each, index) : each;
      isBegun = true;
      index += 1;
    }
    if (!isBegun) throw new TypeError("Cannot reduce an empty iterator without a first value");
    return sum;
  },
};
const ofBytes = {
  toBase64(this: Uint8Array): string {
    return Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString("base64");
  },
};

/** What is given to what. */
export const NEWER: readonly { readonly owner: object; readonly members: object }[] = [
  { owner: Map, members: ofMap },
  { owner: Object, members: ofObject },
  { owner: Promise, members: ofPromise },
  // What iterators of arrays, Map, Set and generators have in common.
  { owner: Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object, members: ofIterators },
  { owner: Uint8Array.prototype, members: ofBytes },
];

/** Sets what is missing; what is there stays. */
export function giveWhatIsNewer(): void {
  for (const { owner, members } of NEWER) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(members))) {
      if (!(name in owner)) Object.defineProperty(owner, name, { ...member, enumerable: false });
    }
  }
}
