/**
 * The contract of the API: transcripts of cases, recorded from Kubernetes itself in golden/. They are compared here: by
 * `bun run ok` with the in-memory server's and by `bun run test:cluster` with the real one's (SLUICE_RECORD=1 writes
 * them).
 */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "../cluster/harness/api.ts";
import { applying } from "./applying.ts";
import { controllers } from "./controllers.ts";
import { definitions } from "./definitions.ts";
import { deletion } from "./deletion.ts";
import { disruption } from "./disruption.ts";
import { fields } from "./fields.ts";
import { lists } from "./lists.ts";
import { objects } from "./objects.ts";
import { patches } from "./patches.ts";
import { protocol } from "./protocol.ts";
import { play, type Topic } from "./scene.ts";
import { subresources } from "./subresources.ts";
import { tables } from "./tables.ts";
import { watches } from "./watches.ts";

const topics: readonly Topic[] = [
  protocol,
  objects,
  patches,
  applying,
  subresources,
  deletion,
  lists,
  tables,
  watches,
  fields,
  definitions,
  controllers,
  disruption,
];

const goldenPath = (topic: Topic): string => join(import.meta.dir, "golden", `${topic.name}.txt`);

/** Transcripts by the names of their cases, under headings. */
function golden(topic: Topic): Map<string, string> {
  const path = goldenPath(topic);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return new Map(
    text
      .split(/^# /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        return [section.slice(0, end), section.slice(end + 1).replace(/\n\n$/, "\n")] as const;
      }),
  );
}

async function record(topic: Topic, seen: ReadonlyMap<string, string>): Promise<void> {
  const known = golden(topic);
  const sections = topic.cases.flatMap(({ name }) => {
    const text = seen.get(name) ?? known.get(name);
    return text === undefined ? [] : [`# ${name}\n${text}`];
  });
  await Bun.write(goldenPath(topic), sections.join("\n"));
}

export interface ContractOptions {
  /** Write the golden files instead of comparing with them. */
  readonly record: boolean;
  /** Timeout of one case, in ms. */
  readonly timeoutMs: number;
}

/** Registers a test for each case. */
export function contract(api: () => Promise<Api>, options: ContractOptions): void {
  for (const topic of topics) {
    describe(`the API's ${topic.name}`, () => {
      const expected = golden(topic);
      const seen = new Map<string, string>();
      for (const each of topic.cases) {
        test(
          `${each.name} as Kubernetes does`,
          async () => {
            const transcript = await play(each, await api());
            seen.set(each.name, transcript);
            if (!options.record) expect(transcript).toBe(expected.get(each.name) ?? "(not recorded)");
          },
          options.timeoutMs,
        );
      }
      afterAll(async () => {
        if (options.record) await record(topic, seen);
      });
    });
  }
}
