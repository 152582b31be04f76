/** What older Nodes get is what the standard has: each is compared with the one that is here. */
import { describe, expect, test } from "bun:test";
import { NEWER } from "./newer.ts";

/** The ways in which a member is used: each is given the owner's own member, and ours. */
type Use = (member: (...given: never[]) => unknown) => unknown;

const words = ["one", "two", "three", "four"];
/** Says whether it was ended early. */
function* counted(log: unknown[]): Generator<string> {
  try {
    yield* words;
  } finally {
    log.push("ended");
  }
}

const listed = (made: unknown): unknown =>
  typeof made === "object" && made !== null && Symbol.iterator in made ? [...(made as Iterable<unknown>)] : made;
/** The calls that a callback gets are part of what is compared, and whether the iterator was ended. */
const over =
  (...more: unknown[]): Use =>
  (member) => {
    const log: unknown[] = [];
    const given = more.map((each) =>
      typeof each === "function"
        ? (...args: unknown[]) => {
            log.push(args);
            return (each as (...args: unknown[]) => unknown)(...args);
          }
        : each,
    );
    return [listed(Reflect.apply(member, counted(log), given)), log];
  };
const isShort = (word: string): boolean => word.length === 3;

const uses: Readonly<Record<string, readonly Use[]>> = {
  "Map groupBy": [(member) => [...(Reflect.apply(member, Map, [words, isShort]) as Map<boolean, string[]>)]],
  "Object groupBy": [
    (member) => {
      const groups = Reflect.apply(member, Object, [
        words,
        (word: string, index: number) => word.length + index,
      ]) as object;
      return [Object.entries(groups), Object.getPrototypeOf(groups) as unknown];
    },
  ],
  "Promise withResolvers": [
    (member) => {
      const made = Reflect.apply(member, Promise, []) as PromiseWithResolvers<number>;
      made.resolve(1);
      return [Object.keys(made).toSorted(), Bun.inspect(made.promise)];
    },
    (member) => {
      const made = Reflect.apply(member, Promise, []) as PromiseWithResolvers<number>;
      made.promise.catch(() => {});
      made.reject(new Error("no"));
      return Bun.peek.status(made.promise);
    },
  ],
  map: [over((word: string, index: number) => `${index}${word}`)],
  filter: [over(isShort)],
  flatMap: [over((word: string) => [word, word.length])],
  take: [over(0), over(2), over(9)],
  drop: [over(0), over(3), over(9)],
  toArray: [over()],
  forEach: [over(() => {})],
  find: [over((word: string) => word === "two"), over(() => false)],
  some: [over((word: string) => word === "two"), over(() => false)],
  every: [over(isShort), over(() => true)],
  reduce: [over((sum: number, word: string) => sum + word.length, 0), over((a: string, b: string) => a + b)],
  "Uint8Array toBase64": [
    (member) => Reflect.apply(member, new Uint8Array([0, 251, 255, 7]).subarray(1), []) as unknown,
  ],
};

describe.each(NEWER.flatMap(({ owner, members }) => Object.keys(members).map((name) => ({ owner, members, name }))))(
  "$name",
  ({ owner, members, name }) => {
    const of =
      [Map, Object, Promise].find((each) => each === owner)?.name ?? (owner === Uint8Array.prototype && "Uint8Array");
    const cases = uses[typeof of === "string" ? `${of} ${name}` : name] ?? [];

    test("does what the standard's does", () => {
      const standard = Reflect.get(owner, name) as Parameters<Use>[0];
      const ours = Reflect.get(members, name) as Parameters<Use>[0];
      expect(standard).toBeFunction();
      expect(ours).not.toBe(standard);
      expect(cases.length).toBeGreaterThan(0);
      for (const use of cases) expect(use(ours)).toEqual(use(standard));
    });
  },
);
