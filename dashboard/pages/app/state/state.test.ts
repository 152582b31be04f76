import { describe, expect, test } from "bun:test";
import type { Card } from "../../../model.ts";
import { mergedCards } from "./live.ts";
import { type Page, pageOf, pathOf } from "./route.ts";

describe("an address", () => {
  test.each<[string, Page]>([
    ["", { page: "overview", namespace: "" }],
    ["shop", { page: "overview", namespace: "shop" }],
    ["rollout/shop/web", { page: "rollout", namespace: "shop", name: "web" }],
    ["rollout/shop/web/simulation", { page: "simulation", namespace: "shop", name: "web" }],
    ["run/shop/web-1", { page: "run", namespace: "shop", name: "web-1" }],
    ["experiment/shop/web-1", { page: "experiment", namespace: "shop", name: "web-1" }],
  ])("%p is a page, and the page has it", (path, page) => {
    expect(pageOf(path)).toEqual(page);
    expect(pathOf(page)).toBe(path);
  });

  test.each(["rollout/shop", "rollout/shop/web/more", "run/shop/web/simulation", "a/b/c", "rollout/a/b/simulation/x"])(
    "%p leads nowhere",
    (path) => {
      expect(pageOf(path)).toEqual({ page: "nowhere", path });
    },
  );

  test("that is badly escaped is taken as it is", () => {
    expect(pageOf("rollout/%E0%A4%A/web")).toEqual({ page: "rollout", namespace: "%E0%A4%A", name: "web" });
  });
});

describe("cards of the stream", () => {
  const card = (namespace: string, name: string, phase = "Healthy"): Card => ({ namespace, name, phase }) as Card;

  test("replace those of their names, in their places", () => {
    const before = [card("b", "x"), card("a", "y")];
    expect(mergedCards(before, [card("a", "y", "Paused")])).toEqual([card("b", "x"), card("a", "y", "Paused")]);
  });

  test("that are new come where their names belong", () => {
    const before = [card("a", "a"), card("a", "c"), card("b", "a")];
    const keys = mergedCards(before, [card("a", "b")]).map(({ namespace, name }) => `${namespace}/${name}`);
    expect(keys).toEqual(["a/a", "a/b", "a/c", "b/a"]);
  });
});
