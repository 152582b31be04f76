import { expect, test } from "bun:test";
import { type ListPage, pagesOf } from "./pagedLists.ts";
import { collectionPath } from "./path.ts";
import { ROLLOUTS } from "./resources.ts";
import { scriptedServer } from "./testing.ts";

const path = collectionPath(ROLLOUTS);
const mebibyte = 2 ** 20;

/** Lists objects of these sizes in bytes. @returns the names of each page, what was asked for and how much was sent */
async function listed(
  sizes: readonly number[],
  asks: { readonly mostObjects?: number; readonly mostBytes?: number } = {},
) {
  const limits: number[] = [];
  const encodings: (string | null)[] = [];
  await using api = scriptedServer((request) => {
    const query = new URL(request.url).searchParams;
    const [from, limit] = [Number(query.get("continue") ?? 0), Number(query.get("limit"))];
    limits.push(limit);
    encodings.push(request.headers.get("accept-encoding"));
    const items = sizes
      .slice(from, from + limit)
      .map((bytes, i) => ({ metadata: { name: `o${from + i}` }, spec: "x".repeat(bytes) }));
    const next = from + limit < sizes.length ? `${from + limit}` : "";
    return Response.json({ metadata: { resourceVersion: "7", continue: next }, items });
  });
  const pages: ListPage<{ metadata: { name: string }; spec: string }>[] = [];
  for await (const page of pagesOf<{ metadata: { name: string }; spec: string }>({ client: api.client, path, ...asks }))
    pages.push(page);
  const names = pages.flatMap(({ items }) => (items ?? []).map(({ metadata }) => metadata.name));
  const bytes = pages.map(({ items }) => (items ?? []).reduce((sum, { spec }) => sum + spec.length, 0));
  return { limits, encodings, names, largest: Math.max(...bytes) };
}

const many = (count: number, bytes: number): number[] => Array.from({ length: count }, () => bytes);
const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `o${i}`);

test("a thousand small objects take four requests", async () => {
  const { limits, names } = await listed(many(1_000, 4_000));
  expect(limits).toEqual([250, 250, 250, 250]);
  expect(names).toEqual(named(1_000));
});

test("no page of large objects is read beyond 3 MiB, and each comes once", async () => {
  const { limits, names, largest } = await listed(many(40, 1.4 * mebibyte));
  expect(limits.slice(0, 5)).toEqual([250, 62, 15, 3, 1]);
  expect(limits.length).toBe(4 + 40);
  expect(names).toEqual(named(40));
  expect(largest).toBeLessThanOrEqual(3 * mebibyte);
});

test("large objects behind small ones are bounded as well, and small ones behind them come fast again", async () => {
  const { limits, names, largest } = await listed([...many(250, 10), ...many(20, mebibyte), ...many(600, 10)]);
  expect(names).toEqual(named(870));
  expect(largest).toBeLessThanOrEqual(3 * mebibyte);
  expect(limits.at(-1)).toBe(250);
  expect(limits.length).toBeLessThan(40);
});

test("an object that is larger than a page comes alone", async () => {
  const { limits, names } = await listed([10, 9 * mebibyte, 10], { mostObjects: 4 });
  expect(limits).toEqual([4, 1, 2, 1, 1]);
  expect(names).toEqual(named(3));
});

test("who waits for the whole list may ask for larger pages", async () => {
  const { limits, names, largest } = await listed(many(40, 1.4 * mebibyte), {
    mostObjects: 10,
    mostBytes: 16 * mebibyte,
  });
  expect(limits).toEqual([10, 10, 10, 10]);
  expect(names).toEqual(named(40));
  expect(largest).toBeGreaterThan(3 * mebibyte);
});

test("pages come uncompressed, since a small one may become anything", async () => {
  expect((await listed([10])).encodings).toEqual(["identity"]);
});
