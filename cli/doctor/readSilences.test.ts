import { expect, test } from "bun:test";
import { NOT_ASKED } from "../../webhook/audit/risks/knock.ts";
import { readSilences } from "./readSilences.ts";

const template = (name: string, url: string) => ({
  metadata: { namespace: "shop", name },
  spec: { metrics: [{ name: "m", provider: { web: { url } } }] },
});
const using = (name: string, templateName: string) => ({
  metadata: { namespace: "shop", name },
  spec: { strategy: { canary: { steps: [{ analysis: { templates: [{ templateName }] } }] } } },
});

test("each address that a Rollout's analyses ask is asked once, and is silent or is not asked at all", async () => {
  const asked: string[] = [];
  const found = await readSilences(
    {
      rollouts: [using("a", "dead"), using("b", "dead"), using("c", "alive"), using("d", "own"), using("e", "gone")],
      templates: [
        template("dead", "http://dead"),
        template("alive", "http://alive"),
        template("own", "http://localhost"),
      ],
      clusterTemplates: [],
    },
    async ({ url }) => {
      asked.push(url);
      if (url.includes("localhost")) return NOT_ASKED;
      return url.includes("dead") ? "nobody listens there" : undefined;
    },
    new AbortController().signal,
  );
  expect(asked).toEqual(["http://dead/", "http://alive/", "http://localhost/"]);
  expect(found).toEqual([
    {
      url: "http://dead/",
      of: "metric \"m\" of AnalysisTemplate 'dead'",
      rollouts: ["shop/a", "shop/b"],
      why: "nobody listens there",
    },
  ]);
});
