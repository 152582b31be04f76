import { expect, test } from "bun:test";
import { encodedQuery } from "./query.ts";

test("a query is written as Go writes it: by name, with its escapes", () => {
  expect(
    encodedQuery([
      ["to", "2"],
      ["query", "avg:x{*} as ~it's-so_far.(ü)!"],
      ["a b", "1+1&2=3"],
      ["target", "z"],
      ["target", "a"],
    ]),
  ).toBe("a+b=1%2B1%262%3D3&query=avg%3Ax%7B%2A%7D+as+~it%27s-so_far.%28%C3%BC%29%21&target=z&target=a&to=2");
});

test("half of a character does not throw", () => {
  expect(encodedQuery([["q", "\ud800"]])).toBe("q=%EF%BF%BD");
});
