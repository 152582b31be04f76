/**
 * Stories whose ends are compared with what was recorded under the reference controller. SLUICE_RECORD=1 writes the
 * golden file instead, from the stories that were played.
 */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

const isRecording = Bun.env.SLUICE_RECORD === "1";

/** As JSON, without the members of these names, wherever they stand. */
export const leftOut = (seen: object, names: ReadonlySet<string>): object =>
  JSON.parse(JSON.stringify(seen, (key, value: unknown) => (names.has(key) ? undefined : value))) as object;

/** A story whose end is compared without a member, wherever that stands. */
export const without = (member: string, story: () => Promise<object>) => async (): Promise<object> =>
  leftOut(await story(), new Set([member]));

/** The stories as `goldenStories` plays them. @param play plays one, and returns what is compared */
export const endings = <T>(
  stories: Readonly<Record<string, T>>,
  play: (story: T, name: string) => Promise<object>,
): Readonly<Record<string, () => Promise<object>>> =>
  Object.fromEntries(Object.entries(stories).map(([name, story]) => [name, () => play(story, name)]));

/**
 * @param title of the tests, `%s` being the name of the story. @param file in test/cluster/golden. @param stories each
 * returns what is compared, without times, uids and other chance.
 */
export function goldenStories(
  title: string,
  file: string,
  stories: Readonly<Record<string, () => Promise<object>>>,
  timeoutMs = 150_000,
): void {
  const golden = Bun.file(join(import.meta.dir, "../golden", file));
  const seen: Record<string, object> = {};
  const recorded = async (): Promise<Readonly<Record<string, object>>> =>
    (await golden.exists()) ? ((await golden.json()) as Record<string, object>) : {};

  test.concurrent.each(Object.keys(stories))(
    title,
    async (name) => {
      const found = (seen[name] = (await stories[name]?.()) ?? {});
      if (!isRecording) expect(found).toEqual((await recorded())[name] ?? {});
    },
    timeoutMs,
  );

  afterAll(async () => {
    if (!isRecording) return;
    const kept = Object.entries({ ...(await recorded()), ...seen }).filter(([name]) => name in stories);
    const inOrder = kept.toSorted(([one], [other]) => (one < other ? -1 : 1));
    await Bun.write(golden, `${JSON.stringify(Object.fromEntries(inOrder), undefined, 2)}\n`);
  });
}
