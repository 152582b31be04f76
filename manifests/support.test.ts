import { describe, expect, test } from "bun:test";
import { unsupportedFeatures } from "../controller/rules/rollout/support.ts";
import { ROUTERS } from "../providers/traffic/routers.ts";
import { STEPS } from "../controller/steps/stepKinds.ts";
import { COMMANDS } from "../cli/commands.ts";
import { commandTable, SUPPORT, supportTable } from "./support.ts";

const row = (part: string) => SUPPORT.find((each) => each.part === part);
const isHeld = (canary: object): boolean => unsupportedFeatures({ spec: { strategy: { canary } } }).length > 0;

describe("the table of what works", () => {
  test("has each router under what a Rollout that names it meets", () => {
    for (const { kind, title } of ROUTERS) {
      const column = isHeld({ trafficRouting: { [kind]: {} } }) ? "held" : "works";
      expect([title, row("traffic routers")?.[column]?.includes(title)]).toEqual([title, true]);
    }
  });

  test("has each canary step under what a Rollout with it meets", () => {
    for (const { member } of STEPS.kinds) {
      const column = isHeld({ steps: [{ [member]: {} }] }) ? "held" : "works";
      expect([member, row("canary steps")?.[column]?.includes(`\`${member}\``)]).toEqual([member, true]);
    }
  });

  test("names every strategy and every kind of the API, and no cell is left open", () => {
    expect(row("strategies")?.works).toEqual(["canary", "blue-green"]);
    expect(row("kinds")?.works).toHaveLength(5);
    expect(supportTable).not.toContain("undefined");
  });
});

test("the table of commands has each that is for people, once", () => {
  const listed = Array.from(commandTable.matchAll(/\[`([\w-]+)`\]/g), ([, name = ""]) => name);
  expect(listed.toSorted()).toEqual(
    COMMANDS.filter(({ isHidden }) => !isHidden)
      .map(({ name }) => name)
      .toSorted(),
  );
});
