/** What `get` and `list` print in a pipe is what the official plugin prints of the same objects, byte for byte. */
import { describe, expect, test } from "bun:test";
import { run as get } from "../../cli/get/command.ts";
import { run as list } from "../../cli/list/command.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { type Recording, recordings, recordingPath } from "./recording.ts";
import { recordedClient } from "./recordedClient.ts";

const recorded = await Promise.all(
  recordings().map(async (name) => ({ name, ...((await Bun.file(recordingPath(name)).json()) as Recording) })),
);

describe.each(recorded)("of the scene $name", ({ name, objects, outputs }) => {
  test.each(outputs.map((output) => [output.args.join(" "), output] as const))(
    "%s prints the same",
    async (_, output) => {
      const [command = "", ...args] = output.args;
      let out = "";
      const code = await (command === "get" ? get : list)(args, {
        env: {},
        version: "0.0.0",
        program: "sluice",
        out: async (text) => void (out += text),
        err: (line) => void (out += line),
        stdin: () => Promise.resolve(""),
        columns: undefined,
        clock: manualClock(Date.parse(output.at)),
        signal: new AbortController().signal,
        connect: async () => ({ client: recordedClient(name, objects), namespace: name, source: "recorded" }),
      });
      expect(out.split("\n")).toEqual([...output.lines]);
      expect(code).toBe(0);
    },
  );
});
