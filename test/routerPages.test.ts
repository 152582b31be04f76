/** docs/routers/ says of each router what its row in the code says. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { admissionFindings } from "../controller/rules/admission/admissionFindings.ts";
import { DRIVEN_ROUTERS, ROUTERS } from "../providers/traffic/routers.ts";

const root = join(import.meta.dir, "..");
const page = (name: string): string => readFileSync(join(root, "docs/routers", `${name}.md`), "utf8");
/** As one line, so that it does not matter where it is broken. */
const flat = (text: string): string => text.replaceAll(/\s+/g, " ");

/** The Rollouts in a page's blocks of YAML. */
function rolloutsIn(text: string): readonly object[] {
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => {
    const parsed: unknown = Bun.YAML.parse(block);
    const documents = (Array.isArray(parsed) ? parsed : [parsed]) as readonly { readonly kind?: string }[];
    return documents.filter(({ kind }) => kind === "Rollout");
  });
}

const sections = [
  "What has to be there",
  "A minimal manifest",
  "What Sluice writes",
  "Verification",
  "Limits",
  "When it cannot be written",
  "How it is let go",
  "Rights",
];

describe("the pages of routers", () => {
  test.each(DRIVEN_ROUTERS.map((router) => [router.kind, router] as const))(
    "the page of %s has all its parts, its flags and its rights",
    (kind, { settings, uses }) => {
      const text = page(kind);
      expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(sections);
      for (const { flag } of settings) expect(text).toContain(`--${flag}`);
      for (const { group, plural, verbs } of uses)
        expect(flat(text)).toContain(`\`${plural}.${group}\` ${verbs.join(", ")};`);
      for (const [, path = ""] of text.matchAll(/\]\(([\w./-]+\.yaml)\)/g))
        expect([path, existsSync(join(root, "docs/routers", path))]).toEqual([path, true]);
    },
  );

  test.each(DRIVEN_ROUTERS.map(({ kind }) => kind))("the manifest in the page of %s is right", (kind) => {
    const rollouts = rolloutsIn(page(kind));
    expect(rollouts).toHaveLength(1);
    for (const rollout of rollouts) {
      expect(admissionFindings(rollout, "Rollout", { strict: true })).toEqual({ refuse: [], warn: [] });
      expect(rollout).toHaveProperty(`spec.strategy.canary.trafficRouting.${kind}`);
    }
  });

  test.each(DRIVEN_ROUTERS.map(({ kind }) => kind))(
    "the errors that the page of %s quotes are those of the code",
    (kind) => {
      const folder = join(root, "providers/traffic");
      const code = [...new Bun.Glob("*.ts").scanSync(folder)]
        .map((file) => readFileSync(join(folder, file), "utf8"))
        .join("\n");
      const [, table = ""] = /^## When it cannot be written\n([\s\S]*?)^## /m.exec(page(kind)) ?? [];
      const quoted = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, text = ""]) => text);
      expect(quoted.length).toBeGreaterThan(0);
      const parts = quoted.flatMap((text) => text.split("…").map((part) => part.trim()));
      expect(parts.filter((part) => !code.includes(part))).toEqual([]);
    },
  );

  test("the page of all routers says which of them can have header routes, copy requests and keep sessions", () => {
    const points = flat(page("README")).split(" - **");
    const about = (word: string): string => points.find((point) => point.includes(`(\`${word}\`)`)) ?? "";
    for (const { title, abilities } of DRIVEN_ROUTERS) {
      if (abilities.headerRoutes !== undefined) expect(about("setHeaderRoute")).toContain(title);
      if (abilities.mirrorRoutes === true) expect(about("setMirrorRoute")).toContain(title);
      if (abilities.sessionAffinity !== undefined) expect(about("sessionAffinity")).toContain(title);
    }
  });

  test("the other routers stand on the page of those that are held, and only there", () => {
    const others = page("others").split("\n\n").at(1) ?? "";
    for (const { kind, title, route } of ROUTERS) {
      expect([title, others.includes(title)]).toEqual([title, route === undefined]);
      expect([kind, existsSync(join(root, "docs/routers", `${kind}.md`))]).toEqual([kind, route !== undefined]);
      if (route !== undefined) expect(page("README")).toContain(`[${title}](${kind}.md)`);
    }
  });
});
