import { describe, expect, test } from "bun:test";
import { affinityName, affinityTo, cookiePattern, setCookie } from "./affinity.ts";

const affinity = (value = "new", cookieName = "sluice-affinity") => ({ cookieName, value, maxAge: 86_400 });

describe("a cookie", () => {
  test("names the version, and is set beside those of the application", () => {
    expect(setCookie(affinity())).toBe("sluice-affinity=new; Path=/; Max-Age=86400; HttpOnly");
  });

  test.each([
    ["alone", "sluice-affinity=new", true],
    ["among others", "a=b; sluice-affinity=new; c=d", true],
    ["after others without a blank", "a=b;sluice-affinity=new", true],
    ["of another version", "sluice-affinity=newer", false],
    ["of an earlier version, beside it", "sluice-affinity=old; sluice-affinity=new", true],
    ["whose name ends in the same way", "x-sluice-affinity=new", false],
    ["in the value of another one", "a=sluice-affinity=new", false],
    ["whose name has another character for the period", "sluiceXaffinity=new", false],
  ])("is found in a header: %s", (_, text, found) => {
    expect(new RegExp(cookiePattern(affinity("new"))).test(text)).toBe(found);
    expect(new RegExp(cookiePattern(affinity("new", "a.b"))).test("aXb=new")).toBe(false);
  });

  test.each([
    ["as asked for", { cookieName: "shop", maxAge: 60 }, { cookieName: "shop", value: "v", maxAge: 60 }],
    ["with an age in digits", { maxAge: "60" }, { cookieName: "sluice-affinity", value: "v", maxAge: 60 }],
    ["with a duration", { maxAge: "1h30m" }, { cookieName: "sluice-affinity", value: "v", maxAge: 5_400 }],
    ["by default for a day", {}, { cookieName: "sluice-affinity", value: "v", maxAge: 86_400 }],
    ["not, where nobody asks", undefined, undefined],
    ["not with a name that is none", { cookieName: "a;b" }, undefined],
    ["not with an age that is none", { maxAge: "1d" }, undefined],
  ])("is made %s", (_, settings, made) => {
    expect(affinityTo(settings, "v")).toEqual(made);
    expect(affinityTo(settings, "")).toBeUndefined();
  });

  test("of a Rollout with a long name has a route with one that is allowed", () => {
    expect(affinityName("w".repeat(240), 12)).toHaveLength(212);
  });
});
