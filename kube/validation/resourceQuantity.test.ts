import { describe, expect, test } from "bun:test";
import { canonicalQuantity } from "../object/quantity.ts";
import { isNegative, isWhole, parseQuantity, quantityRule } from "./resourceQuantity.ts";

describe("quantities", () => {
  test.each([
    ["100m", 100n, "100m"],
    ["1", 1000n, "1"],
    [2, 2000n, "2"],
    [0.5, 500n, "500m"],
    ["1.5Gi", 1_610_612_736_000n, "1536Mi"],
    ["1024Mi", 1_073_741_824_000n, "1Gi"],
    ["2e3", 2_000_000n, "2e3"],
    ["1E3", 1_000_000n, "1E3"],
    ["1E", 10n ** 21n, "1E"],
    ["-1Ki", -1_024_000n, "-1Ki"],
    [".5", 500n, "500m"],
    ["100u", 1n, "1m"],
  ] as const)("%p is %p thousandths, written %p", (value, milli, text) => {
    expect(parseQuantity(value)).toEqual({ milli, text });
  });

  test.each(["", "abc", "1 Gi", "1gi", "--1", ".", "1e", "0x1", null, {}, "1e9999"])("%p is none", (value) => {
    expect(parseQuantity(value)).toBeUndefined();
  });

  test("the usual form is read as any other", () => {
    for (const digits of ["1", "9", "10", "128", "1000", "1024", "2048", "123456789"])
      for (const unit of ["", "m", "Ki", "Mi", "Gi"]) {
        const usual = digits + unit;
        // With a sign before it, it is not in the usual form.
        expect(parseQuantity(usual)?.milli).toBe(parseQuantity(`+${usual}`)?.milli);
        expect(parseQuantity(usual)?.text).toBe(canonicalQuantity(usual));
      }
  });

  test("less than a thousandth is rounded away from nothing", () => {
    expect(parseQuantity("1n")?.milli).toBe(1n);
    expect(parseQuantity("-1n")?.milli).toBe(-1n);
  });

  test("wholeness and sign", () => {
    const of = (value: string) => parseQuantity(value) ?? { milli: 7n, text: "" };
    expect([isWhole(of("1500m")), isWhole(of("3")), isNegative(of("-1")), isNegative(of("0"))]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("as many digits as anybody likes stand behind the point, and a thousand before it", () => {
    expect(parseQuantity(`0.${"9".repeat(100_000)}`)).toEqual({ milli: 1_000n, text: "1" });
    expect(parseQuantity(`${"0".repeat(100_000)}1`)?.milli).toBe(1_000n);
    expect(parseQuantity("9".repeat(1_000))?.text).toBe("9".repeat(1_000));
    for (const large of ["9".repeat(1_001), `1${"0".repeat(100_000)}`, "1e1000"]) {
      expect(parseQuantity(large)).toBeUndefined();
      expect(quantityRule(large)).toBe("quantities must have at most 1000 digits before the point");
    }
    expect(quantityRule("lots")).toStartWith("quantities must match the regular expression");
  });

  test("more than an int64 with a binary suffix is the largest int64, as Kubernetes has it", () => {
    expect(parseQuantity("9Ei")).toEqual({ milli: (2n ** 63n - 1n) * 1000n, text: "9223372036854775807" });
  });
});
