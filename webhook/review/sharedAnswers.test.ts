import { describe, expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { MOST_KEPT, shareAnswers } from "./sharedAnswers.ts";

function world(keeps: (answer: string) => boolean = () => true) {
  const clock = manualClock();
  const shared = shareAnswers<string>({ clock, keeps });
  const asked: string[] = [];
  const ask = async (key: string, afterMs = 0): Promise<string> => {
    const question = (): Promise<string> => {
      asked.push(key);
      return new Promise((resolve) => clock.after(afterMs, () => resolve(`answer to ${key}`)));
    };
    return shared.ask(key, question).answer;
  };
  return { clock, asked, ask };
}

describe("an answer that is shared", () => {
  test("is kept for a second from the question on, however long the answer took", async () => {
    const { clock, asked, ask } = world();
    const slow = ask("a", 700);
    await clock.advance(700);
    expect(await slow).toBe("answer to a");
    await clock.advance(299);
    expect(await ask("a")).toBe("answer to a");
    expect(asked).toEqual(["a"]);
    await clock.advance(1);
    const again = ask("a");
    await clock.advance(0);
    expect(await again).toBe("answer to a");
    expect(asked).toEqual(["a", "a"]);
  });

  test("that came after more than a second serves those who waited for it, and nobody else", async () => {
    const { clock, asked, ask } = world();
    const waiting = [ask("a", 1_500)];
    await clock.advance(1_400);
    waiting.push(ask("a"));
    await clock.advance(100);
    expect(await Promise.all(waiting)).toEqual(["answer to a", "answer to a"]);
    expect(clock.waiting).toBe(0);
    void ask("a");
    expect(asked).toEqual(["a", "a"]);
  });

  test("is not kept where it must not be", async () => {
    const { clock, asked, ask } = world(() => false);
    const first = ask("a");
    await clock.advance(0);
    await first;
    expect(clock.waiting).toBe(0);
    void ask("a");
    expect(asked).toEqual(["a", "a"]);
  });

  test("is forgotten, the first first, where very many are kept", async () => {
    const { clock, asked, ask } = world();
    const all = Array.from({ length: MOST_KEPT + 1 }, (_, index) => ask(`${index}`));
    await clock.advance(0);
    await Promise.all(all);
    expect(clock.waiting).toBe(MOST_KEPT);
    asked.length = 0;
    await ask("1");
    expect(asked).toEqual([]);
    void ask("0");
    expect(asked).toEqual(["0"]);
  });
});
