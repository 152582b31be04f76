import { describe, expect, test } from "bun:test";
import {
  backdateMs,
  decideCertificates,
  type Lifetimes,
  lifetimes,
  salvaged,
  type Stored,
  trustedBy,
} from "./certificates.ts";
import { dataFor, inspect, secretWith } from "./secret.ts";

const names = ["sluice-webhook.argo-rollouts.svc", "sluice-webhook.argo-rollouts.svc.cluster.local"];
const startMs = Date.UTC(2026, 0, 1);
const secondMs = 1_000;
const dayMs = 86_400_000;

type Data = Record<string, string>;

const storedOf = (data: Data | undefined): Promise<Stored | undefined> =>
  data === undefined ? Promise.resolve(undefined) : inspect(secretWith("s", "ns", data));

/** A Secret that is kept in order from time to time, and what was logged about it. */
function world(life: Lifetimes = lifetimes) {
  let data: Data | undefined;
  let remembered: Stored | undefined;
  const story: string[] = [];
  /** @returns what is stored afterwards, and when the next turn is due */
  const turn = async (nowMs: number, wanted = names): Promise<{ stored: Stored; wakeAtMs: number }> => {
    for (let tries = 0; tries < 3; tries += 1) {
      const stored = salvaged(await storedOf(data), remembered);
      const plan = decideCertificates(stored, nowMs, wanted, life);
      if (plan.kind === "keep" && stored !== undefined) {
        remembered = stored;
        return { stored, wakeAtMs: plan.wakeAtMs };
      }
      if (plan.kind === "keep") throw new Error("keeps nothing");
      const makes = [plan.authority.kind === "make" ? "CA" : "", plan.serving.kind === "make" ? "serving" : ""];
      const made = makes.filter((what) => what !== "").join(" and ") || "bundle";
      story.push(`+${((nowMs - startMs) / dayMs).toFixed(3)}d ${made}: ${plan.reason}`);
      data = await dataFor(plan, stored);
    }
    throw new Error(`Carrying out a plan does not lead to one that keeps: ${story.join("\n")}`);
  };
  return {
    story,
    turn,
    edit: (change: (data: Data) => Data | undefined) => void (data = change({ ...data })),
    forget: () => void (remembered = undefined),
  };
}

const serialOf = ({ serving }: Stored): string => serving?.serial ?? "";
const signer = ({ signer, authority }: Stored): string => (signer === authority?.serial ? "present CA" : "older CA");

test("nothing is there: both are made, and then nothing is to do for 20 days", async () => {
  const { turn, story } = world();
  const { stored, wakeAtMs } = await turn(startMs);
  expect(story).toEqual(["+0.000d CA and serving: the Secret is missing; there is no usable serving certificate"]);
  expect(stored.serving?.names).toEqual(names);
  expect(stored.serving?.notBeforeMs).toBe(startMs - backdateMs);
  expect(stored.serving?.notAfterMs).toBe(startMs + 30 * dayMs);
  expect(stored.authority?.notAfterMs).toBe(startMs + 365 * dayMs);
  expect(stored.problems).toEqual([]);
  expect(wakeAtMs).toBe(startMs + 60 * secondMs);
  expect((await turn(wakeAtMs)).wakeAtMs).toBe(startMs + 20 * dayMs);
});

test("over five years, what is served is always trusted, by everybody who has looked within a minute", async () => {
  const { turn, story } = world();
  const bundles: { atMs: number; serials: string[] }[] = [];
  const served: { atMs: number; stored: Stored }[] = [];
  let nowMs = startMs;
  while (nowMs < startMs + 5 * 365 * dayMs) {
    const { stored, wakeAtMs } = await turn(nowMs);
    bundles.push({ atMs: nowMs, serials: trustedBy(stored).map(({ serial }) => serial) });
    served.push({ atMs: nowMs, stored });
    // An API server whose caBundle is a minute old, except for the very first one.
    const known = bundles.findLast(({ atMs }) => atMs <= nowMs - 60 * secondMs) ?? bundles[0];
    expect(known?.serials).toContain(stored.signer ?? "none");
    // A replica that was cut off goes on serving its old certificate until that expires; the present caBundle must
    // trust it.
    for (const earlier of served.filter(({ stored: old }) => (old.serving?.notAfterMs ?? 0) > nowMs)) {
      expect(bundles.at(-1)?.serials).toContain(earlier.stored.signer ?? "none");
    }
    expect(stored.serving?.notAfterMs).toBeGreaterThan(nowMs + 9 * dayMs);
    expect(wakeAtMs).toBeGreaterThan(nowMs);
    nowMs = wakeAtMs;
  }
  expect(Math.max(...bundles.map(({ serials }) => serials.length))).toBe(2);
  expect(story.slice(11, 18)).toEqual([
    "+220.000d serving: the serving certificate has reached two thirds of its life",
    "+240.000d serving: the serving certificate has reached two thirds of its life",
    "+243.333d CA: the CA has reached two thirds of its life",
    "+243.334d serving: the new CA is known by now",
    "+263.334d serving: the serving certificate has reached two thirds of its life",
    "+273.334d bundle: a CA that was replaced is needed no more",
    "+283.334d serving: the serving certificate has reached two thirds of its life",
  ]);
  expect(story.filter((line) => line.includes("CA:")).length).toBe(7);
});

test("a controller that was off for two years starts afresh", async () => {
  const { turn, story } = world();
  await turn(startMs);
  const { stored } = await turn(startMs + 730 * dayMs);
  expect(story.at(-1)).toBe("+730.000d CA and serving: the CA has expired; the serving certificate has expired");
  expect(stored.previous).toEqual([]);
});

describe("what somebody has done to the Secret", () => {
  const afterADay = startMs + dayMs;
  const spoiled = async (change: (data: Data) => Data | undefined, remembers: boolean) => {
    const all = world();
    const before = (await all.turn(startMs)).stored;
    all.edit(change);
    if (!remembers) all.forget();
    const { stored, wakeAtMs } = await all.turn(afterADay);
    return { ...all, before, stored, wakeAtMs, last: all.story.at(-1) };
  };
  const without = (field: string) => (data: Data) => {
    delete data[field];
    return data;
  };
  const set = (field: string, text: string) => (data: Data) => ({ ...data, [field]: text });

  test("deleted, remembered: the old certificate is served on while the new CA is announced", async () => {
    const { before, stored, wakeAtMs, last, turn, story } = await spoiled(() => undefined, true);
    expect(last).toBe("+1.000d CA: the Secret is missing");
    expect(serialOf(stored)).toBe(serialOf(before));
    expect(signer(stored)).toBe("older CA");
    expect(wakeAtMs).toBe(afterADay + 60 * secondMs);
    const { stored: later } = await turn(wakeAtMs);
    expect(story.at(-1)).toEndWith("serving: the new CA is known by now");
    expect(signer(later)).toBe("present CA");
  });

  test("deleted, not remembered: both are new at once", async () => {
    const { before, stored, last } = await spoiled(() => undefined, false);
    expect(last).toStartWith("+1.000d CA and serving: the Secret is missing");
    expect(trustedBy(stored).map(({ serial }) => serial)).not.toContain(before.authority?.serial ?? "none");
  });

  test.each([
    ["without the CA's key", without("ca.key"), "CA: ca.key is not the key of the first CA in ca.crt"],
    ["with another CA's key", set("ca.key", btoa("x")), "CA: ca.key is not the key of the first CA in ca.crt"],
    ["without a serving certificate", without("tls.crt"), "serving: there is no usable serving certificate"],
    ["with nonsense for its key", set("tls.key", "%"), "serving: there is no usable serving certificate"],
    [
      "with text for a certificate",
      set("tls.crt", btoa("-----BEGIN")),
      "serving: there is no usable serving certificate",
    ],
    [
      "with a cut-off certificate",
      (data: Data) => ({
        ...data,
        "tls.crt": btoa(atob(data["tls.crt"] ?? "").replace(/\n.*\n-----END/, "\n-----END")),
      }),
      "serving: there is no usable serving certificate",
    ],
  ])("%s: it is whole again, and what still fits is kept", async (_, change, expected) => {
    const { last, stored } = await spoiled(change, false);
    expect(last).toBe(`+1.000d ${expected}`);
    expect(stored.authority).toBeDefined();
    expect(stored.serving?.notAfterMs).toBeGreaterThan(afterADay);
  });

  test("emptied: both are new", async () => {
    const { last } = await spoiled(() => ({}), false);
    expect(last).toBe(
      "+1.000d CA and serving: ca.crt holds no CA; tls.crt holds no certificate; there is no usable serving certificate",
    );
  });

  test("with the CA of another: its own serving certificate is not trusted, so a new one is made", async () => {
    const other = world();
    await other.turn(startMs);
    let foreign: Data = {};
    other.edit((data) => (foreign = data));
    const { last, stored } = await spoiled(
      (data) => ({ ...data, "ca.crt": foreign["ca.crt"] ?? "", "ca.key": foreign["ca.key"] ?? "" }),
      false,
    );
    expect(last).toBe("+1.000d serving: nobody trusts the serving certificate's CA any more");
    expect(signer(stored)).toBe("present CA");
  });
});

test("a name more is added at once, and a replica that asks for fewer does not take it away", async () => {
  const { turn, story } = world();
  await turn(startMs);
  const more = [...names, "127.0.0.1"];
  const { stored } = await turn(startMs + dayMs, more);
  expect(story.at(-1)).toBe("+1.000d serving: the serving certificate does not name 127.0.0.1");
  expect(stored.serving?.names).toEqual(more);
  await turn(startMs + 2 * dayMs, names);
  expect(story).toHaveLength(2);
});

test("a clock that goes back does not leave a certificate of the future in force", async () => {
  const { turn, story } = world();
  await turn(startMs);
  await turn(startMs - dayMs);
  expect(story.at(-1)).toBe(
    "+-1.000d CA and serving: the CA is not valid yet; the serving certificate is not valid yet",
  );
});

test("the Secret deleted again and again does not let the caBundle grow without end", async () => {
  const { turn, edit } = world();
  await turn(startMs);
  for (let i = 1; i <= 6; i += 1) {
    edit(() => undefined);
    const { stored } = await turn(startMs + i * 61 * secondMs);
    expect(trustedBy(stored).length).toBeLessThanOrEqual(4);
  }
});
