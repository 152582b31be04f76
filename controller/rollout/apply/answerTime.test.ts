import { describe, expect, test } from "bun:test";
import { objectPath } from "../../../kube/client/path.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import { testApi } from "../../../test/apiServer.ts";
import { answerMs, type AnswerTime, timedClient, withAnswer } from "./answerTime.ts";

const after = (...tookMs: readonly number[]): AnswerTime | undefined =>
  tookMs.reduce<AnswerTime | undefined>((known, ms, index) => withAnswer(known, ms, index), undefined);

describe("how long the API server takes for a write", () => {
  test("is a mean to which each new answer adds its share", () => {
    expect(answerMs(undefined, 0)).toBe(0);
    expect(answerMs(after(40), 0)).toBe(40);
    expect(answerMs(after(40, 120), 1)).toBe(50);
    expect(answerMs(after(...Array<number>(40).fill(100), ...Array<number>(40).fill(8)), 80)).toBeLessThan(9);
  });

  test("is forgotten where nothing was written for long", () => {
    expect(answerMs(after(500), 9_999)).toBe(500);
    expect(answerMs(after(500), 10_000)).toBe(0);
    expect(answerMs(withAnswer(after(500), 20, 10_000), 10_000)).toBe(20);
  });

  test("counts writes, also those that are refused, and no reads", async () => {
    const { client: quick, clock } = testApi({ namespaces: ["ns"], installed: true });
    const { client, answerMs: now } = timedClient(
      {
        ...quick,
        async request<T>(request: Parameters<typeof quick.request>[0]) {
          await new Promise<void>((resolve) => void clock.after(70, resolve));
          return quick.request<T>(request);
        },
      },
      clock,
    );
    const path = objectPath(ROLLOUTS, { namespace: "ns", name: "none" });
    const sent = async (method: "GET" | "DELETE"): Promise<void> => {
      const answer = client.request({ method, path }).catch(() => undefined);
      await clock.advance(100);
      await answer;
    };
    await sent("GET");
    expect(now()).toBe(0);
    await sent("DELETE");
    expect(now()).toBe(70);
  });
});
