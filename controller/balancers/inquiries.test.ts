import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import type { Inquiry, InquiryAnswer } from "../../providers/traffic/elb/inquiry.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { createInquiries } from "./inquiries.ts";

const rollout = { metadata: { name: "web", namespace: "shop", uid: "u" } } as unknown as Rollout;
const weights = (key: string): Inquiry => ({ kind: "weights", key, hostnames: ["a"] });
const targets: Inquiry = { kind: "targets", key: "t", service: "web", podPrefix: "" };
const none: InquiryAnswer = { kind: "targets", groups: [] };

function holder(answerTo: () => Promise<InquiryAnswer>, validForMs = () => 10_000) {
  const seen = { arrived: 0, asked: 0 };
  const inquiries = createInquiries({
    clock: manualClock(1_000),
    validForMs,
    answerTo: () => {
      seen.asked += 1;
      return answerTo();
    },
  });
  const ask = async (inquiry: Inquiry): Promise<void> => {
    inquiries.ask(rollout, inquiry, () => void (seen.arrived += 1));
    await Bun.sleep(0);
  };
  return { inquiries, ask, seen };
}

test("one question of a Rollout is in flight, and the last answer of each kind is kept", async () => {
  const answers: ((answer: InquiryAnswer) => void)[] = [];
  const { inquiries, ask, seen } = holder(() => new Promise((resolve) => void answers.push(resolve)));
  await ask(weights("1"));
  await ask(targets);
  expect([inquiries.of("u"), seen.asked]).toEqual([{ answers: [], inFlight: "1" }, 1]);
  answers[0]?.(none);
  await Bun.sleep(0);
  expect(inquiries.of("u")).toEqual({
    answers: [{ key: "1", askedAt: 1_000, isNews: true, answer: none }],
    inFlight: undefined,
  });
  for (const inquiry of [weights("2"), targets]) {
    await ask(inquiry);
    answers.at(-1)?.(none);
    await Bun.sleep(0);
  }
  expect([inquiries.of("u").answers.map(({ key }) => key), seen.arrived]).toEqual([["2", "t"], 3]);
});

test("an answer is news until a decision on it has been carried out", async () => {
  const { inquiries, ask } = holder(async () => none);
  await ask(targets);
  const { answers } = inquiries.of("u");
  await ask(targets);
  inquiries.told("u", answers);
  expect(inquiries.of("u").answers[0]?.isNews).toBe(true);
  inquiries.told("u", inquiries.of("u").answers);
  expect(inquiries.of("u").answers[0]?.isNews).toBe(false);
});

test("what is answered to one that no longer leads, or about a Rollout that is gone, is dropped", async () => {
  const follower = holder(
    async () => none,
    () => 0,
  );
  await follower.ask(targets);
  expect(follower.inquiries.of("u").answers).toEqual([]);
  const { inquiries, ask, seen } = holder(() => Bun.sleep(1).then(() => none));
  await ask(targets);
  inquiries.forget("u");
  await Bun.sleep(5);
  expect([inquiries.of("u"), seen.arrived]).toEqual([{ answers: [], inFlight: undefined }, 0]);
});

test("a mistake in asking is an answer that quotes nothing", async () => {
  const { inquiries, ask } = holder(() => Promise.reject(new TypeError("s3cret")));
  await ask(targets);
  expect(inquiries.of("u").answers[0]?.answer).toEqual({
    kind: "failed",
    message: "asking failed by a mistake in Sluice (TypeError); please report it",
    targetGroup: "unknown",
  });
});
