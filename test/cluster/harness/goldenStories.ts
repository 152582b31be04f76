/**
 * Stories whose ends are compared with what was recorded under the reference controller. SLUICE_RECORD=1 writes the
 * golden file instead, from the stories that were played.
 */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

const isRecording = Bun.env.SLUICE_RECORD === "1";

/** A story whose end is compared without a member, wherever that stands. */
export const without = (member: string, story: () => Promise<object>) => async (): Promise<object> =>
  JSON.parse(JSON.stringify(await story(), (key, value: unknown) => (key === member ? undefined : value))) as object;

/**
 * @param title of the tests, `%s` being the name of the story. @param file in test/cluster/golden. @param stories each
 * returns what is compared, without times, uids and other chance.
 */
export function goldenStories(
  title: string,
  file: string,
  stories: Readonly<Record<string, () => Promise<object>>>,
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
    150_000,
  );

  afterAll(async () => {
    if (!isRecording) return;
    const kept = Object.entries({ ...(await recorded()), ...seen }).filter(([name]) => name in stories);
    const inOrder = kept.toSorted(([one], [other]) => (one < other ? -1 : 1));
    await Bun.write(golden, `${JSON.stringify(Object.fromEntries(inOrder), undefined, 2)}\n`);
  });
}
