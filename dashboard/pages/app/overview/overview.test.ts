import { describe, expect, test } from "bun:test";
import type { Card } from "../../../model.ts";
import { filtered, filterOf, queryOf, textTest } from "./filter.ts";
import { rowAfter } from "./keys.ts";
import { rangeOf, scrollTowards } from "./windowing.ts";

const card = (namespace: string, name: string, more: Partial<Card> = {}): Card => ({
  namespace,
  name,
  uid: name,
  labels: { team: namespace },
  phase: "Healthy",
  icon: "",
  message: "",
  needsAttention: false,
  strategy: "Canary",
  steps: 2,
  stepText: "",
  fullWeight: 100,
  pods: { desired: 1, current: 1, updated: 1, ready: 1, available: 1 },
  images: [`example.com/${name}:1.0`],
  revision: 1,
  sentence: "",
  createdAt: "",
  ...more,
});

const web = card("shop", "web");
const webApi = card("shop", "web-api", { phase: "Degraded", needsAttention: true });
const cart = card("checkout", "cart", { phase: "Paused", needsAttention: true, images: ["example.com/basket:2"] });
const all = [cart, web, webApi];
const names = (text: string): string[] => all.filter(textTest(text)).map(({ name }) => name);

describe("a search", () => {
  test.each([
    ["", ["cart", "web", "web-api"]],
    ["WEB", ["web", "web-api"]],
    ["web api", ["web-api"]],
    ["web, cart", ["cart", "web", "web-api"]],
    ["!web", ["cart"]],
    ['"web"', ["web"]],
    ['!"web"', ["cart", "web-api"]],
    ["team:shop", ["web", "web-api"]],
    ["basket:2", ["cart"]],
    ["shop/web-", ["web-api"]],
    [" , ", ["cart", "web", "web-api"]],
  ])("for %p finds %p", (text, found) => {
    expect(names(text)).toEqual(found);
  });
});

describe("the filter", () => {
  const filter = { text: "", chosen: "all", namespace: "" } as const;

  test("counts what each choice would show of what text and namespace leave", () => {
    const { counts } = filtered(all, { ...filter, namespace: "shop" }, new Set(["shop/web"]));
    expect(counts).toEqual({
      all: 2,
      attention: 1,
      starred: 1,
      Progressing: 0,
      Paused: 0,
      Degraded: 1,
      Healthy: 1,
    });
  });

  test("shows what is starred first", () => {
    const { cards } = filtered(all, filter, new Set(["shop/web-api"]));
    expect(cards.map(({ name }) => name)).toEqual(["web-api", "cart", "web"]);
  });

  test("is kept in the address, and read from it; what it does not know is all", () => {
    const chosen = { text: "team:a b", chosen: "attention", namespace: "shop" } as const;
    expect(filterOf(queryOf(chosen), "shop")).toEqual(chosen);
    expect(queryOf(filter)).toBe("");
    expect(filterOf("?show=everything", "")).toEqual(filter);
  });
});

describe("a long list", () => {
  test("draws the rows around those that are seen", () => {
    const { from, to } = rangeOf({ above: 20_000, height: 800 }, 40, 1_000);
    expect(from).toBeLessThanOrEqual(488);
    expect(to).toBeGreaterThanOrEqual(532);
    expect(to - from).toBeLessThan(60);
  });

  test("draws its beginning above it, and its last rows below it", () => {
    expect(rangeOf({ above: -500, height: 800 }, 40, 1_000).from).toBe(0);
    expect(rangeOf({ above: 39_500, height: 800 }, 40, 1_000).to).toBe(1_000);
    expect(rangeOf({ above: 90_000, height: 800 }, 40, 10)).toEqual({ from: 9, to: 10 });
    expect(rangeOf({ above: 0, height: 800 }, 40, 0)).toEqual({ from: 0, to: 0 });
  });

  test("scrolls no further than to see a row whole", () => {
    const view = { above: 400, height: 800 };
    expect(scrollTowards(view, 40, 15, 96)).toBe(0);
    expect(scrollTowards(view, 40, 12, 96)).toBe(-16);
    expect(scrollTowards(view, 40, 30, 96)).toBe(40);
  });
});

describe("a key", () => {
  test.each([
    ["ArrowDown", -1, 0],
    ["ArrowUp", -1, 0],
    ["End", -1, 9],
    ["ArrowDown", 9, 9],
    ["ArrowUp", 0, 0],
    ["PageDown", 3, 9],
    ["Home", 7, 0],
    ["k", 5, 4],
  ])("%s leads from row %i to row %i of ten", (key, from, to) => {
    expect(rowAfter(key, from, 10)).toBe(to);
  });

  test("that is no move leads nowhere, as any does in an empty list", () => {
    expect(rowAfter("x", 1, 10)).toBeUndefined();
    expect(rowAfter("ArrowDown", 1, 0)).toBeUndefined();
  });
});
