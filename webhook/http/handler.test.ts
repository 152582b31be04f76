/** What is read of a request and when, without a server: bodies that record when more of them is read. */
import { expect, test } from "bun:test";
import { createComplaints } from "../../controller/process/complaints.ts";
import { type ManualClock, manualClock } from "../../kube/clock/clock.ts";
import { readLarge, readSmall } from "./body.ts";
import { createHandler, createIntake } from "./handler.ts";
import { createSmallReads, intake } from "./intake.ts";
import { reviewOf, rolloutObject } from "./testing.ts";

const mebibyte = 2 ** 20;

/** A review of about this many bytes. */
const reviewText = (bytes: number): string => {
  const env = Array.from({ length: 100 }, (_, index) => ({ name: `A${index}`, value: "x".repeat(bytes / 100) }));
  const containers = [{ name: "web", image: "web:1", env }];
  return JSON.stringify(reviewOf(rolloutObject({ template: { metadata: {}, spec: { containers } } })));
};

interface Sent {
  readonly request: Request;
  /** Chunks that were read. */
  pulled: number;
}

/** Comes in pieces of a tenth, each when it is read; the last piece of an endless body never comes. */
function send(
  text: string | Uint8Array<ArrayBuffer>,
  { endless = false, signal }: { endless?: boolean; signal?: AbortSignal } = {},
): Sent {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const piece = Math.ceil(bytes.length / 10);
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const from = sent.pulled++ * piece;
        if (from >= bytes.length) return controller.close();
        if (endless && sent.pulled === 10) return new Promise<void>(() => undefined);
        controller.enqueue(bytes.slice(from, from + piece));
        return undefined;
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { "content-length": String(bytes.length) };
  const request = new Request("https://localhost/validate", {
    method: "POST",
    headers,
    body,
    ...(signal === undefined ? {} : { signal }),
  });
  const sent: Sent = { pulled: 0, request };
  return sent;
}

function world() {
  const clock: ManualClock = manualClock();
  const counts = { collected: 0 };
  const held = createIntake();
  const gates: PromiseWithResolvers<void>[] = [];
  const judged: string[] = [];
  const handle = createHandler(
    {
      // The judgement of a large review waits until its gate opens.
      validate: async (review) => {
        judged.push(review.name);
        const gate = Promise.withResolvers<void>();
        gates.push(gate);
        if (JSON.stringify(review.object).length > intake.smallBody) await gate.promise;
        return { verdict: "allowed", causes: [], warnings: [] };
      },
      reviewed: () => undefined,
      clock,
      complaints: { report: console.error },
      collect: () => counts.collected++,
    },
    held,
  );
  return { clock, counts, held, handle, judged, openGate: (index: number) => gates[index]?.resolve() };
}

/** Waits until everything that can happen has happened. */
const settle = async (): Promise<void> => {
  for (let count = 0; count < 50; count++) await new Promise((resolve) => setImmediate(resolve));
};

test("a large body is not read before its turn, and a small one passes by", async () => {
  const { handle, held, judged, openGate } = world();
  const [first, second] = [send(reviewText(2 * mebibyte)), send(reviewText(2 * mebibyte))];
  const answers = [handle(first.request), handle(second.request)];
  await settle();
  expect([first.pulled, second.pulled, judged.length]).toEqual([11, 0, 1]);
  expect(held.lane.bytes()).toBeLessThan(2 * mebibyte + intake.unread + 10_000);
  expect((await handle(send(reviewText(5_000)).request)).status).toBe(200);
  expect(second.pulled).toBe(0);
  openGate(0);
  await settle();
  expect(second.pulled).toBe(11);
  openGate(2);
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  expect([held.lane.bytes(), held.reads.bytes()]).toEqual([0, 0]);
});

test("of two hundred large ones no more than fit are held, and all others are turned away at once, unread", async () => {
  const { handle, held, openGate } = world();
  const text = new TextEncoder().encode(reviewText(6 * mebibyte));
  const sent = Array.from({ length: 200 }, () => send(text));
  const statuses: number[] = [];
  const answers = sent.map(async ({ request }) => {
    const response = await handle(request);
    statuses.push(response.status);
    return response;
  });
  await settle();
  expect(held.lane.bytes() + intake.smallBodies).toBeLessThanOrEqual(24 * mebibyte);
  const inside = 1 + held.lane.waiting();
  expect(inside).toBeGreaterThanOrEqual(12);
  expect(statuses).toEqual(Array.from({ length: 200 - inside }, () => 503));
  const refused = await answers[199];
  expect(["retry-after", "connection"].map((name) => refused?.headers.get(name))).toEqual(["1", "close"]);
  expect(sent.filter(({ pulled }) => pulled > 0)).toHaveLength(1);
  for (let index = 0; index < inside; index++) {
    openGate(index);
    await settle();
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(inside);
});

test("what large reviews leave behind is freed before it comes to more than some MiB", async () => {
  const { handle, counts, openGate } = world();
  for (let index = 0; index < 6; index++) {
    const answer = handle(send(reviewText(2 * mebibyte)).request);
    await settle();
    openGate(index);
    await answer;
  }
  expect(counts.collected).toBe(3);
});

test("one whose client has gone leaves its place to others, unread", async () => {
  const { handle, held, openGate } = world();
  const first = handle(send(reviewText(2 * mebibyte)).request);
  const gone = new AbortController();
  const second = send(reviewText(2 * mebibyte), { signal: gone.signal });
  const answer = handle(second.request);
  await settle();
  expect(held.lane.waiting()).toBe(1);
  gone.abort();
  expect([(await answer).status, second.pulled, held.lane.waiting()]).toEqual([503, 0, 0]);
  openGate(0);
  expect((await first).status).toBe(200);
});

test("a large body that stops coming is turned away soon while others wait, and after 2 s when nobody does", async () => {
  for (const [othersWait, afterMs, status] of [
    [true, 500, 503],
    [false, 2_000, 408],
  ] as const) {
    const clock = manualClock();
    const text = reviewText(2 * mebibyte);
    let result: number | undefined;
    const { request } = send(text, { endless: true });
    void readLarge(request, text.length, () => othersWait, clock).then((body) => {
      result = body.kind === "refused" ? body.status : 200;
    });
    await settle();
    await clock.advance(afterMs - 250);
    await settle();
    expect(result).toBeUndefined();
    await clock.advance(250);
    await settle();
    expect(result).toBe(status);
    expect(clock.waiting).toBe(0);
  }
});

test("half-sent small bodies make room for whole ones, the oldest first", async () => {
  const clock = manualClock();
  const text = reviewText(100_000);
  const reads = createSmallReads(3 * text.length);
  const order: string[] = [];
  const half = ["a", "b", "c"].map((name) =>
    readSmall(send(text, { endless: true }).request, text.length, reads, clock).then((body) => {
      order.push(`${name} ${body.kind === "refused" ? body.status : 200}`);
    }),
  );
  await settle();
  const whole = await readSmall(send(text).request, text.length, reads, clock);
  expect([whole.kind, order, reads.bytes()]).toEqual(["body", ["a 503"], 2 * text.length]);
  await clock.advance(2_000);
  await Promise.all(half);
  expect([order, reads.bytes()]).toEqual([["a 503", "b 408", "c 408"], 0]);
});

test("however often it fails, the log has few lines", async () => {
  const clock = manualClock();
  const lines: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => void lines.push(message) };
  const handle = createHandler(
    {
      validate: async ({ name }) => {
        throw new Error(`no way with ${name}`);
      },
      reviewed: () => undefined,
      clock,
      complaints: createComplaints({ log, clock }),
    },
    createIntake(),
  );
  for (let n = 0; n < 500; n++) expect((await handle(send(reviewText(5_000)).request)).status).toBe(500);
  expect(new Set(lines)).toEqual(new Set(["Cannot answer an admission review"]));
  expect(lines.length).toBeLessThanOrEqual(9);
});
