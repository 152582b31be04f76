import { expect, test } from "bun:test";
import { quantityHelp } from "./quantityHelp.ts";
import { parseQuantity } from "./resourceQuantity.ts";

test.each([
  ["512MB", "512M"],
  ["1.5 GB", "1.5G"],
  ["2gib", "2Gi"],
  ["1 Gi", "1Gi"],
  ["500mcpu", "500m"],
  ["1 ", "1"],
])("%p is written %s", (given, right) => {
  expect(quantityHelp(given)).toStartWith(`Write "${right}". A quantity is a number`);
  expect(parseQuantity(right)).toBeDefined();
});

test("what is anybody's guess only gets the form", () => {
  for (const given of ["lots", "", true, "1 elephant", "9".repeat(1_000)]) {
    expect(quantityHelp(given)).toStartWith("A quantity is a number");
  }
});
