import { describe, expect, test } from "bun:test";
import { parseInTurn, readAll, readJson } from "./answer.ts";

/** How often other work had a turn while `read` went on. */
async function turns(read: (giveWay: () => Promise<void>) => Promise<unknown>): Promise<number> {
  let count = 0;
  await read(async () => void (count += 1));
  return count;
}

const long = JSON.stringify({ text: "x".repeat(200_000) });

describe("a long answer is parsed in a turn of its own", () => {
  test("whether its length was announced or not", async () => {
    const announced = new Response(long, { headers: { "content-length": `${long.length}` } });
    expect(await turns((giveWay) => readAll(announced, giveWay))).toBe(1);
    expect(await turns((giveWay) => readAll(new Response(long), giveWay))).toBe(1);
    expect(await turns((giveWay) => readJson(new Response(long), 1_000_000, giveWay))).toBe(1);
  });

  test("and a short one at once", async () => {
    const short = new Response("{}", { headers: { "content-length": "2" } });
    expect(await turns((giveWay) => readAll(short, giveWay))).toBe(0);
    expect(await turns((giveWay) => parseInTurn("[1]", giveWay))).toBe(0);
  });

  test("with the same value, also where nobody gives way", async () => {
    expect(await readAll(new Response(long), undefined)).toEqual({ text: "x".repeat(200_000) });
  });
});
