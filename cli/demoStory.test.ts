/** The whole demo in simulated time: what is seen of it, and what the keys change. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Key } from "../simulator/demo/person.ts";
import type { Moment, SceneEnd } from "../simulator/demo/play.ts";
import { playDemo } from "./demoPlay.ts";
import { endLines, momentLines, printedLines, type Screen } from "./demoScreen.ts";
import { clip, plain } from "./paint.ts";

// Each plays whole demos.
setDefaultTimeout(60_000);

interface Story {
  readonly moments: readonly Moment[];
  readonly ends: readonly SceneEnd[];
}

const takes = { goOn: "promote", abort: "abort", pause: "pause" } as const;

/**
 * @param answers keys by the question or caption at which they are pressed, each once; undefined: nobody can press one
 * @param onlyOffered wait with a key until it does something
 */
async function storyWith(answers?: Readonly<Record<string, Key>>, onlyOffered = true): Promise<Story> {
  const moments: Moment[] = [];
  const ends: SceneEnd[] = [];
  const open = new Map(Object.entries(answers ?? {}));
  const nextKey = (): Key | undefined => {
    const moment = moments.at(-1);
    for (const [about, key] of open)
      if (
        moment?.caption.includes(about) === true &&
        (!onlyOffered ||
          moment.offers?.some((offer) => offer === takes[key] || (key === "pause" && offer === "resume")) === true)
      ) {
        open.delete(about);
        return key;
      }
    return undefined;
  };
  await playDemo({
    viewer: { moment: (moment) => void moments.push(moment), sceneEnded: (end) => void ends.push(end) },
    wait: async () => {},
    ...(answers === undefined ? {} : { nextKey }),
    version: "0.0.0",
    startMs: 1_800_000_000_000,
    signal: new AbortController().signal,
  });
  expect([...open.keys()]).toEqual([]);
  return { moments, ends };
}

const unattended = await storyWith();
/** There are keys, but nobody presses one. */
const alone = await storyWith({});

const screenOf = (columns: number, rows: number): Screen => ({ paint: plain, columns, rows });
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");
const commandsOf = ({ moments }: Story): string[] =>
  moments.map(({ command }) => command).filter((command, at, all) => command !== all[at - 1] && command !== "");
const outcomes = ({ ends }: Story): (string | undefined)[] =>
  ends.map(({ update }) =>
    update === undefined ? undefined : `${update.version} ${update.isTurnedBack ? "turned back" : "released"}`,
  );

/** Everything that a moment has to say, in whole words. */
function wordsOf({ titles, command, caption, printed, manifest, picture }: Moment): Set<string> {
  const told = [...titles, command, caption, ...printed, manifest ?? ""];
  if (picture !== undefined) {
    const { name, phase, message, versions, services, steps, events } = picture;
    told.push(name, phase, message);
    told.push(...versions.map(({ image }) => `${image} ${image.replace(/.*:/, "")}`));
    told.push(...services.map((service) => service.name), ...steps.map(({ text }) => text));
    told.push(...events.map(({ reason, message: text }) => `${reason} ${text}`));
  }
  return new Set(told.flatMap(words));
}

/** What the screen adds of its own: numbers, marks, bars, and these words. */
const own = new Set(
  words(
    "sluice demo cluster time Unknown ready errors none of the requests fail steps nobody answers yet " +
      "Enter promote abort pause resume next quit a p q goes on by itself in s",
  ),
);
const isMark = (word: string): boolean => /^[^\p{Letter}]*$/u.test(word);

describe("every frame of the story", () => {
  for (const [columns, rows] of [
    [80, 24],
    [100, 30],
    [120, 40],
    [200, 60],
  ] as const)
    test(`fits a terminal of ${columns} columns and ${rows} rows, with no word cut`, () => {
      const wrong = new Set<string>();
      for (const moment of [...unattended.moments, ...alone.moments]) {
        const told = wordsOf(moment);
        const lines = momentLines(moment, screenOf(columns, rows));
        if (lines.length >= rows) wrong.add(`${lines.length} rows: ${moment.caption}`);
        for (const line of lines) {
          if (clip(line, columns) !== line) wrong.add(`too wide: ${line}`);
          const unknown = words(line).filter((word) => !told.has(word) && !own.has(word) && !isMark(word));
          if (unknown.length > 0) wrong.add(`cut: ${unknown.join(" ")} in ${line}`);
        }
      }
      expect([...wrong]).toEqual([]);
    });

  test("says all of its caption, of the Rollout's message and of the newest event", () => {
    for (const moment of alone.moments) {
      const shown = new Set(momentLines(moment, screenOf(80, 24)).flatMap(words));
      const newest = moment.picture?.events.at(-1)?.message.replace("(combined from similar events): ", "") ?? "";
      expect(
        words(`${moment.caption} ${moment.picture?.message ?? ""} ${newest}`).filter((word) => !shown.has(word)),
      ).toEqual([]);
    }
  });

  test("leaves a summary that fits, too", () => {
    const screen = screenOf(80, 24);
    const last = alone.moments.at(-1);
    const lines = [
      ...(last === undefined ? [] : printedLines(last, screen)),
      ...alone.ends.flatMap((end) => endLines(end, screen)),
    ];
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    // With the blank line between them, and "Your turn".
    expect(lines.length).toBeLessThan(24 - 5);
    expect(alone.ends.map((end) => endLines(end, screen).length)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe("the story", () => {
  test("has a good version that is released, and a bad one that a fifth of the requests reach before it is turned back", () => {
    expect(outcomes(unattended)).toEqual([
      "2.0 released",
      "2.1 turned back",
      "2.0 released",
      undefined,
      "2.0 released",
      "2.0 turned back",
    ]);
    expect(unattended.ends[1]?.update?.reached).toBe(0.2);
    const worst = Math.max(...unattended.moments.map(({ picture }) => picture?.services[0]?.failing ?? 0));
    expect(worst).toBe(0.1);
    const after = unattended.moments.findLast(({ scene }) => scene === 1)?.picture;
    expect([after?.phase, after?.isAborted, after?.services[0]?.failing]).toEqual(["Degraded", true, 0]);
    expect(unattended.ends.map(({ fewestReady }) => fewestReady)).toEqual([10, 10, 6, undefined, 10, 10]);
  });

  test("has the same commands and outcomes whether nobody can press a key or nobody does", () => {
    expect(commandsOf(alone)).toEqual(commandsOf(unattended));
    expect(outcomes(alone)).toEqual(outcomes(unattended));
  });

  test("shows no keys where there are none, and otherwise those that do something", () => {
    expect(unattended.moments.filter(({ offers, askedMs }) => offers !== undefined || askedMs !== undefined)).toEqual(
      [],
    );
    const asked = alone.moments.filter(({ askedMs }) => askedMs !== undefined);
    expect(new Set(asked.map(({ offers }) => offers?.join(" ")))).toEqual(new Set(["promote abort pause"]));
    expect(new Set(asked.map(({ scene }) => scene))).toEqual(new Set([0, 1, 2, 4]));
    const refused = alone.moments.filter(({ scene }) => scene === 3);
    expect(new Set(refused.map(({ offers }) => offers?.join(" ")))).toEqual(new Set(["", "next"]));
  });
});

describe("a person at the keys", () => {
  test("promotes and aborts at once, without the demo deciding", async () => {
    const story = await storyWith({
      "sees no errors. Promote": "goOn",
      "Abort it?": "abort",
      "the preview. Promote": "goOn",
      "after five minutes": "goOn",
    });
    expect(commandsOf(story)).toEqual(commandsOf(unattended));
    expect(outcomes(story)).toEqual(outcomes(unattended));
    expect(story.moments.filter(({ caption }) => caption.startsWith("A person"))).toEqual([]);
    expect(story.moments.length).toBeLessThan(alone.moments.length);
  });

  test("may turn the good version back: the next one is then tried from the first", async () => {
    const story = await storyWith({ "sees no errors. Promote": "abort" });
    expect(outcomes(story)).toEqual(outcomes(unattended).with(0, "2.0 turned back"));
    expect(story.moments.some(({ caption }) => caption.startsWith("All requests go back to 1.0"))).toBe(true);
    const bad = story.moments.findLast(({ scene }) => scene === 1)?.picture;
    expect(bad?.versions.map(({ image, pods }) => `${image} ${pods.length}`)).toEqual(["shop:1.0 10", "shop:2.1 0"]);
  });

  test("may abort in the middle of a step, and in the middle of the last one", async () => {
    const early = await storyWith({ "A new version. Two pods": "abort" });
    expect(outcomes(early)[0]).toBe("2.0 turned back");
    const late = await storyWith({ "takes over, pod by pod": "abort" });
    expect(outcomes(late)[0]).toBe("2.0 turned back");
    expect(late.ends[0]?.fewestReady).toBe(10);
  });

  test("may let the bad version pass: half of the requests fail, and it is undone", async () => {
    const story = await storyWith({ "Abort it?": "goOn" });
    expect(outcomes(story)).toEqual(outcomes(unattended));
    expect(story.ends[1]?.update?.reached).toBe(1);
    expect(Math.max(...story.moments.map(({ picture }) => picture?.services[0]?.failing ?? 0))).toBe(0.5);
    expect(commandsOf(story).slice(4, 7)).toEqual([
      "kubectl argo rollouts promote shop",
      "kubectl argo rollouts undo shop",
      "kubectl argo rollouts promote shop --full",
    ]);
    const after = story.moments.findLast(({ scene }) => scene === 1)?.picture;
    expect([after?.phase, after?.services[0]?.failing]).toEqual(["Healthy", 0]);
  });

  test("may abort blue-green: customers never leave the first version", async () => {
    const story = await storyWith({ "the preview. Promote": "abort" });
    expect(outcomes(story)[2]).toBe("2.0 turned back");
    expect(story.ends[2]?.update?.reached).toBe(0);
  });

  test("watches a Deployment become a Rollout without a new pod, and may turn its first canary back", async () => {
    const names = ({ picture }: Moment): string[] =>
      (picture?.versions ?? []).flatMap(({ pods }) => pods.map((pod) => pod.name)).toSorted();
    const moments = alone.moments.filter(({ scene }) => scene === 4);
    const before = moments.findLast(({ picture }) => picture?.phase === "Deployment");
    const after = moments.find(({ picture }) => picture?.phase === "Healthy");
    expect(before === undefined ? [] : names(before)).toHaveLength(10);
    expect(after === undefined ? [] : names(after)).toEqual(before === undefined ? [] : names(before));
    const story = await storyWith({ "after five minutes": "abort" });
    expect(outcomes(story)[4]).toBe("2.0 turned back");
    const promoted = await storyWith({ "after five minutes": "goOn" });
    expect(outcomes(promoted)).toEqual(outcomes(unattended));
  });

  test("sees an analysis turn a bad version back, which may be quicker than the person", async () => {
    const moments = alone.moments.filter(({ scene }) => scene === 5);
    const last = moments.at(-1)?.picture;
    expect([last?.phase, last?.services[0]?.failing]).toEqual(["Degraded", 0]);
    expect(last?.message).toContain('Metric "errors" assessed Failed due to failed (2) > failureLimit (1)');
    expect(alone.ends[5]?.update?.reached).toBe(0.2);
    expect(commandsOf(alone).filter((command) => command.includes("abort"))).toEqual([
      "kubectl argo rollouts abort shop",
    ]);
    const hasty = await storyWith({ "Once is forgiven": "goOn" });
    expect(outcomes(hasty)[5]).toBe("2.0 turned back");
    const timid = await storyWith({ "Once is forgiven": "abort" });
    expect(outcomes(timid)[5]).toBe("2.0 turned back");
  });

  test("may pause in the middle of a step, and resume: nothing moves in between", async () => {
    const paused = "You paused it";
    const story = await storyWith({ "On to half of the pods": "pause", [paused]: "pause" });
    expect(commandsOf(story).slice(3, 5)).toEqual([
      "kubectl argo rollouts pause shop",
      `kubectl patch rollout shop --type merge -p '{"spec":{"paused":false}}'`,
    ]);
    const during = story.moments.filter(({ caption }) => caption.startsWith(paused));
    expect(new Set(during.map(({ offers }) => offers?.join(" ")))).toEqual(new Set(["promote abort resume"]));
    expect(outcomes(story)).toEqual(outcomes(unattended));
  });

  test("may abort or promote what is paused", async () => {
    const paused = "You paused it";
    const aborted = await storyWith({
      "On to half of the pods": "pause",
      [paused]: "abort",
      "nothing moves until": "pause",
    });
    expect(outcomes(aborted)[0]).toBe("2.0 turned back");
    const promoted = await storyWith({ "A new version. Two pods": "pause", [paused]: "goOn" });
    expect(outcomes(promoted)).toEqual(outcomes(unattended));
  });

  test("is not hurried while the Rollout is paused", async () => {
    let left = 400;
    const moments: Moment[] = [];
    const stopping = new AbortController();
    await playDemo({
      viewer: { moment: (moment) => void moments.push(moment), sceneEnded: () => {} },
      wait: async () => {
        if (moments.at(-1)?.picture?.isPausedByUser !== true) return;
        left -= 1;
        if (left === 0) stopping.abort();
      },
      nextKey: () => (moments.at(-1)?.askedMs === 5_000 ? "pause" : undefined),
      version: "0.0.0",
      startMs: 1_800_000_000_000,
      signal: stopping.signal,
    });
    expect([moments.at(-1)?.caption.startsWith("You paused it"), moments.at(-1)?.askedMs]).toEqual([true, undefined]);
  });

  test("may press keys that do nothing at the moment", async () => {
    const story = await storyWith(
      {
        "A shop in ten pods": "abort",
        "1.0 stays for another 30": "pause",
        "in a hurry": "abort",
      },
      false,
    );
    expect(commandsOf(story)).toEqual(commandsOf(unattended));
    expect(outcomes(story)).toEqual(outcomes(unattended));
  });
});
