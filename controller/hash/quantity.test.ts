import { expect, test } from "bun:test";
import { canonicalQuantity } from "./quantity.ts";

const cases: readonly [text: string, canonical: string][] = [
  ["1000m", "1"],
  ["0.5", "500m"],
  ["1024Mi", "1Gi"],
  ["1000Mi", "1000Mi"],
  ["1e3", "1e3"],
  ["1500m", "1500m"],
  ["0", "0"],
  ["1k", "1k"],
  ["1000k", "1M"],
  ["0.001", "1m"],
];

for (const [text, canonical] of cases) {
  test(`the quantity ${text} is written ${canonical}`, () => expect(canonicalQuantity(text)).toBe(canonical));
}
