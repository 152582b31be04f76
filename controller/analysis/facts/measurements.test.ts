import { describe, expect, test } from "bun:test";
import { createMeasurements, type Measured } from "./measurements.ts";

const outcome = (metric: string, arrivedAt = 1): Measured => ({
  kind: "begin",
  metric,
  startedAt: 0,
  arrivedAt,
  phase: "Successful",
});

const flight = { kind: "begin", startedAt: 0 } as const;

describe("measurements of a run", () => {
  test("are in flight until their outcome arrives, which stays until it is stored", () => {
    const measurements = createMeasurements();
    measurements.begin("u", "a", flight);
    expect([...measurements.of("u").flights.keys()]).toEqual(["a"]);
    const arrived = outcome("a", 5);
    expect(measurements.arrive("u", arrived)).toBe(true);
    expect(measurements.of("u")).toMatchObject({ outcomes: [arrived], room: 16 });
    expect(measurements.of("u").flights.size).toBe(0);
    expect(measurements.of("u").ended.get("a")).toBe(5);
    measurements.taken("u", [arrived]);
    expect(measurements.of("u").outcomes).toEqual([]);
  });

  test("that nobody waits for any more have no outcome", () => {
    const measurements = createMeasurements();
    const signal = measurements.begin("u", "a", flight);
    measurements.forget("u");
    expect(signal.aborted).toBe(true);
    expect(measurements.arrive("u", outcome("a"))).toBe(false);
    expect(measurements.of("u").outcomes).toEqual([]);
  });

  test("whose source answers twice count once, also when the second answer comes while the next is in flight", () => {
    const measurements = createMeasurements();
    measurements.begin("u", "a", flight);
    const first = outcome("a", 5);
    expect(measurements.arrive("u", first)).toBe(true);
    expect(measurements.arrive("u", { ...first, arrivedAt: 6 })).toBe(false);
    expect(measurements.of("u").outcomes).toEqual([first]);
    measurements.taken("u", [first]);
    measurements.begin("u", "a", { kind: "begin", startedAt: 9 });
    expect(measurements.arrive("u", { ...first, arrivedAt: 10 })).toBe(false);
    expect([...measurements.of("u").flights.keys()]).toEqual(["a"]);
    expect(measurements.arrive("u", { ...outcome("a", 11), startedAt: 9 })).toBe(true);
    expect(measurements.of("u").outcomes).toMatchObject([{ startedAt: 9 }]);
  });

  test("that are dropped can be taken again", () => {
    const measurements = createMeasurements();
    measurements.begin("u", "a", flight);
    measurements.drop("u", "a");
    expect(measurements.of("u").flights.size).toBe(0);
    expect(measurements.arrive("u", outcome("a"))).toBe(false);
  });

  test("leave room for sixteen at once", () => {
    const measurements = createMeasurements();
    for (let n = 0; n < 16; n += 1) measurements.begin("u", `m${n}`, flight);
    expect(measurements.of("u").room).toBe(0);
    expect(measurements.of("v").room).toBe(16);
  });

  test("that go on are not over", () => {
    const measurements = createMeasurements();
    measurements.begin("u", "a", flight);
    measurements.arrive("u", { ...outcome("a"), phase: "Running", resumeAt: 9 });
    expect(measurements.of("u").ended.size).toBe(0);
  });
});
