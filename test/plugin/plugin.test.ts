/** What `get` and `list` print in a pipe is what the official plugin prints of the same objects, byte for byte. */
import { describe, expect, test } from "bun:test";
import { run as get } from "../../cli/get/command.ts";
import { run as list } from "../../cli/list/command.ts";
import { testPorts } from "../../cli/testing.ts";
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
      const ports = testPorts({
        clock: manualClock(Date.parse(output.at)),
        connect: async () => ({ client: recordedClient(name, objects), namespace: name, source: "recorded" }),
      });
      const code = await (command === "get" ? get : list)(args, ports);
      expect(ports.told.out.split("\n")).toEqual([...output.lines]);
      expect(ports.told.err).toBe("");
      expect(code).toBe(0);
    },
  );
});
