import { describe, expect, test } from "bun:test";
import { headOf, weigh } from "./body.ts";
import { reviewOf, rolloutObject } from "./testing.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the weight of a body", () => {
  test("of a usual review is some hundred values", () => {
    const { values, excess } = weigh(bytesOf(JSON.stringify(reviewOf(rolloutObject()))));
    expect([values > 100 && values < 500, excess]).toEqual([true, undefined]);
  });

  test.each([
    ["depth, of lists", "[".repeat(10_000), "it is nested more than 256 levels deep"],
    ["depth, of objects", '{"a":'.repeat(300), "it is nested more than 256 levels deep"],
    ["a wide list", `[${"1,".repeat(1_000)}1]`, "a list or map in it has more than 1000 members"],
    ["many values", `[${`[${"1,".repeat(99)}1],`.repeat(300)}1]`, "it has more than 20000 values"],
    ["a long text", JSON.stringify({ a: "x".repeat(700_000) }), "a text in it has more than 655360 bytes"],
  ])("is too much with %s", (_, text, excess) => {
    expect(weigh(bytesOf(text)).excess).toBe(excess);
  });

  test.each([
    ["brackets and commas in texts", JSON.stringify({ a: `${"[{,".repeat(2_000)}"\\"` })],
    ["what is no JSON", `}}]]${'"'.repeat(3)}`],
    ["a text that never ends", '"\\'],
    ["nothing", ""],
  ])("is small with %s", (_, text) => {
    expect(weigh(bytesOf(text)).excess).toBeUndefined();
  });
});

describe("the head of a review", () => {
  test("tells uid and operation without the objects", () => {
    const text = JSON.stringify(reviewOf(rolloutObject(), { operation: "UPDATE" }));
    const head = headOf(bytesOf(text));
    expect(head).toEqual({ uid: "0a5cbc5e-96c8-4bbd-8bb2-a2a3a1f2b3c4", operation: "UPDATE" });
  });

  test("may have an empty uid", () => {
    const text = JSON.stringify(reviewOf(rolloutObject(), { uid: "", operation: "CREATE" }));
    expect(headOf(bytesOf(text))).toEqual({ uid: "", operation: "CREATE" });
  });

  test("is not there in anything else", () => {
    expect(headOf(bytesOf("[".repeat(20_000)))).toBeUndefined();
    expect(headOf(bytesOf('{"request":{"uid":"no quotes \\" please","operation":"CREATE"'))).toBeUndefined();
  });
});
